/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_FLAGS_H
#define BYTETRACE_CLI_FLAGS_H

#include <stddef.h>
#include <stdio.h>

/* The type of a flag's member of struct options, and what the flag sets it to. */
enum flag_kind {
	FLAG_FILTER,  /* struct filter: adds to the field in `value` (enum filter_field) */
	FLAG_TRUE,    /* bool */
	FLAG_COUNTER, /* int: how often the flag is given */
	FLAG_ACTION,  /* enum action: `value` */
	FLAG_CHOICE,  /* an enum: the argument's value in `choices`; `value` without an argument */
	FLAG_FORMAT,  /* const struct output_format * */
	FLAG_NUMBER,  /* uint64_t, at least `value` */
	FLAG_TIME,    /* uint64_t, milliseconds */
	FLAG_SIZE,    /* uint64_t, bytes: a power of two */
	FLAG_KEYS,    /* struct keys */
	FLAG_EXPLAIN, /* enum action; the argument is added to the names to explain */
	FLAG_WORD,    /* struct words: adds the argument */
	FLAG_PATH,    /* const char * */
};

enum flag_group { GROUP_FILTERS, GROUP_OUTPUT, GROUP_TYPES, GROUP_SOURCE, GROUP_OTHER, GROUPS };

struct choice {
	const char *name; /* NULL ends the list */
	int value;
};

/* A flag of the command line. */
struct flag {
	int letter; /* 0: no short form */
	const char *name;
	const char *argument; /* NULL: takes none; in []: optional */
	enum flag_group group;
	const char *help;
	enum flag_kind kind;
	size_t member; /* offset in struct options */
	int value;
	const struct choice *choices;
};

/*
 * All flags in the order of --help: those of the filter fields (filter/fields.h), then all others.
 * Static storage.
 */
const struct flag *flags_all(size_t *count);

#define FLAGS_MAX 64

/* Print the usage text. */
void flags_print_help(FILE *out);

#endif
