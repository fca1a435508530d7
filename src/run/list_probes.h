/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_LIST_PROBES_H
#define BYTETRACE_RUN_LIST_PROBES_H

struct error;
struct options;

/*
 * Print a line for each probe that --probe finds by name: the name, its attach points, and "yes",
 * or why it does not work on this kernel. Returns 0 or -errno.
 */
int list_probes(struct options *options, struct error *err);

#endif
