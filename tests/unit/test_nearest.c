// SPDX-License-Identifier: GPL-2.0-only
#include "util/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *nearest_of(const char *text, const char *const *names, char *list)
{
	struct nearest nearest = { .text = text };

	for (; *names; names++)
		nearest_take(&nearest, *names, 0, 0);
	return nearest_list(list, &nearest);
}

static void lists(void **state)
{
	static const struct {
		const char *text;
		const char *const names[6];
		const char *expected;
	} table[] = {
		{ "abc", { NULL }, "" },
		{ "abc", { "xyz", NULL }, "xyz" },
		{ "abc", { "xyz", "abd", "ab", "abc", NULL }, "abc, abd or ab" },
		{ "XDP",
		  { "tcp", "xdp", "XDP_DROP", NULL },
		  "xdp, XDP_DROP or tcp" },			  /* case-insensitive */
		{ "xy", { "xyabc", "ab", NULL }, "ab or xyabc" }, /* too short to be a part */
		{ "a", { "b", "b", "c", "b", NULL }, "b or c" },  /* each once */
		{ "", { "aa", "a", NULL }, "a or aa" },
	};
	char list[NEAREST_LIST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_string_equal(nearest_of(table[i].text, table[i].names, list),
				    table[i].expected);
}

/* Mistakes that people make when they type, and words that are not related. */
static void close_names(void **state)
{
	static const struct {
		const char *text, *name;
		bool close;
	} table[] = {
		{ "interfcae", "interface", true },
		{ "stakc", "stack", true },
		{ "tpc", "tcp", true }, /* a swap is one mistake */
		{ "tcq", "tcp", true },
		{ "udp", "tcp", false },
		{ "CSUM", "tcp_csum", true }, /* a part */
		{ "json", "table", false },
		{ "ab", "b", false },
		{ "a", "b", false },
		{ "", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct nearest nearest = { .text = table[i].text };

		assert_false(nearest_is_close(&nearest));
		nearest_take(&nearest, table[i].name, 0, 0);
		if (nearest_is_close(&nearest) != table[i].close)
			fail_msg("%s, %s", table[i].text, table[i].name);
	}
}

/* Three names of the greatest length fit; longer ones are cut. */
static void long_names(void **state)
{
	char text[400], first[400], second[400], list[NEAREST_LIST_SIZE];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memset(first, 'b', sizeof(first) - 1);
	memset(second, 'c', sizeof(second) - 1);
	text[399] = first[399] = second[399] = '\0';
	nearest_of(text, (const char *const[]){ first, second, text, NULL }, list);
	assert_int_equal(strlen(list), 3 * NEAREST_MAX_NAME + strlen(", ") + strlen(" or "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(close_names),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
