/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_OUTPUT_H
#define BYTETRACE_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct drop;
struct layouts;
struct nft_rules;
struct reasons;
struct summary;
struct symbols;
struct output_format;
struct terminal;

/* How the user wants drops to be shown. */
struct output_config {
	const struct output_format *format;
	int verbosity; /* 0; 1: + INTERFACE; 2: every column */
	bool inner;    /* of a packet in a tunnel, the inner one is shown */
	bool stack;    /* the kernel stack below each drop */
	bool hints;    /* a line below the first drop of each reason and location, or rule */
	bool numeric;  /* PROTOCOL as a number */
	bool wide;     /* on a terminal, too, nothing is cut */
};

/* The same, with what only a run knows: the output file, and where names come from. */
struct output_context {
	const struct output_config *config;
	FILE *file; /* the caller flushes it, and checks ferror() */
	bool color;
	struct terminal *terminal;     /* that a table has to fit, which reads its size; or NULL */
	uint64_t start;		       /* clock_monotonic() */
	const struct layouts *layouts; /* of the programs whose records are shown */
	struct reasons *reasons;
	struct symbols *symbols;
	struct nft_rules *nft_rules; /* NULL: texts of firewall rules are not shown */
};

/*
 * A way to show drops. drop() may hold rows back until flush(), which is called after each batch,
 * at the latest 100 ms after its first drop. finish() ends the document and frees `output`.
 */
struct output_format {
	const char *name; /* for -o */
	const char *help; /* a few words for --help */
	/* The parts of a record that it shows: a set of RECORD_... */
	unsigned int (*needs)(const struct output_config *config);
	/* Copies `context`, but not what it points to. NULL: out of memory. */
	void *(*create)(const struct output_context *context);
	void (*drop)(void *output, const struct drop *drop);
	void (*flush)(void *output);
	void (*finish)(void *output);
	/* Show counts by `keys` (BIT_...); no create() is needed. */
	void (*summary)(const struct output_context *context, const struct summary *summary,
			unsigned int keys);
};

extern const struct output_format output_table;
extern const struct output_format output_json;

/* All formats; the first is the default. */
extern const struct output_format *const output_formats[];
extern const size_t output_format_count;

#endif
