// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generate the program for the flags given and compile it against the types that they name, for
 * whatever kernel these are: no more. Prints how long it took and how large the program is.
 */
#include <stdio.h>
#include <time.h>

#include "cli/options.h"
#include "kernel/types.h"
#include "program/compile.h"
#include "program/generate.h"
#include "program/image.h"
#include "util/error.h"

#define NOT_SPECIFIED 2

int main(int argc, char **argv)
{
	static const char *const macros[] = { "-DKFREE_SKB_REASON", NULL };
	struct types types = TYPES_CLOSED;
	struct program program = { 0 };
	struct image image = { 0 };
	struct timespec start, end;
	struct options options;
	struct error err;
	int result = options_parse(&options, argc, argv, &err);
	const struct types_request request = { .headers = options.headers_dir,
					       .btf = options.btf_file,
					       .any_release = true };

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!result)
		result = types_open(&types, &request, &err);
	if (!result)
		result = generate_program(&program, &options, NOT_SPECIFIED, &err);
	if (!result)
		result = compile_program(&image, &program.source, macros, &types, &err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (result)
		fprintf(stderr, "compile-headers: %s\n", err.text);
	else
		printf("%zu instructions, %.2f s\n", image.instruction_count,
		       (double)(end.tv_sec - start.tv_sec) +
			       (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	image_free(&image);
	generate_free(&program);
	types_close(&types);
	options_free(&options);
	return result != 0;
}
