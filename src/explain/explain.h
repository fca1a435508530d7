/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_EXPLAIN_H
#define BYTETRACE_EXPLAIN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Texts about drop reasons and about functions that drop, in the format that the first lines of
 * reasons.txt describe. Pure: a text goes in, and what it says comes out.
 */
extern const char embedded_reasons[];	/* src/explain/reasons.txt */
extern const char embedded_locations[]; /* src/explain/locations.txt */

/* An entry of a text, which it points into. */
struct explanation {
	const char *names; /* separated by blanks; the first one is the usual one */
	size_t names_length;
	const char *name; /* the one that was looked for */
	size_t name_length;
	const char *parts, *end;
};

/*
 * Find the entry of a name: in either case, with or without SKB_DROP_REASON_ in front, up to the
 * "+0x10/0x20 [module]" or ".isra.0" that a function may have behind it.
 */
bool explain_find(const char *text, const char *name, struct explanation *found);

/* The name without SKB_DROP_REASON_. */
const char *explain_plain_name(const char *name);

/* Whether one of the entry's names is this one, under the same rules. */
bool explain_has_name(const struct explanation *explanation, const char *name);

/* Hand the first name of each entry to `take`, until it returns something else than 0. */
int explain_each(const char *text,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* The line that says it all, not ended with a NUL; NULL if the entry has none. */
const char *explain_hint(const struct explanation *explanation, size_t *length);

/* Print all of an entry, at most EXPLAIN_WIDTH wide. `note`, or NULL, goes below the title. */
void explain_print(FILE *out, const struct explanation *explanation, const char *note, bool bold);

#define EXPLAIN_WIDTH 80

/*
 * Print words and a newline, in lines that are at most EXPLAIN_WIDTH wide as far as words allow.
 * The first one goes on in `column`, the others start at `indent`.
 */
void explain_wrap(FILE *out, size_t column, size_t indent, const char *words, size_t length);

/* Room for a name; longer ones are cut. */
#define EXPLAIN_NAME_SIZE 256

#endif
