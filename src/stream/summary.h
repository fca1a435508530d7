/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_SUMMARY_H
#define BYTETRACE_STREAM_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drop_event;
struct error;
struct loaded;
struct owner;

/* A row. Members of the event that are not keys are zero. */
struct summary_row {
	struct drop_event *event;
	const char *own; /* values of the program's columns among the keys */
	size_t own_size;
	const struct owner *owner; /* of the socket; NULL: not known */
	uint64_t count;
	uint64_t before; /* the count in the previous summary */
};

/* The counts in the kernel at a point in time. */
struct summary {
	struct summary_row *rows; /* the most frequent first */
	size_t row_count;
	char *events;	/* of the rows, each followed by the program's columns */
	uint64_t other; /* drops whose key did not fit into the kernel's map */
	uint64_t other_before;
	uint64_t total; /* of all rows and `other` */
	uint64_t time;	/* CLOCK_MONOTONIC, nanoseconds */
	uint64_t time_before;
};

/*
 * Check that the loaded programs count by `keys`, and by own columns of `own_size` bytes. Returns
 * 0, or -EINVAL with STATUS_LOAD.
 */
int summary_check(const struct loaded *loaded, unsigned int keys, size_t own_size,
		  struct error *err);

/*
 * Read the maps "summary", "hot" and "other" of a program that was checked. Returns 0, or -ENOMEM
 * with STATUS_ENVIRONMENT. The caller calls summary_free().
 */
int summary_read(struct summary *summary, const struct loaded *loaded, unsigned int keys,
		 size_t own_size, struct error *err);

/* Copy a summary. Returns 0 or -ENOMEM. The caller calls summary_free(). */
int summary_copy(struct summary *to, const struct summary *from);

/*
 * Change the events of all rows with `change`, and forget the rows for which that returns false.
 * Rows that have become equal are joined.
 */
void summary_change(struct summary *summary, bool (*change)(void *context, struct summary_row *row),
		    void *context);

/* Fill the members called ..._before from `previous`; NULL: counting started at `time`. */
void summary_compare(struct summary *summary, const struct summary *previous, uint64_t time);

void summary_free(struct summary *summary);

#endif
