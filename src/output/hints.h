/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_HINTS_H
#define BYTETRACE_OUTPUT_HINTS_H

#include <stddef.h>

struct drop;
struct output_context;

/*
 * The lines of --hints: one for each pair of reason and location, or each rule of a firewall, when
 * it first occurs, and for at most a thousand of them.
 */
struct hints;

struct hints *hints_create(void); /* NULL: out of memory */
void hints_free(struct hints *hints);

#define HINT_SIZE 256

/* Write the hint of a drop, without a NUL; returns its length, 0 if the drop has no new hint. */
size_t hints_write(struct hints *hints, char hint[HINT_SIZE], const struct output_context *context,
		   const struct drop *drop);

#endif
