// SPDX-License-Identifier: GPL-2.0-only
#include "util/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "util/error.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool valid;
		uint64_t number;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "255", 255, true, 255 },
		{ "256", 255, false, 0 },
		{ "007", 255, true, 7 },
		{ "0x88cc", 0xffff, true, 0x88cc },
		{ "0XFF", 0xff, true, 0xff },
		{ "0x10000", 0xffff, false, 0 },
		{ "9", 5, false, 0 },
		{ "f", 255, false, 0 },
		{ "0x", 255, false, 0 },
		{ "0xg", 255, false, 0 },
		{ "", 255, false, 0 },
		{ "-1", 255, false, 0 },
		{ "+1", 255, false, 0 },
		{ " 1", 255, false, 0 },
		{ "1 ", 255, false, 0 },
		{ "1.5", 255, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t number = 0;
		bool valid =
			text_number(cases[i].text, strlen(cases[i].text), cases[i].max, &number);

		if (valid != cases[i].valid || number != cases[i].number)
			fail_msg("\"%s\"", cases[i].text);
	}
}

/* Only `length` bytes count, whatever stands behind them. */
static void number_within_text(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(text_number("80,443", 2, 65535, &number));
	assert_int_equal(number, 80);
}

static void escapes(void **state)
{
	static const struct {
		const char *from, *also, *to;
	} cases[] = {
		{ "eth0", "|", "eth0" },
		{ "a|b", "|", "a\\x7cb" },
		{ "a|b", "", "a|b" },
		{ "\033[31m", "", "\\x1b[31m" },
		{ "new\nline", "", "new\\x0aline" },
		{ "back\\slash", "", "back\\x5cslash" },
		{ "\xc3\xa9", "", "\\xc3\\xa9" },
		{ "\x7f", "", "\\x7f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char to[64];
		bool complete;

		text_escape(to, sizeof(to), cases[i].from, strlen(cases[i].from), cases[i].also,
			    &complete);
		assert_string_equal(to, cases[i].to);
		assert_true(complete);
	}
}

static void escape_never_overflows(void **state)
{
	(void)state;
	for (size_t size = 1; size < 16; size++) {
		char to[16];
		bool complete;
		size_t length = text_escape(to, size, "a\nb\nc", 5, "", &complete);

		assert_true(length < size);
		assert_int_equal(strlen(to), length);
		assert_int_equal(complete, size > 11);
	}
}

static void json_strings(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "eth0", "eth0" },
		{ "a\"b\\c", "a\\\"b\\\\c" },
		{ "a\nb\x1f\x7f", "a\\u000ab\\u001f\\u007f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xff", "\\\\xff" },			     /* no UTF-8 at all */
		{ "\xc3", "\\\\xc3" },			     /* cut short */
		{ "\xc0\xaf", "\\\\xc0\\\\xaf" },	     /* longer than it need be */
		{ "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" }, /* half of a surrogate pair */
		{ "\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" }, /* beyond U+10FFFF */
		{ "\xe2\x82x", "\\\\xe2\\\\x82x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char to[128];

		text_escape_json(to, sizeof(to), cases[i].from, strlen(cases[i].from));
		assert_string_equal(to, cases[i].to);
	}
	/* Each character of ASCII, whatever is next to it. */
	for (unsigned char c = 0; c < 0x80; c++) {
		const char from[] = { 'a', (char)c, '~' };
		char to[32], expected[32];

		if (c == '"' || c == '\\')
			snprintf(expected, sizeof(expected), "a\\%c~", c);
		else
			snprintf(expected, sizeof(expected),
				 c < 0x20 || c == 0x7f ? "a\\u%04x~" : "a%c~", c);
		text_escape_json(to, sizeof(to), from, sizeof(from));
		assert_string_equal(to, expected);
	}
	for (size_t size = 1; size < 20; size++) {
		char to[20];

		memset(to, 'x', sizeof(to));
		text_escape_json(to, size, "\n\xc3\xa9\xff", 4);
		assert_true(strlen(to) < size);
	}
}

static void quotes(void **state)
{
	char quoted[ERROR_QUOTE_SIZE];
	char longest[1000];

	(void)state;
	assert_string_equal(error_quote(quoted, "eth0"), "\"eth0\"");
	assert_string_equal(error_quote(quoted, "\"\n"), "\"\\x22\\x0a\"");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	error_quote(quoted, longest);
	assert_true(strlen(quoted) < ERROR_QUOTE_SIZE);
	assert_string_equal(quoted + strlen(quoted) - 5, "x...\"");
}

static void error_is_set(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_set(&err, STATUS_LOAD, ENOENT, "no %s", "map"), -ENOENT);
	assert_int_equal(err.status, STATUS_LOAD);
	assert_string_equal(err.text, "no map");
}

