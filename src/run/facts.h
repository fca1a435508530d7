/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_FACTS_H
#define BYTETRACE_RUN_FACTS_H

#include <stdint.h>

#include "filter/filter.h"
#include "kernel/types.h"
#include "bpf/attach.h"
#include "generate/macros.h"

struct error;
struct options;
struct reasons;
struct symbols;

/* Facts about the running kernel, read before anything is compiled. */
struct kernel_facts {
	struct types types;
	struct reasons *reasons;
	struct symbols *symbols;
	uint32_t not_specified; /* the number of this reason, or 0 */
	enum attach_way attach; /* how to attach */
	struct macros macros;
};

/*
 * Initialise; only `attach` and the symbols are set. Fails with STATUS_ENVIRONMENT. The caller
 * calls facts_close(), also on failure.
 */
int facts_create(struct kernel_facts *facts, const struct options *options, struct error *err);

/* An action that needs all facts. */
typedef int facts_user(const struct options *options, const struct kernel_facts *facts,
		       struct error *err);

/*
 * Check privileges, read all facts, and call `use`. If the verifier refuses a program for tp_btf,
 * which reads the kernel's structs directly, call it again with a raw tracepoint.
 */
int facts_use(struct options *options, facts_user *use, struct error *err);

/*
 * Choose the way to attach: the best one that the kernel offers, if the options do not name one.
 * Needs no privileges. Fails as attach_choose() does.
 */
int facts_choose_attach(struct kernel_facts *facts, const struct options *options,
			struct error *err);

/* Open the types that the options select. Fails as types_open() does. */
int facts_open_types(struct kernel_facts *facts, const struct options *options, struct error *err);

/*
 * Read reasons and macros from the tracepoint's format file. Fails with STATUS_ENVIRONMENT, also if
 * a filter needs reasons and this kernel does not report them.
 */
int facts_read_tracepoint(struct kernel_facts *facts, const struct options *options,
			  struct error *err);

/* The same for reasons alone, which are read from the kernel's BTF without the privileges for that.
 */
int facts_read_reasons(struct kernel_facts *facts, const struct options *options,
		       struct error *err);

/* What the names in the filters mean on this kernel. Fails with STATUS_USAGE for one that it lacks.
 */
int facts_resolve_names(struct filter *filter, const struct kernel_facts *facts, struct error *err);

/* The kernel's functions, as names that can be resolved. */
struct filter_names facts_functions(const struct kernel_facts *facts);

void facts_close(struct kernel_facts *facts);

#endif
