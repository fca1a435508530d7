/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_HINTS_H
#define BYTETRACE_OUTPUT_HINTS_H

#include <stddef.h>

struct drop;
struct output_config;

/*
 * What --hints says of a drop: a line for each reason and location when they first come together,
 * for the first thousand such pairs.
 */
struct hints;

struct hints *hints_create(void); /* NULL: out of memory */
void hints_free(struct hints *hints);

#define HINT_SIZE 256

/* Write the hint of a drop, without a NUL; returns its length, 0 if there is nothing new to say. */
size_t hints_write(struct hints *hints, char hint[HINT_SIZE], const struct output_config *config,
		   const struct drop *drop);

#endif
