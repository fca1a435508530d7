/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_SUMMARY_H
#define BYTETRACE_STREAM_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "stream/layout.h"

struct drop_event;
struct error;
struct loaded;

/* What drops can be counted by: bits of a set. */
enum {
	SUMMARY_REASON = 1 << 0,
	SUMMARY_LOCATION = 1 << 1,
	SUMMARY_IFACE = 1 << 2,
	SUMMARY_PROTO = 1 << 3,
	SUMMARY_SADDR = 1 << 4,
	SUMMARY_DADDR = 1 << 5,
	SUMMARY_SPORT = 1 << 6,
	SUMMARY_DPORT = 1 << 7,
	SUMMARY_OWN = 1 << 8, /* columns that the program brings, named in a struct summary_own */
};

#define SUMMARY_MAX_OWN 8

struct summary_own {
	char names[SUMMARY_MAX_OWN][FIELD_NAME_SIZE];
	size_t count;
};

#define SUMMARY_DEFAULT (SUMMARY_LOCATION | SUMMARY_REASON)

/*
 * Parse `text`, the argument of --summary: a comma list of reason, location, iface, proto, saddr,
 * daddr, sport, dport, and of names that may be columns of the program. Fails with STATUS_USAGE.
 */
int summary_parse(unsigned int *keys, struct summary_own *own, const char *text, struct error *err);

/*
 * The columns of a program that are counted by, as they lie in a key. Fails with STATUS_USAGE if it
 * has not got them all.
 */
int summary_select(struct layout *keys, const struct summary_own *own, const struct layout *layout,
		   struct error *err);

/* One row: the fields of the event that are no keys are zero. */
struct summary_row {
	struct drop_event *event;
	const char *own; /* the program's columns among the keys, behind the event */
	size_t own_size;
	uint64_t count;
	uint64_t before; /* what the count was in the summary that this one is compared with */
};

/* The counts as they are in the kernel now. */
struct summary {
	struct summary_row *rows; /* the most frequent first */
	size_t row_count;
	char *events;	/* of the rows, each with the program's columns behind it */
	uint64_t other; /* drops whose key found no room in the kernel's map */
	uint64_t other_before;
	uint64_t total; /* of all rows and `other` */
	uint64_t time;	/* CLOCK_MONOTONIC, nanoseconds */
	uint64_t time_before;
};

/*
 * Whether loaded programs count by `keys`, and by columns that take `own_size` bytes: 0, or -EINVAL
 * with STATUS_LOAD.
 */
int summary_check(const struct loaded *loaded, unsigned int keys, size_t own_size,
		  struct error *err);

/*
 * Read the maps "summary", "hot" and "other" of a program that was checked. Returns 0, or -ENOMEM
 * with STATUS_ENVIRONMENT. The caller calls summary_free().
 */
int summary_read(struct summary *summary, const struct loaded *loaded, unsigned int keys,
		 size_t own_size, struct error *err);
/* Fill the members for what was before; `time` is when counting began if `previous` is NULL. */
void summary_compare(struct summary *summary, const struct summary *previous, uint64_t time);

void summary_free(struct summary *summary);

#endif
