// SPDX-License-Identifier: GPL-2.0-only
#include "run/trace.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/load.h"
#include "cli/options.h"
#include "kernel/nft_rules.h"
#include "kernel/owners.h"
#include "output/output.h"
#include "record/layout.h"
#include "run/facts.h"
#include "run/print.h"
#include "run/programs.h"
#include "run/reload.h"
#include "run/session.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/terminal.h"

#define RATE_OF_OWN_PROGRAMS 10000 /* default of --rate, drops per second */

/* Not an error: the interface may appear later, or be in another network namespace. */
static void warn_of_interfaces(const struct filter_set *interfaces)
{
	char quoted[ERROR_QUOTE_SIZE];

	for (size_t i = 0; i < interfaces->item_count; i++) {
		const char *name = interfaces->items[i].text;

		if (!name[strcspn(name, "*?")] && if_nametoindex(name) == 0)
			fprintf(stderr,
				"bytetrace: warning: no interface %s in this network namespace; "
				"the filter matches it in other namespaces, and here once it "
				"appears\n",
				error_quote(quoted, name));
	}
}

/* A hand-written program may be attached where the kernel passes a million times per second. */
static uint64_t max_rate(const struct options *options)
{
	if (options->limits.rate != RATE_DEFAULT)
		return options->limits.rate;
	return options->generate.source_file || options->generate.templates_dir ||
			       options->generate.probes.count
		       ? RATE_OF_OWN_PROGRAMS
		       : 0;
}

/* Whether rows show the text of firewall rules: those of the probe netfilter do. */
static bool shows_rules(const struct options *options, const struct layouts *layouts)
{
	if (options->generate.keys.set ||
	    (options->output.format != &output_json && !options->output.hints))
		return false;
	for (size_t i = 0; i < layouts->count; i++)
		if (layout_field(&layouts->list[i], "nf_rule"))
			return true;
	return false;
}

/* Load, attach, show drops until the end of the session, and print the totals. */
static int load_and_show(const struct options *options, struct programs *programs,
			 const struct kernel_facts *facts, struct error *err)
{
	struct terminal terminal = { .fd = STDOUT_FILENO };
	struct output_context output = {
		.config = &options->output,
		.file = stdout,
		.color = print_in_color(options->color),
		.terminal = isatty(STDOUT_FILENO) && !options->output.wide ? &terminal : NULL,
		.start = clock_monotonic(),
		.layouts = &programs->layouts,
		.reasons = facts->reasons,
		.symbols = facts->symbols,
	};
	struct session_config session = {
		.format = options->output.format,
		.output = &output,
		.limits = options->limits,
		.keys = &options->generate.keys,
		.layouts = &programs->layouts,
		.programs = &options->generate.filter.sets[FILTER_PROGRAM],
	};
	struct session_totals totals;
	struct loaded loaded = { .replaceable = options->watch };
	int result;

	session.limits.rate = max_rate(options);
	if (options->generate.record & RECORD_SOCKET || session.keys->set & BIT_PROGRAM) {
		session.owners = owners_create("/proc");
		if (!session.owners)
			return error_nomem(err);
	}
	if (shows_rules(options, &programs->layouts) && nft_rules_create(&output.nft_rules, err))
		fprintf(stderr, "bytetrace: warning: %s\n", err->text);
	for (size_t i = 0; i < programs->count; i++) {
		result = programs_load(&loaded, &programs->list[i].image, options, i, false, facts,
				       err);
		if (result)
			goto out;
	}
	if (options->watch) {
		result = programs_watch(&session.reload, programs, err);
		if (result)
			goto out;
	}
	result = session.keys->set
			 ? session_count(&session, &loaded, facts->types.description, &totals, err)
			 : session_run(&session, &loaded, facts->types.description, &totals, err);
	if (result)
		goto out;
	fprintf(stderr, "bytetrace: %llu shown, %llu lost, %llu suppressed\n",
		(unsigned long long)totals.shown, (unsigned long long)totals.lost,
		(unsigned long long)totals.suppressed);
out:
	owners_free(session.owners);
	reload_free(session.reload);
	load_close(&loaded);
	nft_rules_free(output.nft_rules);
	return result;
}

static int build_and_trace(const struct options *options, const struct kernel_facts *facts,
			   struct error *err)
{
	struct programs programs = { .list = NULL };
	int result;

	warn_of_interfaces(&options->generate.filter.sets[FILTER_INTERFACE]);
	result = programs_build(&programs, options, facts, err);
	if (!result)
		result = load_and_show(options, &programs, facts, err);
	programs_free(&programs);
	return result;
}

int trace_run(struct options *options, struct error *err)
{
	return facts_use(options, build_and_trace, err);
}
