/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_NEAREST_H
#define BYTETRACE_UTIL_NEAREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEAREST_COUNT 3
#define NEAREST_MAX_NAME 255 /* longer names are cut */

/* The names that are most like `text`, case-insensitive. Set `text`, then offer all names. */
struct nearest {
	const char *text;
	size_t count;
	struct {
		size_t distance;
		char name[NEAREST_MAX_NAME + 1];
	} best[NEAREST_COUNT];
};

/*
 * Offer a name to the struct nearest at `context`; the numbers are ignored. A callback for
 * reasons_each() and symbols_each(). Returns 0.
 */
int nearest_take(void *context, const char *name, uint64_t first, uint64_t last);

/* Whether the text may well be a typing mistake for the best name, or is a part of it. */
bool nearest_is_close(const struct nearest *nearest);

/* Room for the text of nearest_list(). */
#define NEAREST_LIST_SIZE (NEAREST_COUNT * (NEAREST_MAX_NAME + 4) + 1)

/* Write "best, second or third". Returns `list`. */
const char *nearest_list(char list[NEAREST_LIST_SIZE], const struct nearest *nearest);

#endif
