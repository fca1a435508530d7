// SPDX-License-Identifier: GPL-2.0-only
#include "record/maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/options.h"
#include "generate/generate.h"
#include "util/error.h"

static void generate(struct program *program, char *flag)
{
	char *argv[] = { "bytetrace", flag, NULL };
	const struct generate_facts facts = { .attach = ATTACH_RAW_TRACEPOINT };
	struct options options;
	struct error err;

	assert_int_equal(options_parse(&options, flag ? 2 : 1, argv, &err), 0);
	assert_int_equal(generate_program(program, &options.generate, NULL, &facts, &err), 0);
	options_free(&options);
}

/* Whether a line BPF_...(..., name, ...) is in the text. */
static bool defines(const char *text, const char *name)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const size_t length = strcspn(line += *line == '\n', "\n");
		const char *at = line;

		while (strncmp(line, "BPF_", 4) == 0 && (at = strstr(at, name)) &&
		       at < line + length) {
			const char end = at[strlen(name)];

			if (strchr("( ", at[-1]) && (end == ',' || end == ')'))
				return true;
			at++;
		}
	}
	return false;
}

/* The maps that bytetrace reads are those of the template. */
static void defined_by_the_template(void **state)
{
	static const char *const shown[] = { MAPS_SHOWN }, *const counted[] = { MAPS_COUNTED };
	struct program program;

	(void)state;
	generate(&program, NULL);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (!defines(program.source.text, shown[i]))
			fail_msg("no map \"%s\"", shown[i]);
	assert_false(defines(program.source.text, MAP_SUMMARY));
	generate_free(&program);
	generate(&program, "--summary");
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (!defines(program.source.text, counted[i]))
			fail_msg("no map \"%s\"", counted[i]);
	/* struct hot of src/stream/summary.c. */
	assert_non_null(strstr(program.source.text, "struct summary_hot {\n"
						    "\tu64 used;\n"
						    "\tu64 count;\n"
						    "\tstruct summary_key key;\n"
						    "};\n"));
	generate_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defined_by_the_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
