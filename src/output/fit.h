/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_FIT_H
#define BYTETRACE_OUTPUT_FIT_H

#include <stddef.h>
#include <stdio.h>

/* Text that has to fit the width of a terminal. */

#define FIT_MARK "…"
#define FIT_MARK_EXTRA (sizeof(FIT_MARK) - 2) /* bytes that the mark has more than columns */

/*
 * Write an ASCII text in at most `width` columns: its end, up to `slack` characters, is left out
 * (and no dot before it stays), or what is in its middle is replaced by the mark. `to` has room for
 * width + FIT_MARK_EXTRA bytes. Returns their number; *columns is how many columns they take.
 */
size_t fit_cut(char *to, size_t *columns, const char *text, size_t length, size_t width,
	       size_t slack);

/*
 * Print UTF-8 text in lines of at most `limit` columns, broken between words, or within one that is
 * longer than a line; 0: in one line. The first line begins with `mark`, which is ASCII, and the
 * others are indented below the text.
 */
void fit_words(FILE *file, const char *mark, const char *text, size_t length, size_t limit);

/* Print an ASCII text, indented, in one line; what is in its middle is left out if it must be. */
void fit_line(FILE *file, const char *indent, const char *text, size_t length, size_t limit);

#endif
