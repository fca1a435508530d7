/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_COLUMNS_H
#define BYTETRACE_GENERATE_COLUMNS_H

#include <stdio.h>

struct error;
struct layout;
struct source;

/*
 * Find the columns of a program: its lines DROP_FIELD(TYPE, NAME, "FORMAT", VALUE), macros that
 * templates/field.h defines. Adds them to `layout`. `code` is the program's text, stripped. Returns
 * 0, or -errno with STATUS_COMPILE and the line.
 */
int columns_find(struct layout *layout, const struct source *source, const char *code,
		 struct error *err);

/* Write the macro that lists these columns for the template, if there are any. */
void columns_write_list(const struct layout *layout, const char *macro, FILE *out);

/* Write what a DROP_FIELD refers to, so that one that was not found does not compile. */
void columns_write_found(const struct layout *layout, FILE *out);

#endif
