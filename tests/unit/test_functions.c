// SPDX-License-Identifier: GPL-2.0-only
#include "generate/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <cmocka.h>

#include "filter/filter.h"
#include "generate/code.h"
#include "generate/source.h"
#include "util/error.h"

/* Some functions; the first two stand next to each other. */
static int each_function(void *context,
			 int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
			 void *to, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t first, last;
	} functions[] = {
		{ "br_input", 0x1000, 0x10ff },
		{ "br_output", 0x1100, 0x11ff },
		{ "tcp_input", 0x1200, 0x12ff },
		{ "__br_other", 0x1300, 0x13ff },
	};

	(void)context;
	(void)err;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (take(to, functions[i].name, functions[i].first, functions[i].last))
			return -1;
	return 0;
}

/* Write the definitions for a text to `definitions`. */
static int define(const char *text, char *definitions, size_t size, struct error *err)
{
	const struct filter_names functions = { "function", 0, NULL, each_function, NULL };
	const struct template_file file = { "t.c", text };
	FILE *out = fmemopen(definitions, size, "w");
	struct source source;
	char *code;
	int result;

	assert_non_null(out);
	assert_int_equal(source_from_file(&source, &file, err), 0);
	code = code_strip(source.text);
	assert_non_null(code);
	result = functions_define(&source, code, &functions, out, err);
	fclose(out);
	free(code);
	source_free(&source);
	return result;
}

static void patterns_become_ranges(void **state)
{
	static const char text[] = "/* DROP_FUNCTIONS( */\n"
				   "DROP_FUNCTIONS(bridge,\n"
				   "\t\"br_*, __br_*,nothing\");\n"
				   "  DROP_FUNCTIONS(Tcp_2, \"tcp_input\") // c\n"
				   "#define X DROP_FUNCTIONS(x, \"x\")\n"
				   "DROP_FUNCTIONS(alone)\n"
				   "char *c = \"DROP_FUNCTIONS(\";\n";
	char definitions[512] = "";
	struct error err;

	(void)state;
	assert_int_equal(define(text, definitions, sizeof(definitions), &err), 0);
	assert_string_equal(definitions,
			    "#define drop_functions_bridge(address) ((u64)(address) - 0x1000ull <= "
			    "0x1ffull || (u64)(address) - 0x1300ull <= 0xffull)\n"
			    "#define drop_functions_Tcp_2(address) ((u64)(address) - 0x1200ull <= "
			    "0xffull)\n");
}

static void assert_refused(const char *text, int status, const char *message)
{
	char definitions[256] = "";
	struct error err;

	assert_true(define(text, definitions, sizeof(definitions), &err) < 0);
	assert_int_equal(err.status, status);
	assert_string_equal(err.text, message);
}

static void mistakes(void **state)
{
	static const struct {
		const char *list, *quoted;
	} lists[] = {
		{ "br_", "br_" },
		{ "", "" },
		{ "\"\"", "\\x22\\x22" },
		{ "\",\"", "\\x22,\\x22" },
		{ "\"a\" \"b\"", "\\x22a\\x22 \\x22b\\x22" },
		{ "\"", "\\x22" },
	};
	static const char *const names[] = { "", "a b", "a(b)", "\"a\"", "a-" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		char text[128], message[256];

		if (strcmp(lists[i].list, "\"") == 0)
			snprintf(text, sizeof(text), "\nDROP_FUNCTIONS(x, \"\n)");
		else
			snprintf(text, sizeof(text), "\nDROP_FUNCTIONS(x, %s)", lists[i].list);
		snprintf(message, sizeof(message),
			 "t.c:2: DROP_FUNCTIONS: \"%s\" is not a comma list of function names "
			 "between double quotes",
			 lists[i].quoted);
		assert_refused(text, STATUS_COMPILE, message);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[128], message[256], quoted[ERROR_QUOTE_SIZE];

		snprintf(text, sizeof(text), "DROP_FUNCTIONS(%s, \"br_*\")\n", names[i]);
		snprintf(message, sizeof(message),
			 "t.c:1: DROP_FUNCTIONS: %s is not a name: use letters, digits and _",
			 error_quote(quoted, names[i]));
		assert_refused(text, STATUS_COMPILE, message);
	}
	assert_refused(
		"\n\nDROP_FUNCTIONS(udp, \"udp_*\")\n", STATUS_ENVIRONMENT,
		"t.c:3: DROP_FUNCTIONS: \"udp_*\" matches no function of this kernel; is the "
		"module loaded?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_become_ranges),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
