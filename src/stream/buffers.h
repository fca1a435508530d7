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
 * What a program writes its records into: one ring of memory per online CPU, shared with the
 * kernel. The reader is woken each time that a quarter of a ring is new; for all that comes slower
 * it has to look from time to time by itself.
 */
struct buffers;

/*
 * Open a ring of `size` bytes (a power of two of pages) for each online CPU and enter them into the
 * map `events`: perf buffers if it is a perf event array, BPF ring buffers if it is an array of
 * maps. Fails with STATUS_LOAD. The caller calls buffers_close().
 */
int buffers_open(struct buffers **rings, const struct loaded_map *events, size_t size,
		 struct error *err);

/* Also wake up when the reader of `fd` hangs up. A file that cannot hang up is ignored. */
void buffers_watch_hangup(struct buffers *rings, int fd);

enum buffers_event { BUFFERS_READY, BUFFERS_HANGUP };

/*
 * Wait until a ring wants to be read, `timeout_ms` went by, a signal came that `mask` lets
 * through (all of these: BUFFERS_READY), or the watched reader hung up.
 */
enum buffers_event buffers_wait(struct buffers *rings, int timeout_ms, const sigset_t *mask);

/* Hand over what the rings hold: merge_drain(). */
int buffers_drain(struct buffers *rings, merge_record *record, void *context);

void buffers_close(struct buffers *rings);

#endif
