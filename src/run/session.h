/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_SESSION_H
#define BYTETRACE_RUN_SESSION_H

#include <stdint.h>

#include "cli/options.h"

struct error;
struct loaded;
struct output_config;
struct layouts;
struct reload;

/* What to do with the drops, and when to stop. */
struct session_config {
	const struct output_config *output;
	struct limits limits;	 /* with the rate that is meant */
	unsigned int keys;	 /* BIT_... that the program counts by */
	struct reload *reload;	 /* programs that may be replaced, or NULL */
	struct layouts *layouts; /* output->layouts, which changes with them */
};

/* Where the drops that passed the filters went; together they are all of them. */
struct session_totals {
	uint64_t shown;
	uint64_t lost;	     /* not recorded, or recorded and not readable */
	uint64_t suppressed; /* recorded, but `count` or `rate` had been reached */
};

/*
 * Attach a loaded program, say so in one line on stderr that ends in `types`, and show
 * drops until SIGINT, SIGTERM, the count or the duration. Then detach, show what is still in the
 * buffers and end the output; if drops were lost, another line says on which CPUs. Fails with
 * STATUS_OUTPUT if the output cannot be written; its
 * error has no text if the reader of a pipe just went away.
 */
int session_run(const struct session_config *config, struct loaded *loaded, const char *types,
		struct session_totals *totals, struct error *err);

/* The same for a program that counts: shows summaries instead of drops. */
int session_count(const struct session_config *config, struct loaded *loaded, const char *types,
		  struct session_totals *totals, struct error *err);

#endif
