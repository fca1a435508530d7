/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_FUNCTIONS_H
#define BYTETRACE_GENERATE_FUNCTIONS_H

#include <stdio.h>

struct error;
struct filter_names;
struct source;

/*
 * Find the sets of kernel functions that a program names: its lines DROP_FUNCTIONS(NAME,
 * "PATTERNS"), a comma list with * and ?. Writes to `out` a macro for each, drop_functions_NAME(),
 * which compares an address with the ranges of this kernel's functions that match. `code` is the
 * program's text, stripped. Returns 0, or -errno with the line: STATUS_COMPILE, or
 * STATUS_ENVIRONMENT if no function matches.
 */
int functions_define(const struct source *source, const char *code,
		     const struct filter_names *functions, FILE *out, struct error *err);

#endif
