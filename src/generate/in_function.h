/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_IN_FUNCTION_H
#define BYTETRACE_GENERATE_IN_FUNCTION_H

#include <stdio.h>

struct error;
struct filter_names;
struct source;

/*
 * Make of each DROP_IN_FUNCTION(ADDRESS, "PATTERNS") of a program a comparison of the address with
 * those of this kernel's functions that a pattern of the comma list (with * and ?) matches, which
 * is written to `out` as a definition; every line stays on its line. Returns 0, or -errno with
 * STATUS_COMPILE and the line, or with STATUS_ENVIRONMENT if no function matches: it would never
 * hold.
 */
int in_function_take(struct source *source, const struct filter_names *functions, FILE *out,
		     struct error *err);

#endif
