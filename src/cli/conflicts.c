// SPDX-License-Identifier: GPL-2.0-only
#include "cli/conflicts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "filter/expression.h"
#include "record/keys.h"
#include "util/error.h"

int conflicts_check(const struct options *options, bool expression, struct error *err)
{
	const char *conflict = NULL;
	bool filtered = filter_given(&options->generate.filter) || expression;

	if (options->types.headers && options->types.btf)
		conflict = "--headers and --btf both name the types";
	else if (options->types.only == TYPES_HEADERS && options->types.btf)
		conflict = "--btf contradicts --types=headers";
	else if (options->types.only == TYPES_BTF && options->types.headers)
		conflict = "--headers contradicts --types=btf";
	else if (options->generate.source_file && options->generate.templates_dir)
		conflict = "--source and --templates both name the program";
	else if (options->generate.source_file && options->generate.probes.count)
		conflict = "--source and --probe both name the program";
	else if (options->generate.probes.count && options->attach != ATTACH_ANY)
		conflict = "--probe says what to attach to: --attach would have no effect";
	else if (options->generate.probes.count > 1 && options->action == ACTION_PRINT_SOURCE)
		conflict = "--print-source prints one program: of more than one --probe there are "
			   "as many";
	else if (options->generate.probes.count > 1 &&
		 (options->action == ACTION_PRINT_REWRITTEN ||
		  options->action == ACTION_PRINT_ASM || options->action == ACTION_PRINT_CFLAGS))
		conflict = "--print-asm, --print-cflags and --print-source=rewritten print one "
			   "program: of more than one --probe there are as many";
	else if (options->generate.probes.count > 1 && options->action == ACTION_PRINT_FILTER)
		conflict = "--print-filter tells about one program: of more than one --probe there "
			   "are as many";
	else if (options->generate.source_file && filtered)
		conflict = "--source brings its own filters: others would have no effect";
	else if (options->generate.source_file && options->attach != ATTACH_ANY)
		conflict = "--source says by its functions' names what to attach to: --attach "
			   "would have no effect";
	else if (options->generate.source_file && options->generate.inner)
		conflict = "--source brings its own way to read packets: --inner would have no "
			   "effect";
	else if (options->generate.source_file && options->action == ACTION_PRINT_FILTER)
		conflict = "--source brings its own filters, which --print-filter knows nothing "
			   "of";
	else if (options->action >= ACTION_PRINT_REWRITTEN && options->action <= ACTION_CHECK &&
		 (options->limits.count || options->limits.duration_ms))
		conflict = "what is printed and not run stops by itself: --count and --duration "
			   "would have no effect";
	else if (options->compile.cache_dir && options->action >= ACTION_PRINT_REWRITTEN &&
		 options->action <= ACTION_PRINT_CFLAGS)
		conflict = "what the compiler makes is compiled anew: --cache-dir would have no "
			   "effect";
	else if (options->generate.inner && options->generate.keys.set && !expression &&
		 !(options->generate.keys.set &
		   ~(unsigned int)(BIT_REASON | BIT_LOCATION | BIT_IFACE | BIT_OWN)) &&
		 !filter_reads_packet(&options->generate.filter))
		conflict = "--inner has no effect on a --summary that does not look into packets";
	else if (options->watch && !options->generate.source_file &&
		 !options->generate.probes.count)
		conflict = "--watch needs a file: --source FILE or --probe FILE";
	else if (options->watch && options->generate.keys.set)
		conflict = "--watch swaps programs that show drops: --summary counts them";
	else if (options->watch && options->action != ACTION_TRACE)
		conflict = "--watch has no effect where nothing is traced";
	else if (options->compile.no_cache && options->compile.cache_dir)
		conflict = "--no-cache contradicts --cache-dir";
	else if (options->limits.interval_ms && !options->generate.keys.set)
		conflict = "--interval has no effect without --summary";
	else if (options->generate.keys.set && options->limits.count)
		conflict = "--summary shows no drops that --count could stop after";
	else if (options->generate.keys.set && options->limits.rate != RATE_DEFAULT)
		conflict = "--summary shows no drops that --rate could limit";
	else if (options->generate.keys.set && options->output.stack)
		conflict = "--summary shows no drops that --stack could stand below";
	else if (options->generate.keys.set && options->output.verbosity)
		conflict = "--summary shows the columns that it counts by: --verbose would have no "
			   "effect";
	else if (options->generate.keys.set && options->limits.buffer)
		conflict = "--summary counts without buffers: --buffer would have no effect";
	else if (options->generate.keys.set && options->output.hints)
		conflict = "--summary shows no drops that --hints could stand below";
	else if (options->output.hints && options->output.format != &output_table)
		conflict = "--hints stand below the rows of a table: --output contradicts them";
	else if (options->action == ACTION_LIST_PROBES &&
		 (filtered || options->generate.probes.count))
		conflict = "--list-probes traces nothing: other flags would have no effect";
	else if (options->action == ACTION_EXPLAIN && filtered)
		conflict = "--explain traces nothing: a filter flag would have no effect";
	if (conflict)
		return error_set(err, STATUS_USAGE, EINVAL, "%s", conflict);
	return filter_check(&options->generate.filter, err);
}

int conflicts_check_expression(const struct options *options, const char *text, struct error *err)
{
	const struct filter_set *protocols = &options->generate.filter.sets[FILTER_PROTO];
	struct expression *both = NULL;
	char first[ERROR_QUOTE_SIZE], second[ERROR_QUOTE_SIZE];
	struct error unused;
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
	if (fclose(out))
		return error_nomem(err);
	result = expression_compile(&both, whole, &unused);
	free(whole);
	expression_free(both);
	if (!result || !strstr(unused.text, "rejects all packets"))
		return 0;
	return error_set(err, STATUS_USAGE, EINVAL,
			 "-p %s contradicts the expression %s: no packet matches both",
			 error_quote(first, protocols->text), error_quote(second, text));
}
