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

/*
 * Explain each name of a reason or function. For an unknown name it fails with STATUS_USAGE and the
 * nearest names, after printing the names before.
 */
int show_names(const struct show_config *config, const char *const *names, size_t count,
	       struct error *err);

/*
 * List all reasons of this kernel with their hints; or, if they are unknown, all reasons that have
 * a text. Fails with STATUS_ENVIRONMENT.
 */
int show_list(const struct show_config *config, struct error *err);

#endif
