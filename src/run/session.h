/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_SESSION_H
#define BYTETRACE_RUN_SESSION_H

#include <stdint.h>

#include "cli/options.h"

struct error;
struct loaded;
struct output_context;
struct output_format;
struct layouts;
struct reload;

/* What to do with the drops, and when to stop. */
struct session_config {
	const struct output_format *format;
	const struct output_context *output;
	struct limits limits;		   /* with the rate resolved, not RATE_DEFAULT */
	const struct keys *keys;	   /* what the program counts by */
	struct owners *owners;		   /* of sockets, or NULL: not needed */
	const struct filter_set *programs; /* those whose drops are shown */
	struct reload *reload;		   /* programs that may be replaced, or NULL */
	struct layouts *layouts;	   /* output->layouts, which a reload changes */
};

/* What became of the drops that matched the filters; their sum is all of them. */
struct session_totals {
	uint64_t shown;
	uint64_t lost;	     /* not recorded, or recorded and not readable */
	uint64_t suppressed; /* recorded, but `count` or `rate` was reached */
};

/*
 * Attach the loaded programs, report that in one line on stderr, which ends in `types`, and show
 * drops until a signal (SIGINT, SIGTERM, SIGHUP), the count or the duration. Then detach, show the
 * drops that are still in the buffers, end the output, and report lost drops in one more line.
 * Fails with STATUS_OUTPUT if the output cannot be written; the error has no text if the reader of
 * a pipe closed it.
 */
int session_run(const struct session_config *config, struct loaded *loaded, const char *types,
		struct session_totals *totals, struct error *err);

/* The same for programs that count drops: shows summaries. */
int session_count(const struct session_config *config, struct loaded *loaded, const char *types,
		  struct session_totals *totals, struct error *err);

#endif