static void printable(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "plain \"text\" \\ %s", "plain \"text\" \\ %s" },
		{ "\033[31m\n\t\r\x7f", "\\x1b[31m\\x0a\\x09\\x0d\\x7f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xff\xc3\xe2\x82", "\\xff\\xc3\\xe2\\x82" },
		{ "\xc2\x9b"
		  "31m \xc2\xa0",
		  "\\xc2\\x9b"
		  "31m \xc2\xa0" }, /* C1's CSI; a blank */
		{ "\\x1b", "\\x1b" },
	};
	char text[64], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t length = text_printable(text, sizeof(text), cases[i].from,
					       strlen(cases[i].from), "");

		assert_string_equal(text, cases[i].to);
		assert_int_equal(length, strlen(text));
	}
	text_printable(text, sizeof(text), "a\n\tb", 4, "\n");
	assert_string_equal(text, "a\n\\x09b");
	text_printable(text, sizeof(text), "a\0b", 3, "\n");
	assert_string_equal(text, "a\\x00b");
	/* Nothing is cut in its middle. */
	for (size_t size = 1; size <= sizeof(small); size++) {
		memset(small, '#', sizeof(small));
		text_printable(small, size, "\xe2\x82\xac\033\033", 5, "");
		assert_string_equal(small, size < 4   ? ""
					   : size < 8 ? "\xe2\x82\xac"
						      : "\xe2\x82\xac\\x1b");
	}
}

/* No argument can end the line, or begin another message. */
static void error_arguments(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_set(&err, STATUS_USAGE, EINVAL, "%s:%u: %.*s\n  %*s^ %zu%%",
				   "a\033\n.c", 7u, 4, "b\nbbbb", 3, "", (size_t)8),
			 -EINVAL);
	assert_string_equal(err.text, "a\\x1b\\x0a.c:7: b\\x0abb\n     ^ 8%");
	error_set(&err, STATUS_USAGE, EINVAL, "%d %5d|%05d|%x|%lu|%lld|%ju|%c|%6.3s|", -1, -42, 42,
		  0xfeed, 1ul << 40, -(1ll << 40), UINTMAX_MAX, '\033', "abcdef");
	assert_string_equal(err.text, "-1   -42|00042|feed|1099511627776|-1099511627776|"
				      "18446744073709551615|\\x1b|   abc|");
	error_set(&err, STATUS_USAGE, EINVAL, "again: %s", err.text);
	assert_int_equal(strncmp(err.text, "again: -1   -42", 15), 0);
	error_set(&err, STATUS_USAGE, EINVAL, "log:\n");
	error_add_lines(&err, "first\n\tsecond\033");
	assert_string_equal(err.text, "log:\nfirst\n\tsecond\\x1b");
}

static void error_of_the_file_limit(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, STATUS_ENVIRONMENT, EMFILE, "cannot: %s", strerror(EMFILE));
	assert_non_null(strstr(err.text, "cannot: Too many open files; the limit is "));
	assert_non_null(strstr(err.text, " open files (ulimit -n)"));
}

/* Longer than the text of an error. */
static void error_is_cut(void **state)
{
	static char name[3 * sizeof(((struct error *)NULL)->text)];
	struct error err;

	(void)state;
	memset(name, '\033', sizeof(name) - 1);
	error_set(&err, STATUS_USAGE, EINVAL, "%s: %s", name, "end");
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_int_equal(strncmp(err.text, "\\x1b\\x1b", 8), 0);
	error_add_lines(&err, name);
	assert_true(strlen(err.text) < sizeof(err.text));
}

static void durations(void **state)
{
	static const char *const refused[] = {
		"",	     ".",	"0",
		"0.0",	     "0.0009",	"1.",
		"1..2",	     "1.2.",	"-1",
		" 1",	     "1 ",	"1e3",
		"m",	     ".m",	"0m",
		"1mm",	     "1.m",	"1ms",
		"1d",	     "1M",	"s",
		"1 s",	     "0x10",	"1000000001",
		"16666667m", "277778h", "18446744073709551616",
	};
	static const struct {
		const char *text;
		uint64_t milliseconds;
	} taken[] = { { "1", 1000 },
		      { "0.25", 250 },
		      { ".5", 500 },
		      { "1.0019", 1001 },
		      { "007.1", 7100 },
		      { "1000000000", 1000000000000 },
		      { "1s", 1000 },
		      { ".5s", 500 },
		      { "1m", 60000 },
		      { "1.5m", 90000 },
		      { "2h", 7200000 },
		      { "0.0001h", 360 },
		      { "16666666m", 999999960000 },
		      { "0.0000000019", 0 } };
	uint64_t milliseconds;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_false(text_duration(refused[i], &milliseconds));
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		assert_true(text_duration(taken[i].text, &milliseconds) ==
			    (taken[i].milliseconds > 0));
		assert_int_equal(milliseconds, taken[i].milliseconds);
	}
}

static void word_lists(void **state)
{
	static const char *const words[] = { "a", "bc", "d" };
	char list[32];

	(void)state;
	assert_string_equal(text_list(list, sizeof(list), "--", words, 0), "");
	assert_string_equal(text_list(list, sizeof(list), "--", words, 1), "--a");
	assert_string_equal(text_list(list, sizeof(list), "", words, 2), "a or bc");
	assert_string_equal(text_list(list, sizeof(list), "--", words, 3), "--a, --bc or --d");
	assert_string_equal(text_list(list, 8, "--", words, 3), "--a, --");
	assert_string_equal(text_list(list, 1, "", words, 3), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),	   cmocka_unit_test(word_lists),
		cmocka_unit_test(numbers),	   cmocka_unit_test(number_within_text),
		cmocka_unit_test(escapes),	   cmocka_unit_test(escape_never_overflows),
		cmocka_unit_test(json_strings),	   cmocka_unit_test(quotes),
		cmocka_unit_test(error_is_set),	   cmocka_unit_test(printable),
		cmocka_unit_test(error_arguments), cmocka_unit_test(error_of_the_file_limit),
		cmocka_unit_test(error_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
