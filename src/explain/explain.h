/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_EXPLAIN_H
#define BYTETRACE_EXPLAIN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Texts about drop reasons, functions that drop, reasons at certain functions, and counters. The
 * first lines of reasons.txt describe the format.
 */
extern const char embedded_reasons[];	/* src/explain/reasons.txt */
extern const char embedded_locations[]; /* src/explain/locations.txt */
extern const char embedded_cases[];	/* src/explain/cases.txt */
extern const char embedded_counters[];	/* src/explain/counters.txt */

/* An entry of a text, which it points into. */
struct explanation {
	const char *names; /* separated by blanks; the usual name first */
	size_t names_length;
	const char *name; /* the name that was searched, or the first one */
	size_t name_length;
	const char *location; /* of a case: that which was searched, or the first one; or NULL */
	size_t location_length;
	const char *parts, *end;
};

/* One "key: value" of an entry. */
struct explanation_part {
	const char *key, *value;
	size_t key_length, length;
};

/* The next entry of a text; *at begins as the text. False: no more. */
bool explain_next(const char **at, struct explanation *entry);

/* The next name or part of an entry; *at begins as NULL. False: no more. */
bool explain_next_name(const struct explanation *entry, const char **at, size_t *length);
bool explain_next_part(const struct explanation *entry, const char **at,
		       struct explanation_part *part);

bool explain_is_key(const struct explanation_part *part, const char *key);

/* The note of a part "COMMAND # NOTE", or NULL; and the length of the command. */
const char *explain_note(const struct explanation_part *part, size_t *command, size_t *length);

/*
 * Find the entry of a name: case-insensitive, with or without the prefix SKB_DROP_REASON_, and
 * without the suffix "+0x10/0x20 [module]" or ".isra.0" of a function.
 */
bool explain_find(const char *text, const char *name, struct explanation *found);

/*
 * The next case of a reason at a location, by the same rules; NULL: of any. *at begins as
 * embedded_cases.
 */
bool explain_next_case(const char **at, const char *reason, const char *location,
		       struct explanation *found);

/* The name without SKB_DROP_REASON_. */
const char *explain_plain_name(const char *name);

/* Whether the entry has a name, by the same rules. */
bool explain_has_name(const struct explanation *explanation, const char *name);

/* Pass the first name of each entry to `take`, until it returns non-zero; returns that value. */
int explain_each(const char *text,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* The one-line summary, which is not terminated with a NUL; NULL if the entry has none. */
const char *explain_hint(const struct explanation *explanation, size_t *length);

/* The size of a name; longer ones are cut. */
#define EXPLAIN_NAME_SIZE 256

/* Write "NAME", or of a case "REASON at LOCATION"; returns the length. */
#define EXPLAIN_TITLE_SIZE (2 * EXPLAIN_NAME_SIZE)
size_t explain_title(char title[EXPLAIN_TITLE_SIZE], const struct explanation *explanation);

/* Print an entry, at most EXPLAIN_WIDTH columns wide. `note`, or NULL, follows the title. */
void explain_print(FILE *out, const struct explanation *explanation, const char *note, bool bold);

/* Print the heading of a section. */
void explain_heading(FILE *out, const char *heading, bool bold);

#define EXPLAIN_WIDTH 80

/*
 * Print words and a newline, wrapped at EXPLAIN_WIDTH columns. The first line continues at
 * `column`, the others begin at `indent`.
 */
void explain_wrap(FILE *out, size_t column, size_t indent, const char *words, size_t length);

#endif
