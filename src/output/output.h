/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_OUTPUT_H
#define BYTETRACE_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct drop;
struct layouts;
struct reasons;
struct summary;
struct symbols;

struct output_format;

/* How drops are to be shown. */
struct output_config {
	/* What the user chooses. */
	const struct output_format *format;
	int verbosity;	       /* 0, 1: + INTERFACE, 2: every column */
	bool inner;	       /* of a tunnelled packet the inner one is shown */
	bool stack;	       /* kernel stack below each drop */
	bool hints;	       /* a line below the first drop of each reason and location */
	bool numeric;	       /* numbers instead of names, in every column */
	bool numeric_protocol; /* numbers in PROTOCOL */
	/* What the run adds: the output file, and the sources of names. */
	FILE *file; /* the caller flushes, and checks ferror() */
	bool color;
	const struct layouts *layouts; /* of the programs whose records come */
	struct reasons *reasons;
	struct symbols *symbols;
};

/*
 * One way to show drops. drop() may hold rows back until flush(), which is called after each
 * batch, at the latest 100 ms after its first drop. finish() ends the document and frees.
 */
struct output_format {
	const char *name; /* for -o */
	const char *help; /* what -o NAME prints */
	/* RECORD_...: the parts of a record that it shows. */
	unsigned int (*needs)(const struct output_config *config);
	void *(*create)(const struct output_config *config); /* NULL: out of memory */
	void (*drop)(void *output, const struct drop *drop);
	void (*flush)(void *output);
	void (*finish)(void *output);
	/* Show what was counted by `keys` (BIT_...); needs no create(). */
	void (*summary)(const struct output_config *config, const struct summary *summary,
			unsigned int keys);
};

extern const struct output_format output_table;
extern const struct output_format output_json;

/* All formats, the default first. */
extern const struct output_format *const output_formats[];
extern const size_t output_format_count;

#endif
