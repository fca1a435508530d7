/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_RINGS_H
#define BYTETRACE_STREAM_RINGS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * The perf buffers that a program writes its records into: one ring of memory per online CPU,
 * shared with the kernel. The reader is woken when a ring is a quarter full; for all that comes
 * slower it has to look from time to time by itself.
 */
struct rings;

/*
 * Open a ring of `size` bytes (a power of two of pages) for each online CPU and enter them into
 * the perf event array `map_fd`. Fails with STATUS_LOAD. The caller calls rings_close().
 */
int rings_open(struct rings **rings, int map_fd, size_t size, struct error *err);

/* Also wake up when the reader of `fd` hangs up. A file that cannot hang up is ignored. */
void rings_watch_hangup(struct rings *rings, int fd);

enum rings_event { RINGS_READY, RINGS_HANGUP };

/*
 * Wait until a ring wants to be read, `timeout_ms` went by, a signal came that `mask` lets
 * through (all of these: RINGS_READY), or the watched reader hung up.
 */
enum rings_event rings_wait(struct rings *rings, int timeout_ms, const sigset_t *mask);

/*
 * A record: its first eight bytes are its time. `bytes` is 8-byte aligned, valid during the call.
 * Not 0 ends the drain.
 */
typedef int rings_record(void *context, uint32_t cpu, const void *bytes, size_t size);

/*
 * Hand over all records that are there at the time of the call, those of all CPUs in the order of
 * their time; what comes meanwhile is for the next call, so that a flood cannot hold the reader
 * for ever. Returns 0 or what the callback returned.
 */
int rings_drain(struct rings *rings, rings_record *record, void *context);

void rings_close(struct rings *rings);

#endif
