/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_MERGE_H
#define BYTETRACE_STREAM_MERGE_H

#include <stddef.h>
#include <stdint.h>

/* Records out of the rings of several CPUs, in the order of their time. */
struct merge;

/*
 * A record: its first eight bytes are its time, if it is that long. `bytes` is 8-byte aligned,
 * during the call the callback's to write to, up to 64 KB. Not 0 ends the drain.
 */
typedef int merge_record(void *context, uint32_t cpu, void *bytes, size_t size);

enum ring_kind {
	RING_PERF, /* a perf buffer: perf_event_open(2) */
	RING_BPF,  /* a BPF ring buffer: Documentation/bpf/ringbuf.rst */
};

/* The memory of a CPU's ring, which is shared with the kernel. */
struct ring_memory {
	enum ring_kind kind;
	const uint64_t *written; /* up to where the kernel wrote, counted from when it was made */
	uint64_t *read;		 /* up to where it may write again */
	const char *data;
	size_t size; /* a power of two */
};

/* For up to `rings` rings. NULL on lack of memory. */
struct merge *merge_create(size_t rings);
void merge_free(struct merge *merge);

void merge_add(struct merge *merge, uint32_t cpu, const struct ring_memory *memory);

/*
 * Hand over all records that are there at the time of the call; what comes meanwhile is for the
 * next call, so that a flood cannot hold the reader for ever. Returns 0 or what the callback
 * returned.
 */
int merge_drain(struct merge *merge, merge_record *record, void *context);

#endif
