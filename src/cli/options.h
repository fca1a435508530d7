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

/* --rate is not given: only programs that are not built in are limited. */
#define RATE_DEFAULT UINT64_MAX
#define BUFFER_DEFAULT (1024 * 1024)

struct limits {
	uint64_t count;	      /* drops to show before the run ends; 0: no limit */
	uint64_t rate;	      /* drops to show a second; 0: no limit; or RATE_DEFAULT */
	uint64_t duration_ms; /* time before the run ends; 0: no limit */
	uint64_t interval_ms; /* time between summaries; 0: only one, at the end */
	uint64_t buffer;      /* bytes of each CPU's buffer for records */
};

/* The validated command line: the configuration of each stage. Strings point into argv. */
struct options {
	enum action action;
	struct generate_config generate;
	struct types_request types;
	enum attach_way attach;
	struct compile_config compile;
	struct output_config output;
	enum color_choice color;
	struct limits limits;
	bool force;	      /* accept headers of another kernel and unsafe files */
	bool watch;	      /* replace a program when its file is saved */
	struct words explain; /* names to explain; none: list all reasons */
};

/*
 * Fill `options` from the command line. Fails with an error (STATUS_USAGE) that names the flag and
 * quotes the text. The caller calls options_free(), also on failure.
 */
int options_parse(struct options *options, int argc, char **argv, struct error *err);

void options_free(struct options *options);

#endif
