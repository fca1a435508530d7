/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_PATTERN_H
#define BYTETRACE_FILTER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether a name matches a pattern with * and ?. */
bool pattern_matches(const char *pattern, const char *name);

/*
 * The same test in the generated program, for patterns of less than 16 characters. Only characters
 * of validated patterns are written.
 */

/*
 * Write the condition. `value` is the C expression of the name, 16 bytes; `value`_words is the same
 * as two words. `field` and `index`, the number of the pattern, name the function if one is needed.
 */
void pattern_emit_test(const char *field, size_t index, const char *pattern, const char *value,
		       FILE *out);

/* Write the function that the condition calls; nothing if the condition compares words. */
void pattern_emit_function(const char *field, size_t index, const char *pattern, FILE *out);

#endif
