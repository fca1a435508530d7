/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_SANDBOX_H
#define BYTETRACE_COMPILE_SANDBOX_H

#include <stdbool.h>

struct error;

/* The working directory of the compile child: empty at first, and visible to the child alone. */
#define SANDBOX_DIRECTORY "/tmp"

/* What fits into it: twice what the headers of a kernel need. */
#define SANDBOX_LIMITS "512 MiB or 131072 files"

/*
 * Move this process into a mount namespace of its own, with an empty file system on
 * SANDBOX_DIRECTORY as its working directory, and clear its environment. All of it disappears with
 * the process. Fails with STATUS_ENVIRONMENT.
 */
int sandbox_enter(struct error *err);

/* Whether no more fits into the sandbox at `path`. */
bool sandbox_is_full(const char *path);

#endif
