/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_ENUMS_H
#define BYTETRACE_KERNEL_ENUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing list of enumerators, which owns their names. */
struct enums {
	struct enumerator {
		uint32_t value;
		char *name;
	} * entries;
	size_t count, capacity;
};

/* Returns 0 or -ENOMEM. */
int enums_add(struct enums *enums, uint32_t value, const char *name, size_t length);

/* The first enumerator with a value or name, or NULL. */
const struct enumerator *enums_by_value(const struct enums *enums, uint32_t value);
const struct enumerator *enums_by_name(const struct enums *enums, const char *name, size_t length);

void enums_free(struct enums *enums);

/* Selects enumerators by the end of their enum's name, and by their value. */
struct enums_query {
	const char *suffix;
	uint32_t first, last;
};

/*
 * Add the enumerators that the query selects. Both add nothing if a file is missing or invalid: the
 * names stay unknown, which is not an error.
 */

/* From the BTF files `dir`/vmlinux and, unless it is NULL, `dir`/<module>. */
void enums_from_btf(struct enums *enums, const struct enums_query *query, const char *dir,
		    const char *module);

/*
 * From the text of a C header. `constants` holds the constants of the headers read before; those of
 * this one are added. Leaves out enumerators whose value is not certain: an expression other than A
 * and A << B, or one after a preprocessor condition or macro call in the enum.
 */
void enums_from_header(struct enums *enums, const struct enums_query *query,
		       struct enums *constants, const char *text);

#endif
