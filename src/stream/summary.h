/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_SUMMARY_H
#define BYTETRACE_STREAM_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

struct drop_event;
struct error;
struct loaded;

/* One row: the members of the event that are not keys are zero. */
struct summary_row {
	struct drop_event *event;
	const char *own; /* the program's columns among the keys, behind the event */
	size_t own_size;
	uint64_t count;
	uint64_t before; /* the count in the summary that this one is compared with */
};

/* The counts as they are in the kernel now. */
struct summary {
	struct summary_row *rows; /* the most frequent first */
	size_t row_count;
	char *events;	/* of the rows, each followed by the program's columns */
	uint64_t other; /* drops whose key found no room in the kernel's map */
	uint64_t other_before;
	uint64_t total; /* of all rows and `other` */
	uint64_t time;	/* CLOCK_MONOTONIC, nanoseconds */
	uint64_t time_before;
};

/*
 * Check that loaded programs count by `keys`, and by columns of `own_size` bytes. -EINVAL with
 * STATUS_LOAD otherwise.
 */
int summary_check(const struct loaded *loaded, unsigned int keys, size_t own_size,
		  struct error *err);

/*
 * Read the maps "summary", "hot" and "other" of a program that was checked. Returns 0, or -ENOMEM
 * with STATUS_ENVIRONMENT. The caller calls summary_free().
 */
int summary_read(struct summary *summary, const struct loaded *loaded, unsigned int keys,
		 size_t own_size, struct error *err);

/* Fill the members named before; `time` is the start of counting if `previous` is NULL. */
void summary_compare(struct summary *summary, const struct summary *previous, uint64_t time);

void summary_free(struct summary *summary);

#endif
