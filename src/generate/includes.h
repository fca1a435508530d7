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
		size_t end;	  /* the line of the source behind its last one, while it is open */
		bool guarded;	  /* there is nothing in it for who includes it again */
		bool conditional; /* it stands where an #if could leave it out */
	} * list;
	size_t count;
};

/*
 * Put in the place of each `#include "NAME"` of a program the file of that name that lies next to
 * the one that has the line, and is no symbolic link; it is looked for nowhere else, so the
 * compiler never looks for it. A file with a guard around it, or `#pragma once`, is put there once,
 * where the compiler is sure to come to it. `#include <...>` stays, if it cannot lead out of the
 * kernel's headers. Files that everybody may write to are refused unless `force`. Fails with
 * STATUS_COMPILE or STATUS_ENVIRONMENT and the line. The caller calls includes_free(), once
 * the source is freed, whose lines name the paths.
 */
int includes_expand(struct includes *includes, struct source *source, bool force,
		    struct error *err);
void includes_free(struct includes *includes);

#endif
