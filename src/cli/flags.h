/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_FLAGS_H
#define BYTETRACE_CLI_FLAGS_H

#include <stddef.h>
#include <stdio.h>

/* What a flag does with the member of struct options at its offset. */
enum flag_kind {
	FLAG_FILTER,  /* `value` is an enum filter_field */
	FLAG_TRUE,    /* bool */
	FLAG_COUNTER, /* int: how often the flag is given */
	FLAG_ACTION,  /* enum action: `value` */
	FLAG_CHOICE,  /* an enum: `value`, or that of the choice that the argument names */
	FLAG_FORMAT,  /* const struct output_format * */
	FLAG_NUMBER,  /* uint64_t, at least `value` */
	FLAG_TIME,    /* uint64_t, milliseconds */
	FLAG_SIZE,    /* uint64_t, bytes: a power of two */
	FLAG_KEYS,    /* struct keys */
	FLAG_EXPLAIN, /* the action, and a name to explain */
	FLAG_WORD,    /* struct words: one more */
	FLAG_PATH,    /* const char * */
};

enum flag_group { GROUP_FILTERS, GROUP_OUTPUT, GROUP_TYPES, GROUP_SOURCE, GROUP_OTHER, GROUPS };

struct choice {
	const char *name; /* NULL: the end of the list */
	int value;
};

/* A flag of the command line. */
struct flag {
	int letter; /* 0: no short form */
	const char *name;
	const char *argument; /* NULL: none; in []: optional */
	enum flag_group group;
	const char *help;
	enum flag_kind kind;
	size_t member; /* offset in struct options */
	int value;
	const struct choice *choices;
	const char *expected; /* the choices, to go on "is not ..." */
};

/*
 * All flags, in the order of --help: those of the filter fields (filter/fields.h), and the rest.
 * Static storage.
 */
const struct flag *flags_all(size_t *count);

#define FLAGS_MAX 64

/* Print the usage text. */
void flags_print_help(FILE *out);

#endif
