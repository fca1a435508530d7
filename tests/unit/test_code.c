// SPDX-License-Identifier: GPL-2.0-only
#include "generate/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void comments_and_joined_lines_become_blanks(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "a // b\nc\n", "a     \nc\n" },
		{ "a /* b\n * c */ d\n", "a              d\n" },
		{ "a /* b", "a     " },
		{ "a /*/ b */ c", "a          c" },
		{ "a / b * / c", "a / b * / c" },
		{ "// a \\\nb\nc", "        \nc" },
		{ "#define A \\\n\tb\n", "#define A   \tb\n" },
		{ "\"/* a */\" // b", "\"/* a */\"     " },
		{ "'\"' /* b */ '\"'", "'\"'         '\"'" },
		{ "\"\\\"/*\" c", "\"\\\"/*\" c" },
		{ "#error don't /* a */\n/* b */", "#error don't /* a */\n       " },
		{ "\"", "\"" },
		{ "\\", "\\" },
		{ "/", "/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *code = code_strip(cases[i][0]);

		assert_non_null(code);
		assert_string_equal(code, cases[i][1]);
		free(code);
	}
}

static void calls(void **state)
{
	static const struct {
		const char *code;
		bool calls;
	} cases[] = {
		{ "drop(ctx, skb, 0, 0);", true },
		{ "\treturn drop (ctx, skb, 0, 0);", true },
		{ "if (x) drop(", true },
		{ "drop\n(ctx)", true },
		{ "#define REPORT drop(ctx", true },
		{ "x = 1 ? drop() : 0", true },
		{ "static int drop(void *ctx, struct sk_buff *skb,", false },
		{ "int drop( void", false },
		{ "drop_last(ctx)", false },
		{ "my_drop(ctx)", false },
		{ "drop2(ctx)", false },
		{ "drop;", false },
		{ "int (*f)() = drop, b;", false },
		{ "\"drop(\" 'drop(' x", false },
		{ "x\ndrop(ctx)", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (code_line_calls(cases[i].code, "drop") != cases[i].calls)
			fail_msg("%s", cases[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_and_joined_lines_become_blanks),
		cmocka_unit_test(calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
