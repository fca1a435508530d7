// SPDX-License-Identifier: GPL-2.0-only
/*
 * bytetrace: the stages of a run, in their order. The only place that prints a failure and that
 * ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/print.h"
#include "kernel/facts.h"
#include "kernel/privileges.h"
#include "kernel/symbols.h"
#include "output/output.h"
#include "program/load.h"
#include "program/probes.h"
#include "program/programs.h"
#include "program/reload.h"
#include "stream/session.h"
#include "util/error.h"

#define RATE_OF_OWN_PROGRAMS 10000 /* drops shown a second, unless --rate says otherwise */

/* Not an error: it may appear later, or live in another network namespace. */
static void warn_of_interfaces(const struct filter_set *interfaces)
{
	char quoted[ERROR_QUOTE_SIZE];

	for (size_t i = 0; i < interfaces->item_count; i++) {
		const char *name = interfaces->items[i].text;

		if (!name[strcspn(name, "*?")] && if_nametoindex(name) == 0)
			fprintf(stderr,
				"bytetrace: warning: there is no interface %s here now; it is "
				"matched in other network namespaces and when it appears\n",
				error_quote(quoted, name));
	}
}

/* A program by hand may be at a place that the kernel comes through a million times a second. */
static uint64_t max_rate(const struct options *options)
{
	if (options->rate != RATE_DEFAULT)
		return options->rate;
	return options->source_file || options->templates_dir || options->probes.count
		       ? RATE_OF_OWN_PROGRAMS
		       : 0;
}

/*
 * Whether the program is sure to be written for this kernel's types, and the probe for a skb that
 * has one.
 */
static bool may_read_directly(const struct options *options)
{
	return !options->btf_file && !options->force && !options->templates_dir &&
	       !options->source_file && options->probes.count == 0;
}

/* Load, attach, show drops until told to stop, and say what was seen. */
static int trace(const struct options *options, struct programs *programs,
		 const struct kernel_facts *facts, struct error *err)
{
	const struct output_config config = {
		.file = stdout,
		.verbosity = options->verbosity,
		.inner = options->inner,
		.stack = options->stack,
		.hints = options->hints,
		.numeric = options->numeric,
		.numeric_protocol = options->filter.numeric_protocol,
		.color = print_in_color(options->color),
		.layouts = &programs->layouts,
		.reasons = facts->reasons,
		.symbols = facts->symbols,
	};
	struct session_config session = {
		.output = options->output == OUTPUT_JSON ? &output_json : &output_table,
		.output_config = &config,
		.count = options->count,
		.rate = max_rate(options),
		.duration_ms = options->duration_ms,
		.buffer = options->buffer,
		.summary = options->summary,
		.interval_ms = options->interval_ms,
		.layouts = &programs->layouts,
	};
	struct session_totals totals;
	struct loaded loaded = { .replaceable = options->watch };
	int result = 0;

	for (size_t i = 0; i < programs->count && !result; i++)
		result = programs_load(&loaded, &programs->list[i].image, options, i, false, facts,
				       err);
	if (!result && options->watch)
		result = programs_watch(&session.reload, programs, err);
	if (!result && session.summary)
		result = session_count(&session, &loaded, facts->types.description, &totals, err);
	else if (!result)
		result = session_run(&session, &loaded, facts->types.description, &totals, err);
	reload_free(session.reload);
	load_close(&loaded);
	if (!result)
		fprintf(stderr, "bytetrace: %llu shown, %llu lost, %llu suppressed\n",
			(unsigned long long)totals.shown, (unsigned long long)totals.lost,
			(unsigned long long)totals.suppressed);
	return result;
}

static bool prints_listing(enum action action)
{
	return action == ACTION_PRINT_REWRITTEN || action == ACTION_PRINT_ASM ||
	       action == ACTION_PRINT_CFLAGS;
}

/* From the options to the end of the run. */
static int make_and_trace(const struct options *options, const struct kernel_facts *facts,
			  struct error *err)
{
	struct programs programs = { .list = NULL };
	int result;

	if (prints_listing(options->action))
		return print_listing(options, facts, err);
	result = programs_build(&programs, options, facts, err);
	if (!result) {
		if (options->action == ACTION_PRINT_FILTER)
			result = print_filter(options, &programs.list[0].image, facts, err);
		else if (options->action == ACTION_CHECK)
			result = print_check(options, &programs, facts, err);
		else
			result = trace(options, &programs, facts, err);
	}
	programs_free(&programs);
	return result;
}

static int run(struct options *options, struct kernel_facts *facts, struct error *err)
{
	int result = privileges_check(err);

	if (!result)
		result = attach_choose(&facts->attach, may_read_directly(options), err);
	if (!result)
		result = facts_open_types(facts, options, err);
	if (!result)
		result = facts_read_tracepoint(facts, options, err);
	if (!result)
		result = facts_resolve_names(&options->filter, facts, err);
	if (!result) {
		warn_of_interfaces(&options->filter.sets[FILTER_INTERFACE]);
		result = make_and_trace(options, facts, err);
		/* What verifiers make of direct reads differs from kernel to kernel. */
		if (result && err->status == STATUS_LOAD && facts->attach == ATTACH_TP_BTF &&
		    options->attach == ATTACH_ANY) {
			facts->attach = ATTACH_RAW_TRACEPOINT;
			result = make_and_trace(options, facts, err);
		}
	}
	return result;
}

/* The actions that need to know the kernel. */
static int with_facts(struct options *options, struct error *err)
{
	struct kernel_facts facts = {
		.types = TYPES_CLOSED,
		.attach = options->attach,
		.symbols = symbols_create("/proc/kallsyms", "/proc/modules"),
	};
	int result;

	if (!facts.symbols)
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	else if (options->action == ACTION_PRINT_SOURCE)
		result = print_source(options, &facts, err);
	else if (options->action == ACTION_EXPLAIN)
		result = print_explanations(options, &facts, err);
	else
		result = run(options, &facts, err);
	facts_close(&facts);
	return result;
}

/*
 * A file that is opened where standard output was closed would take what is printed: put something
 * there on which every write fails.
 */
static void hold_standard_files(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	struct options options;
	struct error err = { .status = STATUS_OK };
	int result;

	hold_standard_files();
	result = options_parse(&options, argc, argv, &err);
	if (!result) {
		switch (options.action) {
		case ACTION_HELP:
			options_help(stdout);
			result = print_finish(&err);
			break;
		case ACTION_VERSION:
			puts("bytetrace " VERSION);
			result = print_finish(&err);
			break;
		case ACTION_LIST_PROBES:
			result = privileges_check(&err);
			if (!result)
				result = probes_list(stdout, &err);
			if (!result)
				result = print_finish(&err);
			break;
		case ACTION_PRINT_SOURCE:
		case ACTION_PRINT_REWRITTEN:
		case ACTION_PRINT_ASM:
		case ACTION_PRINT_CFLAGS:
		case ACTION_CHECK:
		case ACTION_PRINT_FILTER:
		case ACTION_EXPLAIN:
		case ACTION_TRACE:
			result = with_facts(&options, &err);
			break;
		}
	}
	options_free(&options);
	if (!result)
		return STATUS_OK;
	if (err.text[0])
		fprintf(stderr, "bytetrace: %s\n", err.text);
	return (int)err.status;
}
