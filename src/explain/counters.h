/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_EXPLAIN_COUNTERS_H
#define BYTETRACE_EXPLAIN_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct explanation;

/*
 * The kernel's counters of drops: those of nstat that the "counter:" lines of the texts name, and
 * those that counters.txt describes.
 */

/* The name without the prefix of its protocol: "ListenDrops" for "TcpExtListenDrops". */
const char *counters_plain_name(const char *name);

/*
 * Whether a counter has the name that somebody typed: case-insensitive, with or without the prefix
 * of its protocol.
 */
bool counters_same(const char *counter, const char *name);

/* Whether an entry of counters.txt says how to read the counter; otherwise nstat prints it. */
bool counters_has_command(const struct explanation *entry);

/* A text that says that its drop increases a counter. */
struct counted_drop {
	const struct explanation *entry; /* of a reason, a location or a case */
	const char *note; /* which of several values; not terminated with a NUL, or NULL */
	size_t note_length;
};

/*
 * Pass the drops that a counter counts to `take`; returns how many they are. `entry`, or NULL, is
 * its entry in counters.txt: the counters of that entry that have the name.
 */
size_t counters_each_drop(const char *name, const struct explanation *entry,
			  void (*take)(void *context, const struct counted_drop *drop),
			  void *context);

/*
 * Pass each counter to `take`, some of them several times, until it returns non-zero; returns that
 * value.
 */
int counters_each(int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		  void *context);

#endif
