/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_CODE_H
#define BYTETRACE_GENERATE_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

/* Just enough of C to find declarations and calls in a program; the compiler reads the rest. */

struct source;
struct source_line;

/* A stretch of text. */
struct span {
	const char *start, *end;
};

bool span_is(struct span span, const char *text);

/* Without white space at both ends. */
struct span span_trim(struct span span);

/*
 * A copy of a program's text as the preprocessor sees it: comments and joined lines become blanks,
 * newlines in them included, and every other byte stays at its offset. The caller frees it. NULL:
 * out of memory.
 */
char *code_strip(const char *text);

#define CODE_MAX_ARGUMENTS 3

/* Take a declaration that stands in `line`. Returns 0, or -errno with an error. */
typedef int code_take(void *context, const struct source_line *line, const struct span *arguments,
		      struct error *err);

/*
 * Hand to `take` the first `count` arguments of each declaration: a line of `code`, which is the
 * source's text stripped, that begins with `macro(`. Declarations that lack a bracket or an
 * argument are left to the compiler. Returns 0, or the first error of `take`.
 */
int code_each(const struct source *source, const char *code, const char *macro, size_t count,
	      code_take *take, void *context, struct error *err);

/* Refuse a declaration: "FILE:LINE: MACRO: "quoted" what". Returns -EINVAL. */
int code_refuse(const struct source_line *line, const char *macro, struct span quoted,
		const char *what, enum status status, struct error *err);

/* Whether the first line of this code calls the function; its definition does not count. */
bool code_line_calls(const char *code, const char *function);

/* Whether the line starts the definition of a function whose first parameter is a void pointer. */
bool code_line_defines(const char *code, const char *function);

#endif
