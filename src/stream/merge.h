/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_MERGE_H
#define BYTETRACE_STREAM_MERGE_H

#include <stddef.h>
#include <stdint.h>

/* Merges the records in the rings of several CPUs by time. */
struct merge;

/*
 * Called for each record, whose first eight bytes, if it has as many, are its time. `bytes` is
 * aligned to 8 bytes, and the callback may modify up to 64 KB of it. Non-zero ends the drain.
 */
typedef int merge_record(void *context, uint32_t cpu, void *bytes, size_t size);

enum ring_kind {
	RING_PERF, /* a perf buffer: perf_event_open(2) */
	RING_BPF,  /* a BPF ring buffer: Documentation/bpf/ringbuf.rst */
};

/* The memory of a CPU's ring, which is shared with the kernel. */
struct ring_memory {
	enum ring_kind kind;
	const uint64_t
		*written; /* the kernel's position: bytes written since the ring was created */
	uint64_t *read;	  /* the reader's position: the kernel may overwrite all before it */
	const char *data;
	size_t size; /* a power of two */
};

/* For up to `rings` rings. NULL: out of memory. */
struct merge *merge_create(size_t rings);
void merge_free(struct merge *merge);

void merge_add(struct merge *merge, uint32_t cpu, const struct ring_memory *memory);

/*
 * Pass all records that are in the rings at the time of the call to `record`. Later ones are left
 * for the next call, so that a flood cannot keep the reader here for ever. Returns 0, or the
 * callback's value.
 */
int merge_drain(struct merge *merge, merge_record *record, void *context);

#endif
