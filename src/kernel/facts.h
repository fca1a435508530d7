/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_FACTS_H
#define BYTETRACE_KERNEL_FACTS_H

#include <stdint.h>

#include "filter/filter.h"
#include "kernel/types.h"
#include "program/attach.h"
#include "program/macros.h"

struct error;
struct options;
struct reasons;
struct symbols;

/* What is true of the running kernel; all of it is read before anything is compiled. */
struct kernel_facts {
	struct types types;
	struct reasons *reasons;
	struct symbols *symbols;
	uint32_t not_specified; /* the number of that reason, 0 if there is none */
	enum attach_way attach; /* how to attach */
	struct macros macros;
};

/* Find the types that the options ask for. Fails as types_open() does. */
int facts_open_types(struct kernel_facts *facts, const struct options *options, struct error *err);

/*
 * Read what the tracepoint's format file tells: reasons and macros. Fails with STATUS_ENVIRONMENT,
 * also if a filter wants reasons of a kernel that gives none.
 */
int facts_read_tracepoint(struct kernel_facts *facts, const struct options *options,
			  struct error *err);

/* What the names in the filters mean on this kernel. Fails with STATUS_USAGE for one that it lacks.
 */
int facts_resolve_names(struct filter *filter, const struct kernel_facts *facts, struct error *err);

/* The kernel's functions, as names that can be resolved. */
struct filter_names facts_functions(const struct kernel_facts *facts);

void facts_close(struct kernel_facts *facts);

#endif
