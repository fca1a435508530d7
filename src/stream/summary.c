// SPDX-License-Identifier: GPL-2.0-only
#include "stream/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "bpf/load.h"
#include "bpf/sysbpf.h"
#include "record/keys.h"
#include "record/maps.h"
#include "util/clock.h"
#include "util/cpus.h"
#include "util/error.h"

/* No struct summary_key is larger. */
#define KEY_MAX (KEYS_MAX_OWN * FIELD_MAX_SIZE + sizeof(struct drop_event))

static int compare_keys(const struct summary_row *left, const struct summary_row *right)
{
	return memcmp(left->event, right->event, sizeof(*left->event) + left->own_size);
}

/* The most frequent first; equally frequent ones in a stable order. */
static int compare_rows(const void *a, const void *b)
{
	const struct summary_row *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return compare_keys(left, right);
}

static uint64_t read_count(int fd, const void *key, uint64_t *counts, size_t cpus)
{
	uint64_t total = 0;

	memset(counts, 0, cpus * sizeof(*counts));
	if (sysbpf_map_get(fd, key, counts) == 0)
		for (size_t i = 0; i < cpus; i++)
			total += counts[i];
	return total;
}

/* A slot of the map "hot" (struct summary_hot of templates/summary.h). */
struct hot {
	uint64_t used; /* 0: the slot has no key yet */
	uint64_t count;
	char key[];
};

/* The whole map: for each slot, the values of all CPUs. The caller frees it. NULL: out of memory.
 */
static char *read_hot(const struct loaded_map *hot, size_t cpus)
{
	char *values = calloc(hot->max_entries * cpus, hot->value_size);

	for (uint32_t i = 0; values && i < hot->max_entries; i++)
		sysbpf_map_get(hot->fd, &i, values + i * cpus * hot->value_size);
	return values;
}

/* Rows for up to `room` keys. The program never removes a key, so each one is seen once. */
static void read_rows(struct summary *summary, int fd, unsigned int keys, size_t own_size,
		      size_t room, uint64_t *counts, size_t cpus)
{
	char key[KEY_MAX], next[KEY_MAX];
	const void *last = NULL;

	while (summary->row_count < room && sysbpf_map_next(fd, last, next) == 0) {
		struct summary_row *row = &summary->rows[summary->row_count];

		memcpy(key, next, sizeof(key));
		last = key;
		row->event = (void *)(summary->events +
				      summary->row_count * (sizeof(*row->event) + own_size));
		row->own = (const char *)(row->event + 1);
		row->own_size = own_size;
		keys_unpack(row->event, key, keys, own_size);
		row->count = read_count(fd, key, counts, cpus);
		summary->row_count++;
	}
}

static int compare_events(const void *a, const void *b)
{
	return compare_keys(a, b);
}

/* Add the counts in `values`, which are `count` slots of `size` bytes, to the rows of their keys.
 */
static void add_hot(struct summary *summary, const char *values, size_t count, size_t size,
		    unsigned int keys, struct summary_row *wanted)
{
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), compare_events);
	for (size_t i = 0; i < count; i++) {
		const struct hot *value = (const void *)(values + i * size);
		struct summary_row *row;

		if (!value->used)
			continue;
		keys_unpack(wanted->event, value->key, keys, wanted->own_size);
		row = bsearch(wanted, summary->rows, summary->row_count, sizeof(*row),
			      compare_events);
		if (row)
			row->count += value->count;
	}
}

/* Sort the rows, and count all drops. */
static void add_up(struct summary *summary)
{
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), compare_rows);
	summary->total = summary->other;
	for (size_t i = 0; i < summary->row_count; i++)
		summary->total += summary->rows[i].count;
}

int summary_check(const struct loaded *loaded, unsigned int keys, size_t own_size,
		  struct error *err)
{
	const struct loaded_map *map = load_find_map(loaded, MAP_SUMMARY);
	const struct loaded_map *hot = load_find_map(loaded, MAP_HOT);
	const size_t size = keys_size(keys, own_size);

