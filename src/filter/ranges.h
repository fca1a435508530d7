/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_RANGES_H
#define BYTETRACE_FILTER_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wide enough for an IPv6 address. */
typedef unsigned __int128 wide;

struct range { /* both ends included */
	wide first, last;
};

/* A set of numbers: ranges in ascending order, with gaps between them. All members zero: empty. */
struct ranges {
	struct range *items;
	size_t count;
};

/* Add or remove all numbers from `first` to `last`, where first <= last. Return 0 or -ENOMEM. */
int ranges_add(struct ranges *ranges, wide first, wide last);
int ranges_remove(struct ranges *ranges, wide first, wide last);

/* Whether the set contains any number from `first` to `last`. */
bool ranges_overlap(const struct ranges *ranges, wide first, wide last);

void ranges_free(struct ranges *ranges);

#endif
