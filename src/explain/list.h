/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_LIST_H
#define BYTETRACE_EXPLAIN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct enums;
struct error;
struct reasons;
struct show_config;

/* Names with their hints, a line each. */

/*
 * List all reasons of this kernel; or, if they are unknown, all reasons that have a text. Fails
 * with STATUS_ENVIRONMENT.
 */
int list_reasons(const struct show_config *config, struct error *err);

/* Whether a name is a pattern. */
#define LIST_WILDCARDS "*?"
bool list_is_pattern(const char *name);

/*
 * Find the names of reasons, of locations and counters with a text, that match a pattern:
 * case-insensitive, of reasons and counters also without their prefix. The caller calls
 * enums_free(). Fails with STATUS_ENVIRONMENT.
 */
int list_match(struct enums *matches, const char *pattern, struct reasons *reasons,
	       struct error *err);

/* Print "NAME: hint", a line for each match. */
void list_print(const struct show_config *config, const struct enums *matches);

/* Add a name to the struct enums at `context`, unless it has it. Returns 0 or -ENOMEM. */
int list_take_once(void *context, const char *name, uint64_t first, uint64_t last);

#endif
