// SPDX-License-Identifier: GPL-2.0-only
#include "run/facts.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli/options.h"
#include "kernel/memory.h"
#include "kernel/netns.h"
#include "kernel/privileges.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "kernel/tracefs.h"
#include "util/cpus.h"
#include "util/users.h"
#include "util/error.h"

void facts_close(struct kernel_facts *facts)
{
	symbols_free(facts->symbols);
	reasons_free(facts->reasons);
	types_close(&facts->types);
}

int facts_open_types(struct kernel_facts *facts, const struct options *options, struct error *err)
{
	return types_open(&facts->types, &options->types, err);
}

/* Read the tracepoint's reasons, and those of subsystems from BTF or, if open, headers. */
static int read_reasons(struct kernel_facts *facts, const char *format, const struct filter *filter,
			struct error *err)
{
	struct reasons_source source = { .btf_dir = "/sys/kernel/btf" };
	char include_dir[64];
	int result;

	if (facts->types.source_fd >= 0) {
		snprintf(include_dir, sizeof(include_dir), "/proc/self/fd/%d/include",
			 facts->types.source_fd);
		source.include_dir = include_dir;
	}
	result = reasons_create(&facts->reasons, format, &source, err);
	if (result)
		return result;
	if (!reasons_given(facts->reasons)) {
		if (filter->valid_reason || filter->sets[FILTER_REASON].given)
			return error_set(err, STATUS_ENVIRONMENT, EOPNOTSUPP,
					 "%s: this kernel does not report drop reasons, which need "
					 "Linux 5.17 or later",
					 filter->valid_reason ? "--valid-reason" : "--reason");
		return 0;
	}
	if (reasons_number(facts->reasons, "NOT_SPECIFIED", &facts->not_specified))
		return error_set(err, STATUS_ENVIRONMENT, ENOENT,
				 "this kernel has no drop reason NOT_SPECIFIED");
	return 0;
}

int facts_read_tracepoint(struct kernel_facts *facts, const struct options *options,
			  struct error *err)
{
	struct utsname kernel;
	char *format = NULL;
	struct macros_source source;
	int result = tracefs_read_event("skb", "kfree_skb", "format", &format, err);

	if (result)
		return result;
	result = read_reasons(facts, format, &options->generate.filter, err);
	if (result)
		goto out;
	uname(&kernel);
	source = (struct macros_source){
		.release = kernel.release,
		.format = format,
		.not_specified = facts->not_specified,
		.gigabytes = memory_gigabytes("/proc/iomem"),
		.cpus = cpus_end(),
		.buffer = options->limits.buffer,
	};
	macros_make(&facts->macros, &source);
out:
	free(format);
	return result;
}

int facts_read_reasons(struct kernel_facts *facts, const struct options *options, struct error *err)
{
	int result = facts_read_tracepoint(facts, options, err);
	struct error ignored;

	/* The format file is for root alone, BTF is for everybody. */
	if (result && !facts->reasons &&
	    read_reasons(facts, NULL, &options->generate.filter, &ignored) == 0)
		return 0;
	return result;
}

static int each_reason(void *reasons,
		       int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
		       void *to, struct error *err)
{
	return reasons_each(reasons, take, to) ? error_nomem(err) : 0;
}

static int each_function(void *symbols,
			 int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
			 void *to, struct error *err)
{
	if (symbols_each(symbols, take, to))
		return error_nomem(err);
	if (symbols_restricted(symbols))
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "the kernel hides its symbols: sysctl "
				 "kernel.kptr_restrict=1 and CAP_SYSLOG show them");
	return 0;
}

struct filter_names facts_functions(const struct kernel_facts *facts)
{
	return (struct filter_names){
		.what = "kernel function",
		.context = facts->symbols,
		.each = each_function,
	};
}

/* -r rejects drops without a reason, also if --reason names one that means "no reason". */
static int require_reason(struct filter_set *reasons, uint32_t not_specified, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	if (!reasons->given || reasons->negated)
		return 0;
	if (ranges_remove(&reasons->numbers[0], 0, 0) ||
	    ranges_remove(&reasons->numbers[0], not_specified, not_specified))
		return error_nomem(err);
	if (reasons->numbers[0].count == 0)
		return error_set(err, STATUS_USAGE, EINVAL,
				 "--valid-reason contradicts --reason %s",
				 error_quote(quoted, reasons->text));
	return 0;
}

int facts_resolve_names(struct filter *filter, const struct kernel_facts *facts, struct error *err)
{
	const struct filter_names names[FILTER_NAME_KINDS] = {
		[FILTER_NAMES_REASONS] = {
			.what = "drop reason",
			.fnmatch_flags = FNM_CASEFOLD,
			.context = facts->reasons,
			.each = each_reason,
		},
		[FILTER_NAMES_FUNCTIONS] = facts_functions(facts),
		[FILTER_NAMES_USERS] = { .what = "user", .find = users_find },
		[FILTER_NAMES_NETNS] = { .what = "network namespace", .find = netns_find },
	};
	int result = filter_resolve(filter, names, err);

	if (result || !filter->valid_reason)
		return result;
	return require_reason(&filter->sets[FILTER_REASON], facts->not_specified, err);
}

/*
 * Whether a program may read the kernel's structs without checks: if it is the built-in one, and
 * its types are certainly those of this kernel.
 */
static bool may_read_directly(const struct options *options)
{
	return !options->types.btf && !options->force && !options->generate.templates_dir &&
	       !options->generate.source_file && options->generate.probes.count == 0;
}

int facts_choose_attach(struct kernel_facts *facts, const struct options *options,
			struct error *err)
{
	return attach_choose(&facts->attach, may_read_directly(options), err);
}

/* Read all facts; each step needs the ones before. */
static int read_all(struct kernel_facts *facts, struct options *options, struct error *err)
{
	int result = privileges_check(err);

	if (result)
		return result;
	result = facts_choose_attach(facts, options, err);
	if (result)
		return result;
	result = facts_open_types(facts, options, err);
	if (result)
		return result;
	result = facts_read_tracepoint(facts, options, err);
	if (result)
		return result;
	return facts_resolve_names(&options->generate.filter, facts, err);
}

int facts_create(struct kernel_facts *facts, const struct options *options, struct error *err)
{
	*facts = (struct kernel_facts){
		.types = TYPES_CLOSED,
		.attach = options->attach,
		.symbols = symbols_create("/proc/kallsyms", "/proc/modules"),
	};
	return facts->symbols ? 0 : error_nomem(err);
}

int facts_use(struct options *options, facts_user *use, struct error *err)
{
	struct kernel_facts facts;
	int result = facts_create(&facts, options, err);

	if (result)
		goto out;
	result = read_all(&facts, options, err);
	if (result)
		goto out;
	result = use(options, &facts, err);
	/* Not every verifier accepts the direct reads. */
	if (result && err->status == STATUS_LOAD && facts.attach == ATTACH_TP_BTF &&
	    options->attach == ATTACH_ANY) {
		facts.attach = ATTACH_RAW_TRACEPOINT;
		result = use(options, &facts, err);
	}
out:
	facts_close(&facts);
	return result;
}
