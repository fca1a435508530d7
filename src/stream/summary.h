/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_SUMMARY_H
#define BYTETRACE_STREAM_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

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
};

#define SUMMARY_DEFAULT (SUMMARY_LOCATION | SUMMARY_REASON)

/*
 * Parse `text`, the argument of --summary: a comma list of reason, location, iface, proto, saddr,
 * daddr, sport, dport. Fails with STATUS_USAGE.
 */
int summary_parse(unsigned int *keys, const char *text, struct error *err);

/* One row: the fields of the event that are no keys are zero. */
struct summary_row {
	struct drop_event *event;
	uint64_t count;
	uint64_t before; /* what the count was in the summary that this one is compared with */
};

/* The counts as they are in the kernel now. */
struct summary {
	struct summary_row *rows; /* the most frequent first */
	size_t row_count;
	struct drop_event *events; /* of the rows */
	uint64_t other;		   /* drops whose key found no room in the kernel's map */
	uint64_t other_before;
	uint64_t total; /* of all rows and `other` */
	uint64_t time;	/* CLOCK_MONOTONIC, nanoseconds */
	uint64_t time_before;
};

/* Whether a loaded program counts by `keys`: 0, or -EINVAL with STATUS_LOAD. */
int summary_check(const struct loaded *loaded, unsigned int keys, struct error *err);

/*
 * Read the maps "summary" and "other" of a program that was checked. Returns 0, or -ENOMEM with
 * STATUS_ENVIRONMENT. The caller calls summary_free().
 */
int summary_read(struct summary *summary, const struct loaded *loaded, unsigned int keys,
		 struct error *err);
/* Fill the members for what was before; `time` is when counting began if `previous` is NULL. */
void summary_compare(struct summary *summary, const struct summary *previous, uint64_t time);

void summary_free(struct summary *summary);

#endif
