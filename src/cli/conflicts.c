// SPDX-License-Identifier: GPL-2.0-only
#include "cli/conflicts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "filter/expression.h"
#include "util/error.h"

/* Facts about a command line, as bits of a set. */
enum {
	HEADERS = 1ull << 0,
	BTF = 1ull << 1,
	ONLY_HEADERS = 1ull << 2,
	ONLY_BTF = 1ull << 3,
	SOURCE = 1ull << 4,
	TEMPLATES = 1ull << 5,
	PROBE = 1ull << 6,
	PROBES = 1ull << 7, /* more than one */
	ATTACH = 1ull << 8,
	FILTER = 1ull << 9,
	INNER = 1ull << 10,
	COUNT = 1ull << 11,
	DURATION = 1ull << 12,
	RATE = 1ull << 13,
	BUFFER = 1ull << 14,
	INTERVAL = 1ull << 15,
	SUMMARY = 1ull << 16,
	STACK = 1ull << 17,
	VERBOSE = 1ull << 18,
	HINTS = 1ull << 19,
	OTHER_FORMAT = 1ull << 20, /* not a table */
	WATCH = 1ull << 21,
	CACHE_DIR = 1ull << 22,
	NO_CACHE = 1ull << 23,
	READS_PACKET = 1ull << 24, /* a filter or a key of --summary reads headers */
	/* The action. */
	TRACE = 1ull << 32,
	PRINT_SOURCE = 1ull << 33,
	LISTING = 1ull << 34, /* output of the compiler */
	PRINT_FILTER = 1ull << 35,
	CHECK = 1ull << 36,
	LIST_PROBES = 1ull << 37,
	EXPLAIN = 1ull << 38,
};

#define LISTINGS "--print-asm, --print-cflags or --print-source=rewritten"

/* A command line that has all of `given` and none of `missing` is refused. */
static const struct conflict {
	uint64_t given, missing;
	const char *sentence;
} conflicts[] = {
	{ HEADERS | BTF, 0, "--headers and --btf contradict: both name the kernel types" },
	{ ONLY_HEADERS | BTF, 0, "--btf contradicts --types=headers" },
	{ ONLY_BTF | HEADERS, 0, "--headers contradicts --types=btf" },
	{ SOURCE | TEMPLATES, 0, "--source and --templates contradict: both name the program" },
	{ SOURCE | PROBE, 0, "--source and --probe contradict: both name the program" },
	{ PROBE | ATTACH, 0,
	  "--attach has no effect with --probe: the probe's functions say what to attach to" },
	{ PROBES | PRINT_SOURCE, 0, "--print-source prints one program: give one --probe" },
	{ PROBES | LISTING, 0, LISTINGS " prints one program: give one --probe" },
	{ PROBES | PRINT_FILTER, 0, "--print-filter describes one program: give one --probe" },
	{ SOURCE | FILTER, 0,
	  "filters have no effect with --source: the program has filters of its own" },
	{ SOURCE | ATTACH, 0,
	  "--attach has no effect with --source: the program's functions say what to attach to" },
	{ SOURCE | INNER, 0,
	  "--inner has no effect with --source: the program reads packets itself" },
	{ SOURCE | PRINT_FILTER, 0,
	  "--print-filter cannot describe the filters of a program from --source" },
	{ LISTING | COUNT, 0, "--count has no effect with " LISTINGS ": nothing is traced" },
	{ LISTING | DURATION, 0, "--duration has no effect with " LISTINGS ": nothing is traced" },
	{ CHECK | COUNT, 0, "--count has no effect with --check: nothing is traced" },
	{ CHECK | DURATION, 0, "--duration has no effect with --check: nothing is traced" },
	{ LISTING | CACHE_DIR, 0,
	  "--cache-dir has no effect with " LISTINGS ": the program is always compiled" },
	{ INNER | SUMMARY, READS_PACKET,
	  "--inner has no effect on this --summary: neither its keys nor filters read the packet" },
	{ WATCH, SOURCE | PROBE, "--watch needs a file: --source FILE or --probe FILE" },
	{ WATCH | SUMMARY, 0,
	  "--watch and --summary contradict: only programs that show drops can be replaced" },
	{ WATCH, TRACE, "--watch has no effect: nothing is traced" },
	{ NO_CACHE | CACHE_DIR, 0, "--no-cache contradicts --cache-dir" },
	{ INTERVAL, SUMMARY, "--interval has no effect without --summary" },
	{ SUMMARY | COUNT, 0, "--count has no effect with --summary, which shows no single drops" },
	{ SUMMARY | RATE, 0, "--rate has no effect with --summary, which shows no single drops" },
	{ SUMMARY | STACK, 0, "--stack has no effect with --summary, which shows no single drops" },
	{ SUMMARY | VERBOSE, 0,
	  "--verbose has no effect with --summary, whose columns are its keys" },
	{ SUMMARY | BUFFER, 0,
	  "--buffer has no effect with --summary, which counts in the kernel" },
	{ SUMMARY | HINTS, 0, "--hints has no effect with --summary, which shows no single drops" },
	{ HINTS | OTHER_FORMAT, 0,
	  "--hints contradicts --output: hints are printed only below the rows of a table" },
	{ LIST_PROBES | FILTER, 0, "filters have no effect with --list-probes: nothing is traced" },
	{ LIST_PROBES | PROBE, 0, "--probe has no effect with --list-probes" },
	{ EXPLAIN | FILTER, 0, "filters have no effect with --explain: nothing is traced" },
};

