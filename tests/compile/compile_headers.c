// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generate the program for the flags given and compile it against the types that they name, for
 * whatever kernel these are: no more. Prints how large the program is, a sum of it, and how
 * long it took. With
 * --cache-dir it is built as bytetrace does, with what earlier runs kept.
 */
#include <stdio.h>
#include <time.h>
#include <linux/bpf.h>

#include "cli/options.h"
#include "kernel/types.h"
#include "program/build.h"
#include "program/cache.h"
#include "program/generate.h"
#include "program/image.h"
#include "util/error.h"

#define NOT_SPECIFIED 2

/* Tells programs apart whose offsets differ. */
static unsigned int sum(const struct image *image)
{
	const unsigned char *bytes = (const unsigned char *)image->instructions;
	unsigned int value = 0;

	for (size_t i = 0; i < image->instruction_count * sizeof(*image->instructions); i++)
		value = value * 31 + bytes[i];
	return value;
}

int main(int argc, char **argv)
{
	/* As on Linux 6.12. */
	static const char *const macros[] = { "-DKFREE_SKB_REASON",
					      "-DKFREE_SKB_RX_SK",
					      "-DKFREE_SKB_CONSUMED=1",
					      "-DKFREE_SKB_SKBADDR_OFFSET=8",
					      "-DKFREE_SKB_LOCATION_OFFSET=16",
					      "-DKFREE_SKB_REASON_OFFSET=36",
					      NULL };
	struct types types = TYPES_CLOSED;
	struct cache cache = CACHE_CLOSED;
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
	if (!result && options.cache_dir)
		result = cache_open(&cache, options.cache_dir, &err);
	if (!result)
		result = generate_program(&program, &options,
					  options.attach ? options.attach : ATTACH_RAW_TRACEPOINT,
					  NOT_SPECIFIED, &err);
	if (!result)
		result = build_program(&image, &program.source, macros, &types, &cache, &err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (result)
		fprintf(stderr, "compile-headers: %s\n", err.text);
	else
		printf("%zu instructions (%08x), %.2f s\n", image.instruction_count, sum(&image),
		       (double)(end.tv_sec - start.tv_sec) +
			       (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	image_free(&image);
	generate_free(&program);
	cache_close(&cache);
	types_close(&types);
	options_free(&options);
	return result != 0;
}
