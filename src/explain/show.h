/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_SHOW_H
#define BYTETRACE_EXPLAIN_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;
struct reasons;
struct symbols;

/* Where --explain prints, and facts about the running kernel. */
struct show_config {
	FILE *file;
	bool bold;
	struct reasons *reasons; /* NULL: unknown */
	struct symbols *symbols; /* read only for names without a text */
};

/* Instead of a text, for names that are newer than the texts. */
#define SHOW_NO_TEXT "no text yet"

/*
 * Explain each name of a reason, function or counter, REASON@LOCATION (or both, one after the
 * other), and the names that match a pattern. For an unknown name it fails with STATUS_USAGE and
 * the nearest names, after printing the names before.
 */
int show_names(const struct show_config *config, const char *const *names, size_t count,
	       struct error *err);

#endif