static uint64_t bit(bool given, uint64_t set)
{
	return given ? set : 0;
}

static uint64_t bits_of_action(enum action action)
{
	switch (action) {
	case ACTION_TRACE:
		return TRACE;
	case ACTION_PRINT_SOURCE:
		return PRINT_SOURCE;
	case ACTION_PRINT_REWRITTEN:
	case ACTION_PRINT_ASM:
	case ACTION_PRINT_CFLAGS:
		return LISTING;
	case ACTION_PRINT_FILTER:
		return PRINT_FILTER;
	case ACTION_CHECK:
		return CHECK;
	case ACTION_LIST_PROBES:
		return LIST_PROBES;
	case ACTION_EXPLAIN:
		return EXPLAIN;
	case ACTION_HELP:
	case ACTION_VERSION:
		break;
	}
	return 0;
}

static uint64_t bits_of(const struct options *options, bool expression)
{
	const struct generate_config *generate = &options->generate;
	const unsigned int keys = generate->keys.set;
	const unsigned int not_of_packet = BIT_REASON | BIT_LOCATION | BIT_IFACE | BIT_SOCKET |
					   BIT_UID | BIT_PROGRAM | BIT_OWN;

	return bits_of_action(options->action) | bit(options->types.headers, HEADERS) |
	       bit(options->types.btf, BTF) |
	       bit(options->types.only == TYPES_HEADERS, ONLY_HEADERS) |
	       bit(options->types.only == TYPES_BTF, ONLY_BTF) |
	       bit(generate->source_file, SOURCE) | bit(generate->templates_dir, TEMPLATES) |
	       bit(generate->probes.count > 0, PROBE) | bit(generate->probes.count > 1, PROBES) |
	       bit(options->attach != ATTACH_ANY, ATTACH) |
	       bit(filter_given(&generate->filter) || expression, FILTER) |
	       bit(generate->inner, INNER) | bit(options->limits.count, COUNT) |
	       bit(options->limits.duration_ms, DURATION) |
	       bit(options->limits.rate != RATE_DEFAULT, RATE) |
	       bit(options->limits.buffer, BUFFER) | bit(options->limits.interval_ms, INTERVAL) |
	       bit(keys, SUMMARY) |
	       bit(expression || keys & ~not_of_packet || filter_reads_packet(&generate->filter),
		   READS_PACKET) |
	       bit(options->output.stack, STACK) | bit(options->output.verbosity, VERBOSE) |
	       bit(options->output.hints, HINTS) |
	       bit(options->output.format != &output_table, OTHER_FORMAT) |
	       bit(options->watch, WATCH) | bit(options->compile.cache_dir, CACHE_DIR) |
	       bit(options->compile.no_cache, NO_CACHE);
}

int conflicts_check(const struct options *options, bool expression, struct error *err)
{
	const uint64_t bits = bits_of(options, expression);

	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++)
		if ((bits & conflicts[i].given) == conflicts[i].given &&
		    !(bits & conflicts[i].missing))
			return error_set(err, STATUS_USAGE, EINVAL, "%s", conflicts[i].sentence);
	return filter_check(&options->generate.filter, err);
}

int conflicts_check_expression(const struct options *options, struct error *err)
{
	const struct filter_set *protocols = &options->generate.filter.sets[FILTER_PROTO];
	const char *text = expression_text(options->generate.expression);
	struct expression *both = NULL;
	char first[ERROR_QUOTE_SIZE], second[ERROR_QUOTE_SIZE];
	struct error refusal;
	char *whole = NULL;
	size_t size;
	FILE *out;
	int result;

	if (!protocols->given || protocols->negated || !*text)
		return 0;
	out = open_memstream(&whole, &size);
	if (!out)
		return error_nomem(err);
	fprintf(out, "(%s) and (", text);
	filter_write_protocols(&options->generate.filter, out);
	fputs(")", out);
	if (fclose(out)) {
		free(whole);
		return error_nomem(err);
	}
	result = expression_compile(&both, whole, &refusal);
	free(whole);
	expression_free(both);
	if (!result || !strstr(refusal.text, "rejects all packets"))
		return 0;
	return error_set(err, STATUS_USAGE, EINVAL,
			 "-p %s contradicts the expression %s: no packet matches both",
			 error_quote(first, protocols->text), error_quote(second, text));
}
