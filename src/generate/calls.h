/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_CALLS_H
#define BYTETRACE_GENERATE_CALLS_H

#include <stdio.h>

#include "generate/tokens.h"

struct error;
struct source;
struct source_line;

/* Write to `out` what takes the place of a call with these arguments, which stands in `line`. */
typedef int calls_take(void *context, const struct source_line *line, struct span arguments,
		       FILE *out, struct error *err);

/*
 * Replace each call of a macro in a program, but for those in comments, literals and directives of
 * the preprocessor. Every line stays on its line. Returns 0, -errno with STATUS_COMPILE for one
 * without arguments, or what `take` returned; the source is as it was, then.
 */
int calls_replace(struct source *source, const char *macro, calls_take *take, void *context,
		  struct error *err);

#endif
