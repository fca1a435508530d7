/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_LISTING_H
#define BYTETRACE_COMPILE_LISTING_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;
struct source;

/*
 * What libbcc tells of a compile: the program as it rewrote it, and its instructions with the
 * rewritten lines that they come from.
 */
struct listing {
	char *text; /* owned; each of `lines` ends with a NUL in it */
	char **lines;
	size_t line_count;
	char **rewritten; /* within lines */
	size_t rewritten_count;
	size_t *origins; /* of each rewritten line the index in source->lines */
	const struct source *source;
};

/*
 * Read what child_compile() gave for `source`, which must outlive the listing. Takes over `text`
 * in any case. Returns 0, -ENOMEM, or -EBADMSG if it holds no program. The caller calls
 * listing_close().
 */
int listing_open(struct listing *listing, char *text, const struct source *source);
void listing_close(struct listing *listing);

/*
 * The flags that the compiler was called with, a line each: macros, warnings, directories of kernel
 * headers; not the paths that exist for the compiler alone.
 */
void listing_print_flags(const struct listing *listing, FILE *out);

void listing_print_rewritten(const struct listing *listing, FILE *out);

/* The instructions, below the lines that a person would edit. */
void listing_print_instructions(const struct listing *listing, FILE *out);

/*
 * Put the line that instruction `index` of a function was made from before an error: its file and
 * number, and below the error's first line its text. Leaves the error if the line is not known.
 */
void listing_place_error(const struct listing *listing, const char *function, unsigned long index,
			 struct error *err);

#endif
