// SPDX-License-Identifier: GPL-2.0-only
#include "filter/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first range that ends at `value` or after it. */
static size_t find(const struct ranges *ranges, wide value)
{
	size_t first = 0, after = ranges->count;

	while (first < after) {
		size_t middle = first + (after - first) / 2;

		if (ranges->items[middle].last < value)
			first = middle + 1;
		else
			after = middle;
	}
	return first;
}

/* Replace the ranges from `start` to before `end` by `count` others. */
static int replace(struct ranges *ranges, size_t start, size_t end, const struct range *by,
		   size_t count)
{
	size_t rest = ranges->count - end;
	struct range *items = ranges->items;

	if (count > end - start) {
		items = reallocarray(items, ranges->count + count, sizeof(*items));
		if (!items)
			return -ENOMEM;
		ranges->items = items;
	}
	if (rest > 0)
		memmove(items + start + count, items + end, rest * sizeof(*items));
	if (count > 0)
		memcpy(items + start, by, count * sizeof(*items));
	ranges->count = start + count + rest;
	return 0;
}

int ranges_add(struct ranges *ranges, wide first, wide last)
{
	/* Merge with ranges that overlap or adjoin. */
	size_t start = find(ranges, first > 0 ? first - 1 : 0);
	size_t end = start;
	struct range whole = { first, last };

	while (end < ranges->count &&
	       (ranges->items[end].first <= last || ranges->items[end].first - last == 1))
		end++;
	if (end > start) {
		if (ranges->items[start].first < first)
			whole.first = ranges->items[start].first;
		if (ranges->items[end - 1].last > last)
			whole.last = ranges->items[end - 1].last;
	}
	return replace(ranges, start, end, &whole, 1);
}

int ranges_remove(struct ranges *ranges, wide first, wide last)
{
	size_t start = find(ranges, first);
	size_t end = start;
	struct range left[2];
	size_t count = 0;

	while (end < ranges->count && ranges->items[end].first <= last)
		end++;
	if (end == start)
		return 0;
	if (ranges->items[start].first < first)
		left[count++] = (struct range){ ranges->items[start].first, first - 1 };
	if (ranges->items[end - 1].last > last)
		left[count++] = (struct range){ last + 1, ranges->items[end - 1].last };
	return replace(ranges, start, end, left, count);
}

bool ranges_overlap(const struct ranges *ranges, wide first, wide last)
{
	size_t at = find(ranges, first);

	return at < ranges->count && ranges->items[at].first <= last;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){ .items = NULL };
}
