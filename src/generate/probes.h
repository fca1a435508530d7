/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_PROBES_H
#define BYTETRACE_GENERATE_PROBES_H

#include <stdbool.h>
#include <stdio.h>

#include "bpf/attach.h"

struct error;

/* The text of a probe, and where it comes from. */
struct probe {
	char *name; /* without directory and ".c" */
	char *path; /* of its file; "probes/NAME.c" if it is built in */
	bool embedded;
	char *text;
};

/*
 * Read a probe: a file if `word` has a '/' or ends in ".c"; else NAME.c in root's own
 * .config/bytetrace/probes, in PREFIX/share/bytetrace/probes, or one of those built in. An unknown
 * name fails with STATUS_USAGE and the nearest names. `force`: files that others may write to are
 * accepted. The caller calls probe_free().
 */
int probe_read(struct probe *probe, const char *word, bool force, struct error *err);
void probe_free(struct probe *probe);

/* The name of the built-in probe for a way to attach to kfree_skb. Static storage. */
const char *probe_default_name(enum attach_way way);

/* Read that probe, ignoring files of the same name. The caller calls probe_free(). */
int probe_default(struct probe *probe, enum attach_way way, struct error *err);

/*
 * Hand the name of each probe that probe_read() finds by name to `take`, sorted, until it returns
 * something other than 0. Returns what `take` returned last.
 */
int probes_each(int (*take)(void *context, const char *name, struct error *err), void *context,
		struct error *err);

#endif
