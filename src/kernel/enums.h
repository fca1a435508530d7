/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_ENUMS_H
#define BYTETRACE_KERNEL_ENUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enumerators as the running kernel has them: a growing list that owns its names. */
struct enums {
	struct enumerator {
		uint32_t value;
		char *name;
	} * entries;
	size_t count, capacity;
};

/* Returns 0 or -ENOMEM. */
int enums_add(struct enums *enums, uint32_t value, const char *name, size_t length);

/* The first one with this value or name, or NULL. */
const struct enumerator *enums_by_value(const struct enums *enums, uint32_t value);
const struct enumerator *enums_by_name(const struct enums *enums, const char *name, size_t length);

void enums_free(struct enums *enums);

/* Which enumerators are wanted: of enums by the end of their name, within a range of values. */
struct enums_query {
	const char *suffix;
	uint32_t first, last;
};

/*
 * Add what the query asks for. Both leave `enums` as it was if there is nothing, or nothing that
 * can be read: then the names stay unknown, which is no failure.
 */

/* From the BTF files `dir`/vmlinux and, unless it is NULL, `dir`/<module>. */
void enums_from_btf(struct enums *enums, const struct enums_query *query, const char *dir,
		    const char *module);

/*
 * From the text of a C header. `constants` holds the constants of headers read before, and gets
 * those of this one. An enumerator is left out if its value is not certain: in an expression
 * beyond A and A << B, or after a preprocessor condition or a macro call in the enum.
 */
void enums_from_header(struct enums *enums, const struct enums_query *query,
		       struct enums *constants, const char *text);

#endif
