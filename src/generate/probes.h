/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_PROBES_H
#define BYTETRACE_GENERATE_PROBES_H

#include <stdbool.h>
#include <stdio.h>

#include "bpf/attach.h"

struct error;

/* The text of a probe, and where it is from. */
struct probe {
	char *name; /* without directory and ".c" */
	char *path; /* of its file; "probes/NAME.c" if it is built in */
	bool embedded;
	char *text;
};

/*
 * Read a probe: a file if `word` has a '/' or ends in ".c"; else NAME.c in root's own
 * .config/bytetrace/probes, in PREFIX/share/bytetrace/probes, or among those built in. Fails
 * with STATUS_USAGE if there is none, and names the nearest. `force`: files that others may
 * write are taken. The caller calls probe_free().
 */
int probe_read(struct probe *probe, const char *word, bool force, struct error *err);
void probe_free(struct probe *probe);

/* The name of the probe that is built in for a way to attach to kfree_skb. Static storage. */
const char *probe_default_name(enum attach_way way);

/* That probe, whatever files of its name there are. The caller calls probe_free(). */
int probe_default(struct probe *probe, enum attach_way way, struct error *err);

/*
 * Hand the name of each probe that probe_read() finds by its name to `take`, in their order, until
 * it returns something else than 0. Returns what it returned.
 */
int probes_each(int (*take)(void *context, const char *name, struct error *err), void *context,
		struct error *err);

#endif
