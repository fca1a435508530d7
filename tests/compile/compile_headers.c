// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generate the program for the flags given and compile it against the types that they name, for
 * whatever kernel these are: no more. Prints how large the program is, a sum of it, and how
 * long it took. With
 * --cache-dir it is built as bytetrace does, with what earlier runs kept.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <linux/bpf.h>

#include "cli/options.h"
#include "kernel/types.h"
#include "compile/compile.h"
#include "compile/cache.h"
#include "generate/generate.h"
#include "bpf/image.h"
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

/* Visit an instruction and all that follow it. False: some way leads back to where it came by. */
static bool visit(const struct bpf_insn *code, size_t count, size_t at, char *state)
{
	const struct bpf_insn *insn = &code[at];
	bool straight = true;
	unsigned char kind;
	bool jump;

	if (at >= count || state[at] == 'o')
		return false;
	if (state[at] == 'd')
		return true;
	kind = BPF_OP(insn->code);
	jump = BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32;
	state[at] = 'o'; /* on the way */
	if (jump && kind != BPF_CALL && kind != BPF_EXIT)
		straight = visit(code, count, at + 1 + (size_t)insn->off, state);
	if (straight && !(jump && (kind == BPF_EXIT || kind == BPF_JA)))
		/* A constant of 64 bits takes two places. */
		straight = visit(code, count,
				 at + (insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1), state);
	state[at] = 'd'; /* done */
	return straight;
}

/* Whether kernels before 5.2 could take it: 4096 instructions, and no loops. */
static bool is_straight(const struct image *image)
{
	char *state = calloc(image->instruction_count + 1, 1);
	bool straight = state && image->instruction_count <= 4096;

	for (size_t i = 0; i < image->function_count && straight; i++)
		straight = visit(image->instructions + image->functions[i].first,
				 image->functions[i].count, 0, state);
	free(state);
	return straight;
}

int main(int argc, char **argv)
{
	/* As on Linux 6.12; with OLD_KERNEL in the environment, as on one before 5.3. */
	const char *const macros[] = { "-DKFREE_SKB_REASON",
				       "-DKFREE_SKB_RX_SK",
				       "-DKFREE_SKB_RX_SK_OFFSET=24",
				       "-DKFREE_SKB_CONSUMED=1",
				       "-DKFREE_SKB_SKBADDR_OFFSET=8",
				       "-DKFREE_SKB_LOCATION_OFFSET=16",
				       "-DKFREE_SKB_REASON_OFFSET=36",
				       getenv("OLD_KERNEL") ? NULL : "-DBPF_HAS_LOOPS",
				       "-DEVENTS_RINGS=4",
				       "-DEVENTS_WAKE=262144",
				       "-DBPF_HAS_JIFFIES",
				       NULL };
	struct types types = TYPES_CLOSED;
	struct cache cache = CACHE_CLOSED;
	struct program program = { 0 };
	struct image image = { 0 };
	struct timespec start, end;
	struct generate_facts facts = { .not_specified = NOT_SPECIFIED };
	struct options options;
	struct error err;
	int result = options_parse(&options, argc, argv, &err);
	const struct types_request request = { .only = options.types.only,
					       .headers = options.types.headers,
					       .btf = options.types.btf,
					       .any_release = true,
					       .force = options.types.force };

	facts.attach = options.attach ? options.attach : ATTACH_RAW_TRACEPOINT;
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!result)
		result = types_open(&types, &request, &err);
	if (!result && options.compile.cache_dir)
		result = cache_open(&cache, options.compile.cache_dir, &err);
	if (!result)
		result = generate_program(&program, &options.generate, NULL, &facts, &err);
	if (!result)
		result = generate_finish(&program, &options.generate, NULL, NULL, &err);
	if (!result)
		result = compile_program(&image, &program.source, macros, &types, &cache, NULL,
					 &err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (!result && getenv("OLD_KERNEL") && !is_straight(&image))
		result = error_set(&err, STATUS_COMPILE, EINVAL,
				   "%zu instructions with loops, or too many of them",
				   image.instruction_count);
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
