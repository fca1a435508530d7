/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_COLUMNS_H
#define BYTETRACE_GENERATE_COLUMNS_H

#include <stdio.h>

struct error;
struct layout;
struct source;

/*
 * Find the DROP_FIELD(TYPE, NAME, FORMAT, EXPRESSION) lines of a program, which templates/field.h
 * tells about, and note them in `layout`. In the text each becomes the macro for its kind of value,
 * with the `->` of its expression made reads of the kernel's memory; every line stays on its line.
 * Returns 0, or -errno with STATUS_COMPILE and the line.
 */
int columns_take(struct layout *layout, struct source *source, struct error *err);

/* The definition of a macro that lists columns for the template; nothing if there are none. */
void columns_write_list(const struct layout *layout, const char *macro, FILE *out);

#endif
