/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_OPTIONS_H
#define BYTETRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/attach.h"
#include "compile/compile.h"
#include "generate/generate.h"
#include "kernel/types.h"
#include "output/output.h"

struct error;

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
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* --rate is not given: only programs that are not built in have a limit. */
#define RATE_DEFAULT UINT64_MAX
#define BUFFER_DEFAULT (1024 * 1024)

/* How much is shown, and for how long. */
struct limits {
	uint64_t count; /* stop after so many drops shown; 0: never */
	uint64_t rate;	/* show so many a second at most; 0: as many as there are; RATE_DEFAULT */
	uint64_t duration_ms; /* stop after so long; 0: never */
	uint64_t interval_ms; /* a summary each time after so long; 0: only at the end */
	uint64_t buffer;      /* bytes of each CPU's buffer for records */
};

/* The command line, validated: what each stage is to do. Strings point into argv. */
struct options {
	enum action action;
	struct generate_config generate;
	struct types_request types;
	enum attach_way attach;
	struct compile_config compile;
	struct output_config output;
	enum color_choice color;
	struct limits limits;
	bool force;	      /* what is refused for safety's sake is taken */
	bool watch;	      /* programs are replaced when their files are saved */
	struct words explain; /* names to explain; none: all reasons are listed */
};

/*
 * Fill `options` from the command line. Returns 0, or -EINVAL with an error (STATUS_USAGE)
 * that names the flag and quotes the text. options_free() in both cases.
 */
int options_parse(struct options *options, int argc, char **argv, struct error *err);

void options_free(struct options *options);

#endif
