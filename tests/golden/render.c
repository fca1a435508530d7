// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print the program that bytetrace generates for the flags given, with the facts of the kernel
 * fixed, so that the result is the same on every host: what tests/golden/run compares.
 */
#include <stdio.h>

#include "cli/options.h"
#include "generate/generate.h"
#include "util/error.h"

#define NOT_SPECIFIED 2 /* as in Linux 6.4 and later */

int main(int argc, char **argv)
{
	struct options options;
	struct program program;
	struct error err;
	struct generate_facts facts = { .not_specified = NOT_SPECIFIED };
	int result = options_parse(&options, argc, argv, &err);

	facts.attach = options.attach ? options.attach : ATTACH_RAW_TRACEPOINT;
	if (!result)
		result = generate_program(
			&program, &options.generate,
			options.generate.probes.count ? options.generate.probes.list[0] : NULL,
			&facts, &err);
	if (result) {
		fprintf(stderr, "render: %s\n", err.text);
	} else {
		fwrite(program.source.text, 1, program.source.length, stdout);
		generate_free(&program);
	}
	options_free(&options);
	return result != 0;
}
