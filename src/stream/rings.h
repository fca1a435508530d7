/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_RINGS_H
#define BYTETRACE_STREAM_RINGS_H

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
struct rings;

/*
 * Open a ring of `size` bytes (a power of two of pages) for each online CPU and enter them into the
 * map `events`: perf buffers if it is a perf event array, BPF ring buffers if it is an array of
 * maps. Fails with STATUS_LOAD. The caller calls rings_close().
 */
int rings_open(struct rings **rings, const struct loaded_map *events, size_t size,
	       struct error *err);

/* Also wake up when the reader of `fd` hangs up. A file that cannot hang up is ignored. */
void rings_watch_hangup(struct rings *rings, int fd);

enum rings_event { RINGS_READY, RINGS_HANGUP };

/*
 * Wait until a ring wants to be read, `timeout_ms` went by, a signal came that `mask` lets
 * through (all of these: RINGS_READY), or the watched reader hung up.
 */
enum rings_event rings_wait(struct rings *rings, int timeout_ms, const sigset_t *mask);

/* Hand over what the rings hold: merge_drain(). */
int rings_drain(struct rings *rings, merge_record *record, void *context);

void rings_close(struct rings *rings);

#endif
