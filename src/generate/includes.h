/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_INCLUDES_H
#define BYTETRACE_GENERATE_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct source;

/* Files that were included, owned, with their paths. */
struct includes {
	struct include {
		char *path, *text;
		size_t end; /* the line of the source behind its last one, while it is open */
	} * list;
	size_t count;
};

/*
 * Put in the place of each `#include "NAME"` of a program the file of that name that lies beside
 * the one with the line, and is not a symbolic link; it is looked for nowhere else, so the compiler
 * never looks for it. Guards of the files do their work there; `#pragma once` becomes one. A file
 * is not put into itself. `#include <...>` stays, unless it could lead out of the kernel's headers.
 * Files that everybody may write to are refused unless `force`. Fails with STATUS_COMPILE or
 * STATUS_ENVIRONMENT and the line. The caller calls includes_free() after the source is freed,
 * whose lines name the paths.
 */
int includes_expand(struct includes *includes, struct source *source, bool force,
		    struct error *err);
void includes_free(struct includes *includes);

#endif
