// SPDX-License-Identifier: GPL-2.0-only
#include "generate/in_function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <cmocka.h>

#include "filter/filter.h"
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

/* What becomes of a text: `definitions` gets what goes in front of it. */
static int take(struct source *source, const char *text, char *definitions, size_t size,
		struct error *err)
{
	const struct filter_names functions = { "function", 0, NULL, each_function, NULL };
	const struct template_file file = { "t.c", text };
	FILE *out = fmemopen(definitions, size, "w");
	int result;

	assert_non_null(out);
	assert_int_equal(source_from_file(source, &file, err), 0);
	result = in_function_take(source, &functions, out, err);
	fclose(out);
	return result;
}

static void patterns_become_ranges(void **state)
{
	static const char text[] = "/* DROP_IN_FUNCTION( */\n"
				   "int a = DROP_IN_FUNCTION(f(x, 1),\n"
				   "\t\"br_*, __br_*,nothing\");\n"
				   "int b = DROP_IN_FUNCTION(location, \"tcp_input\");\n"
				   "char *c = \"DROP_IN_FUNCTION(\";\n";
	char definitions[512] = "";
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(take(&source, text, definitions, sizeof(definitions), &err), 0);
	assert_string_equal(source.text, "/* DROP_IN_FUNCTION( */\n"
					 "int a = drop_in_function_0(f(x, 1))\n;\n"
					 "int b = drop_in_function_1(location);\n"
					 "char *c = \"DROP_IN_FUNCTION(\";\n");
	assert_int_equal(source.length, strlen(source.text));
	assert_string_equal(
		definitions,
		"#define drop_in_function_0(address) ((u64)(address) - 0x1000ull <= 0x1ffull || "
		"(u64)(address) - 0x1300ull <= 0xffull)\n"
		"#define drop_in_function_1(address) ((u64)(address) - 0x1200ull <= 0xffull)\n");
	source_free(&source);
}

static void assert_refused(const char *text, int status, const char *message)
{
	char definitions[256] = "";
	struct source source;
	struct error err;

	assert_true(take(&source, text, definitions, sizeof(definitions), &err) < 0);
	assert_int_equal(err.status, status);
	assert_string_equal(err.text, message);
	source_free(&source);
}

static void what_is_wrong_is_told(void **state)
{
	static const char *const wrong[] = {
		"\nDROP_IN_FUNCTION(location)\n",	 "\nDROP_IN_FUNCTION(\"br_*\")\n",
		"\nDROP_IN_FUNCTION(location, br_)\n",	 "\nDROP_IN_FUNCTION(location, \"\")\n",
		"\nDROP_IN_FUNCTION(location, \",\")\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_refused(wrong[i], STATUS_COMPILE,
			       "t.c:2: DROP_IN_FUNCTION takes an address, and names of functions "
			       "between double quotes");
	assert_refused("\nDROP_IN_FUNCTION;\n", STATUS_COMPILE,
		       "t.c:2: DROP_IN_FUNCTION has no arguments between brackets");
	assert_refused("\nDROP_IN_FUNCTION(location, \"br_*\"\n", STATUS_COMPILE,
		       "t.c:2: DROP_IN_FUNCTION has no arguments between brackets");
	assert_refused("\n\nDROP_IN_FUNCTION(location, \"udp_*\")\n", STATUS_ENVIRONMENT,
		       "t.c:3: DROP_IN_FUNCTION: this kernel has no function \"udp_*\": its module "
		       "may not be loaded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_become_ranges),
		cmocka_unit_test(what_is_wrong_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