	if (!map || !hot || !load_find_map(loaded, MAP_OTHER))
		return error_set(err, STATUS_LOAD, EINVAL,
				 "--summary: the program does not count: it lacks the map "
				 "\"summary\", \"hot\" or \"other\"");
	if (map->key_size != size)
		return error_set(err, STATUS_LOAD, EINVAL,
				 "--summary: the program counts by other keys: its keys have %u "
				 "bytes, not %zu",
				 map->key_size, size);
	if (hot->value_size != sizeof(struct hot) + map->key_size)
		return error_set(err, STATUS_LOAD, EINVAL,
				 "--summary: the map \"hot\" has values of %u bytes, not %zu",
				 hot->value_size, sizeof(struct hot) + map->key_size);
	return 0;
}

int summary_read(struct summary *summary, const struct loaded *loaded, unsigned int keys,
		 size_t own_size, struct error *err)
{
	const struct loaded_map *map = load_find_map(loaded, MAP_SUMMARY);
	const struct loaded_map *hot = load_find_map(loaded, MAP_HOT);
	const struct loaded_map *other = load_find_map(loaded, MAP_OTHER);
	const size_t event_size = sizeof(struct drop_event) + own_size;
	const size_t cpus = cpus_possible();
	struct summary_row wanted = { .own_size = own_size };
	uint64_t *counts = calloc(cpus, sizeof(*counts));
	/* Read before the rows, so that each key here is also among them. */
	char *hot_values = read_hot(hot, cpus);
	uint32_t zero = 0;
	int result = 0;

	*summary = (struct summary){ .rows = NULL };
	summary->rows = calloc(map->max_entries, sizeof(*summary->rows));
	summary->events = calloc(map->max_entries, event_size);
	wanted.event = calloc(1, event_size);
	if (!counts || !hot_values || !summary->rows || !summary->events || !wanted.event) {
		summary_free(summary);
		result = error_nomem(err);
		goto out;
	}
	read_rows(summary, map->fd, keys, own_size, map->max_entries, counts, cpus);
	add_hot(summary, hot_values, hot->max_entries * cpus, hot->value_size, keys, &wanted);
	summary->other = read_count(other->fd, &zero, counts, cpus);
	add_up(summary);
	summary->time = clock_monotonic();
out:
	free(wanted.event);
	free(hot_values);
	free(counts);
	return result;
}

int summary_copy(struct summary *to, const struct summary *from)
{
	const size_t count = from->row_count;
	const size_t size = count ? sizeof(*from->rows->event) + from->rows->own_size : 0;

	*to = *from;
	to->rows = calloc(count + 1, sizeof(*to->rows));
	to->events = calloc(count + 1, size + 1);
	if (!to->rows || !to->events) {
		summary_free(to);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct summary_row *row = &to->rows[i];

		*row = from->rows[i];
		row->event = memcpy(to->events + i * size, row->event, size);
		row->own = (const char *)(row->event + 1);
	}
	return 0;
}

static void join(struct summary_row *to, const struct summary_row *row)
{
	to->count += row->count;
	to->before += row->before;
}

void summary_change(struct summary *summary, bool (*change)(void *context, struct summary_row *row),
		    void *context)
{
	struct summary_row *rows = summary->rows;
	size_t kept = 0, joined = 0;

	for (size_t i = 0; i < summary->row_count; i++)
		if (change(context, &rows[i]))
			rows[kept++] = rows[i];
	qsort(rows, kept, sizeof(*rows), compare_events);
	for (size_t i = 0; i < kept; i++) {
		if (joined > 0 && compare_events(&rows[joined - 1], &rows[i]) == 0)
			join(&rows[joined - 1], &rows[i]);
		else
			rows[joined++] = rows[i];
	}
	summary->row_count = joined;
	add_up(summary);
}

void summary_compare(struct summary *summary, const struct summary *previous, uint64_t time)
{
	size_t count = previous ? previous->row_count : 0;
	struct summary_row *sorted = calloc(count + 1, sizeof(*sorted));

	summary->time_before = previous ? previous->time : time;
	summary->other_before = previous ? previous->other : 0;
	if (!previous || !sorted) {
		free(sorted);
		return;
	}
	memcpy(sorted, previous->rows, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_events);
	for (size_t i = 0; i < summary->row_count; i++) {
		const struct summary_row *row =
			bsearch(&summary->rows[i], sorted, count, sizeof(*sorted), compare_events);

		summary->rows[i].before = row ? row->count : 0;
	}
	free(sorted);
}

void summary_free(struct summary *summary)
{
	free(summary->rows);
	free(summary->events);
	*summary = (struct summary){ .rows = NULL };
}
