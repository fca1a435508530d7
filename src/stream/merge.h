/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_MERGE_H
#define BYTETRACE_STREAM_MERGE_H

#include <stddef.h>
#include <stdint.h>

/* Records out of the memory of several perf buffers, in the order of their time. */
struct merge;

/*
 * A record: its first eight bytes are its time. `bytes` is 8-byte aligned, valid during the call.
 * Not 0 ends the drain.
 */
typedef int merge_record(void *context, uint32_t cpu, const void *bytes, size_t size);

/* For up to `rings` buffers. NULL on lack of memory. */
struct merge *merge_create(size_t rings);
void merge_free(struct merge *merge);

/*
 * Add the buffer of a CPU: a struct perf_event_mmap_page in a page of `page_size` bytes, and
 * behind it a ring of `size` bytes, a power of two.
 */
void merge_add(struct merge *merge, uint32_t cpu, void *memory, size_t page_size, size_t size);

/*
 * Hand over all records that are there at the time of the call; what comes meanwhile is for the
 * next call, so that a flood cannot hold the reader for ever. Returns 0 or what the callback
 * returned.
 */
int merge_drain(struct merge *merge, merge_record *record, void *context);

#endif
