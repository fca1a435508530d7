// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/reasons.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/error.h"
#include "util/file.h"

#define FIELD                                                                                      \
	"name: kfree_skb\nID: 1\nformat:\n\tfield:enum skb_drop_reason reason;\toffset:36;\n\n"
#define PRINT "print fmt: \"reason: %s\", __print_symbolic(REC->reason, "

static const struct reasons_source nowhere;

static const char *fixture(const char *path)
{
	const char *dir = getenv("FIXTURES");
	static char full[512];

	snprintf(full, sizeof(full), "%s/%s", dir ? dir : "tests/fixtures", path);
	return full;
}

static struct reasons *create(const char *format, const struct reasons_source *source)
{
	struct reasons *reasons = NULL;
	struct error err;

	assert_int_equal(reasons_create(&reasons, format, source, &err), 0);
	return reasons;
}

static void assert_name(struct reasons *reasons, uint32_t number, const char *expected)
{
	char buffer[REASON_NAME_SIZE];

	assert_string_equal(reasons_name(reasons, number, buffer), expected);
}

/* Names around which the numbers move from kernel to kernel, as that kernel's enum has them. */
static void kernels(void **state)
{
	static const struct {
		const char *release;
		bool given;
		struct {
			uint32_t number;
			const char *name;
		} names[4];
	} table[] = {
		{ "5.10", false, { { 0, NULL } } },
		{ "6.1",
		  true,
		  { { 1, "NOT_SPECIFIED" },
		    { 7, "NETFILTER_DROP" },
		    { 37, "IP_OUTNOROUTES" },
		    { 45, "QDISC_DROP" } } },
		{ "6.12",
		  true,
		  { { 2, "NOT_SPECIFIED" },
		    { 11, "NETFILTER_DROP" },
		    { 48, "IP_OUTNOROUTES" },
		    { 57, "QDISC_DROP" } } },
		{ "6.18",
		  true,
		  { { 2, "NOT_SPECIFIED" },
		    { 12, "NETFILTER_DROP" },
		    { 65, "QDISC_OVERLIMIT" },
		    { 127, "RECURSION_LIMIT" } } },
		{ "7.2",
		  true,
		  { { 2, "NOT_SPECIFIED" }, { 64, "QDISC_DROP" }, { 65, "QDISC_BURST_DROP" } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct reasons *reasons;
		char path[64], *format;
		uint32_t number;

		snprintf(path, sizeof(path), "format/%s", table[i].release);
		assert_int_equal(file_read_text(fixture(path), 1 << 16, &format), 0);
		reasons = create(format, &nowhere);
		assert_int_equal(reasons_given(reasons), table[i].given);
		for (size_t j = 0; j < 4 && table[i].names[j].name; j++) {
			assert_name(reasons, table[i].names[j].number, table[i].names[j].name);
			assert_int_equal(reasons_number(reasons, table[i].names[j].name, &number),
					 0);
			assert_int_equal(number, table[i].names[j].number);
		}
		if (!table[i].given)
			assert_int_not_equal(reasons_number(reasons, "NOT_SPECIFIED", &number), 0);
		reasons_free(reasons);
		free(format);
	}
}

static void odd_formats(void **state)
{
	static const struct {
		const char *pairs;
		uint32_t number;
		const char *expected;
	} table[] = {
		{ "{ 7, \"SEVEN\" })", 7, "SEVEN" },
		{ "{7,\"SEVEN\"},{8,\"EIGHT\"})", 8, "EIGHT" },
		{ "{ 9, \"NINE\" }, { 0x8, \"EIGHT\" })", 8, "EIGHT" },
		{ "{ 9, \"NINE\" }, { 7, \"SEVEN\" }, { 8, \"EIGHT\" })", 7, "SEVEN" },
		{ "{ 7, \"SKB_DROP_REASON_SEVEN\" })", 7, "SEVEN" },
		{ "{ 7, \"SKB_DROP_REASON_\" })", 7, "SKB_DROP_REASON_" },
		{ "{ 7, \"FIRST\" }, { 7, \"SECOND\" })", 7, "FIRST" },
		{ "{ -1, \"MINUS\" }, { 7, \"SEVEN\" })", 7, "SEVEN" },
		{ "{ -1, \"MINUS\" })", 1, "1" },
		{ "{ SKB_DROP_REASON_X, \"X\" }, { 7, \"SEVEN\" })", 7, "SEVEN" },
		{ "{ 4294967296, \"HUGE\" }, { 7, \"SEVEN\" })", 0, "0" },
		{ "{ 7, \"bad name\" })", 7, "7" },
		{ "{ 7, \"\\033[2J\" })", 7, "7" },
		{ "{ 7, \"\" })", 7, "7" },
		{ "{ 7, \"CUT", 7, "7" },
		{ "{ 7, ", 7, "7" },
		{ "{ 6, \"SIX\" }, {", 6, "SIX" },
		{ "{", 0, "0" },
		{ "{{{{{}}}}", 0, "0" },
		{ "", 0, "0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct reasons *reasons;
		char format[512];

		snprintf(format, sizeof(format), "%s%s\n", FIELD PRINT, table[i].pairs);
		reasons = create(format, &nowhere);
		assert_true(reasons_given(reasons));
		assert_name(reasons, table[i].number, table[i].expected);
		reasons_free(reasons);
	}
}

static void other_symbolic_lists(void **state)
{
	struct reasons *reasons = create(
		FIELD "print fmt: \"%s %s\", __print_symbolic(REC->protocol, { 7, \"WRONG\" }), "
		      "__print_symbolic ( REC->reason , { 7 , \"SEVEN\" } , { 8, \"EIGHT\" } ), "
		      "__print_symbolic(REC->other, { 9, \"NINE\" })\n",
		&nowhere);

	(void)state;
	assert_name(reasons, 7, "SEVEN");
	assert_name(reasons, 8, "EIGHT");
	assert_name(reasons, 9, "9");
	reasons_free(reasons);
}

static void no_format(void **state)
{
	static const char *const table[] = {
		"",
		"name: kfree_skb\n",
		"name: consume_skb\nID: 1\nformat:\n\nprint fmt: \"\"\n",
		"name: kfree_skb_more\nID: 1\nformat:\n\nprint fmt: \"\"\n",
		"<html>print fmt:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct reasons *reasons;
		struct error err;

		assert_true(reasons_create(&reasons, table[i], &nowhere, &err) < 0);
		assert_int_equal(err.status, STATUS_ENVIRONMENT);
	}
}

/* Every beginning of a real file is either refused or parsed, never read beyond its end. */
static void truncated(void **state)
{
	char *format;
	size_t length;

	(void)state;
	assert_int_equal(file_read_text(fixture("format/6.18"), 1 << 16, &format), 0);
	length = strlen(format);
	for (size_t cut = 0; cut < length; cut++) {
		char *copy = strndup(format, cut);
		struct reasons *reasons;
		struct error err;

		if (reasons_create(&reasons, copy, &nowhere, &err) == 0) {
			char buffer[REASON_NAME_SIZE];
			const char *name = reasons_name(reasons, 12, buffer);

			assert_true(!strcmp(name, "12") || !strcmp(name, "NETFILTER_DROP"));
			reasons_free(reasons);
		}
		free(copy);
	}
	free(format);
}

static void numbers(void **state)
{
	struct reasons *reasons = create(FIELD PRINT "{ 7, \"SEVEN\" })\n", &nowhere);
	uint32_t number = 0;

	(void)state;
	assert_int_equal(reasons_number(reasons, "SKB_DROP_REASON_SEVEN", &number), 0);
	assert_int_equal(number, 7);
	assert_true(reasons_number(reasons, "SEVE", &number) < 0);
	assert_true(reasons_number(reasons, "SEVENTY", &number) < 0);
	assert_true(reasons_number(reasons, "", &number) < 0);
	reasons_free(reasons);
}

static void subsystems_unknown(void **state)
{
	const struct reasons_source absent = { "/nonexistent", "/nonexistent" };
	struct reasons *reasons = create(FIELD PRINT "{ 2, \"NOT_SPECIFIED\" })\n", &absent);

	(void)state;
	assert_name(reasons, 0x40003, "subsys4:3");
	assert_name(reasons, 0xffffffff, "subsys65535:65535");
	assert_name(reasons, 2, "NOT_SPECIFIED");
	reasons_free(reasons);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels),
		cmocka_unit_test(odd_formats),
		cmocka_unit_test(other_symbolic_lists),
		cmocka_unit_test(no_format),
		cmocka_unit_test(truncated),
		cmocka_unit_test(numbers),
		cmocka_unit_test(subsystems_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
