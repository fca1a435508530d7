/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_SHOW_H
#define BYTETRACE_EXPLAIN_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;
struct reasons;
struct symbols;

/* Where --explain prints, and what is known of the running kernel. */
struct show_config {
	FILE *file;
	bool bold;
	struct reasons *reasons; /* NULL: not known */
	struct symbols *symbols; /* read only for names that there is no text for */
};

/*
 * Explain each name, of a reason or of a function. Fails with STATUS_USAGE and the nearest names
 * for one that is neither; then those before it are printed already.
 */
int show_names(const struct show_config *config, const char *const *names, size_t count,
	       struct error *err);

/*
 * List all reasons of this kernel with their hints, also those that there is no text for; or, if
 * they are not known, all that there are texts for. Fails with STATUS_ENVIRONMENT.
 */
int show_list(const struct show_config *config, struct error *err);

#endif
