/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_LISTING_H
#define BYTETRACE_COMPILE_LISTING_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;
struct source;

/*
 * What libbcc prints about a compile: the program as it rewrote it, and the instructions below the
 * rewritten lines that they come from.
 */
struct listing {
	char *text; /* owned; each of `lines` ends with a NUL in it */
	char **lines;
	size_t line_count;
	char **rewritten; /* within lines */
	size_t rewritten_count;
	size_t *origins; /* for each rewritten line, its index in source->lines */
	const struct source *source;
};

/*
 * Parse the text that child_compile() returned for `source`, which must outlive the listing. Takes
 * ownership of `text`, also on failure. Returns 0, -ENOMEM, or -EBADMSG if the text contains no
 * program. The caller calls listing_close().
 */
int listing_open(struct listing *listing, char *text, const struct source *source);
void listing_close(struct listing *listing);

/*
 * Print the flags of the compiler, one per line: macros, warnings, directories of kernel headers;
 * not the paths that exist only in the compile child.
 */
void listing_print_flags(const struct listing *listing, FILE *out);

void listing_print_rewritten(const struct listing *listing, FILE *out);

/* Print the instructions below the lines of the files that the user edits. */
void listing_print_instructions(const struct listing *listing, FILE *out);

/*
 * Add the source line of instruction `index` of a function to an error: file and line number before
 * its text, the line itself below its first line. No effect if the line is unknown.
 */
void listing_place_error(const struct listing *listing, const char *function, unsigned long index,
			 struct error *err);

#endif
