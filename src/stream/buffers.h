/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_BUFFERS_H
#define BYTETRACE_STREAM_BUFFERS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/merge.h"

struct error;
struct loaded_map;

/*
 * The rings into which a program writes its records: one per online CPU, in memory shared with the
 * kernel. The reader is woken only when a quarter of a ring is new, so it must also read the rings
 * at regular intervals.
 */
struct buffers;

/*
 * Open a ring of `size` bytes (a power of two of pages) for each online CPU and put them into the
 * map `events`: perf buffers if it is a perf event array, BPF ring buffers if it is an array of
 * maps. Fails with STATUS_LOAD. The caller calls buffers_close().
 */
int buffers_open(struct buffers **rings, const struct loaded_map *events, size_t size,
		 struct error *err);

/* Also wake up when the reader of `fd` hangs up. Has no effect on a file that cannot hang up. */
void buffers_watch_hangup(struct buffers *rings, int fd);

enum buffers_event { BUFFERS_READY, BUFFERS_HANGUP };

/*
 * Wait until a ring has enough new records, `timeout_ms` have passed, or a signal arrives that
 * `mask` does not block (BUFFERS_READY), or until the watched reader hangs up (BUFFERS_HANGUP).
 */
enum buffers_event buffers_wait(struct buffers *rings, int timeout_ms, const sigset_t *mask);

/* Pass the records in the rings to a callback: see merge_drain(). */
int buffers_drain(struct buffers *rings, merge_record *record, void *context);

void buffers_close(struct buffers *rings);

#endif
