/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_PATTERN_H
#define BYTETRACE_FILTER_PATTERN_H

#include <stddef.h>
#include <stdio.h>

/*
 * How the generated program tests whether a name has a pattern with * and ?, of less than 16
 * characters. Only characters of validated patterns are written.
 */

/*
 * Write the condition. `value` is the C expression of the name, 16 bytes, which are also there as
 * two words, `value`_words. `field` and `index`, which of its patterns it is, make a name of the
 * function, if there is one.
 */
void pattern_emit_test(const char *field, size_t index, const char *pattern, const char *value,
		       FILE *out);

/* Write the function that the condition calls; nothing if comparing words is enough. */
void pattern_emit_function(const char *field, size_t index, const char *pattern, FILE *out);

#endif
