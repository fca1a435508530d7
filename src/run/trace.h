/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_TRACE_H
#define BYTETRACE_RUN_TRACE_H

struct error;
struct options;

/* Compile, load, attach, and show drops until the end of the session. Returns 0 or -errno. */
int trace_run(struct options *options, struct error *err);

#endif
