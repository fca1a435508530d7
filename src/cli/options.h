/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_OPTIONS_H
#define BYTETRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "filter/filter.h"
#include "program/attach.h"
#include "stream/summary.h"

struct error;
struct expression;

enum action {
	ACTION_TRACE,
	ACTION_PRINT_FILTER,
	ACTION_PRINT_SOURCE,
	ACTION_LIST_PROBES,
	ACTION_PRINT_REWRITTEN,
	ACTION_PRINT_ASM,
	ACTION_PRINT_CFLAGS,
	ACTION_CHECK,
	ACTION_EXPLAIN,
	ACTION_HELP,
	ACTION_VERSION,
};
enum types_choice { TYPES_ANY, TYPES_HEADERS, TYPES_BTF };
enum output_choice { OUTPUT_TABLE, OUTPUT_JSON };
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* --rate is not given: only programs that are not built in have a limit. */
#define RATE_DEFAULT UINT64_MAX
#define BUFFER_DEFAULT (1024 * 1024)

/* Words that a flag was given, one for each time. */
struct words {
	const char **list;
	size_t count;
};

/* The command line, validated. Strings point into argv. */
struct options {
	enum action action;
	struct filter filter;
	struct expression *expression; /* of pcap-filter, or NULL */
	char *expression_text;	       /* what it was made of */
	bool inner;		       /* of a tunnelled packet the inner one is meant */

	int verbosity; /* number of -v: 0, 1, 2 */
	bool stack;
	bool hints; /* a line about each new reason and location */
	bool numeric;
	enum output_choice output;
	enum color_choice color;
	uint64_t count; /* stop after so many drops shown; 0: never */
	uint64_t rate;	/* show so many a second at most; 0: as many as there are; RATE_DEFAULT */
	uint64_t duration_ms; /* stop after so long; 0: never */
	unsigned int summary; /* SUMMARY_... keys to count by; 0: show each drop */
	struct summary_own summary_own;
	uint64_t interval_ms; /* a summary each time after so long; 0: only at the end */
	uint64_t buffer;      /* bytes of each CPU's buffer for records */

	enum attach_way attach;
	enum types_choice types;
	const char *btf_file;	   /* -b, or NULL */
	const char *headers_dir;   /* --headers, or NULL */
	bool force;		   /* what is refused for safety's sake is taken */
	const char *templates_dir; /* --templates, or NULL */
	const char *source_file;   /* --source, or NULL */
	const char *cache_dir;	   /* --cache-dir, or NULL */
	bool no_cache;

	bool watch;	      /* programs are replaced when their files are saved */
	struct words probes;  /* --probe; none: that of the way to attach */
	struct words explain; /* names to explain; none: all reasons are listed */
};

/*
 * Fill `options` from the command line. Returns 0, or -EINVAL with an error (STATUS_USAGE)
 * that names the flag and quotes the text. options_free() in both cases.
 */
int options_parse(struct options *options, int argc, char **argv, struct error *err);

/* Print the usage text, generated from the option table. */
void options_help(FILE *out);

void options_free(struct options *options);

#endif
