// SPDX-License-Identifier: GPL-2.0-only
#include "stream/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#define MAX_RECORD (64 * 1024) /* longer records are cut */
#define GIVE_BACK_PARTS 16

/* The header of a record in a perf buffer: PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW. */
struct perf_sample {
	struct perf_event_header header;
	uint32_t size;
} __attribute__((packed));

/* The header of a record in a BPF ring buffer, aligned to 8 bytes. */
struct bpf_sample {
	uint32_t size; /* with BPF_RINGBUF_BUSY_BIT and BPF_RINGBUF_DISCARD_BIT */
	uint32_t page;
};

/* An entry of a ring: a record, or an entry of the kernel's own. */
struct entry {
	uint64_t record; /* its position */
	uint32_t size;	 /* of the record; 0: none */
	uint64_t next;
};

struct ring {
	uint32_t cpu;
	struct ring_memory memory;
	uint64_t tail;	    /* position of the next unread entry */
	uint64_t given;	    /* position up to which the kernel may overwrite */
	uint64_t head;	    /* position at which this drain ends */
	struct entry entry; /* at tail, while tail != head */
	uint64_t time;	    /* of its record */
};

struct merge {
	struct ring *rings;
	size_t count;
	/* The rings with records left in this drain: a heap by time, fast also with many CPUs. */
	struct ring **unread;
	size_t unread_count;
	uint64_t record[MAX_RECORD / sizeof(uint64_t)]; /* for the callback, aligned */
};

struct merge *merge_create(size_t rings)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return NULL;
	merge->rings = calloc(rings, sizeof(*merge->rings));
	merge->unread = calloc(rings, sizeof(*merge->unread));
	if (!merge->rings || !merge->unread) {
		merge_free(merge);
		return NULL;
	}
	return merge;
}

void merge_free(struct merge *merge)
{
	if (!merge)
		return;
	free(merge->unread);
	free(merge->rings);
	free(merge);
}

void merge_add(struct merge *merge, uint32_t cpu, const struct ring_memory *memory)
{
	merge->rings[merge->count++] = (struct ring){ .cpu = cpu, .memory = *memory };
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Copy from the ring, in which a record may wrap around. */
static void ring_copy(const struct ring *ring, uint64_t at, void *to, size_t size)
{
	const struct ring_memory *memory = &ring->memory;
	size_t offset = at & (memory->size - 1);
	size_t first = memory->size - offset;

	if (first >= size) {
		memcpy(to, memory->data + offset, size);
		return;
	}
	memcpy(to, memory->data + offset, first);
	memcpy((char *)to + first, memory->data, size - first);
}

/* Let the kernel overwrite what was read. */
static void ring_give_back(struct ring *ring)
{
	if (ring->given != ring->tail)
		__atomic_store_n(ring->memory.read, ring->tail, __ATOMIC_RELEASE);
	ring->given = ring->tail;
}

/* PERF_RECORD_LOST holds no record: the program counts losses itself. */
static struct entry perf_entry(const struct ring *ring)
{
	struct perf_sample sample;
	bool has_record;

	ring_copy(ring, ring->tail, &sample, sizeof(sample));
	has_record =
		sample.header.type == PERF_RECORD_SAMPLE && sample.header.size > sizeof(sample);
	return (struct entry){ .record = ring->tail + sizeof(sample),
			       .size = has_record ? sample.size : 0,
			       .next = ring->tail + sample.header.size };
}

/* False: the record is not complete yet: its CPU was interrupted while writing it. */
static bool bpf_entry(const struct ring *ring, struct entry *entry)
{
	const struct bpf_sample *sample =
		(const void *)(ring->memory.data + (ring->tail & (ring->memory.size - 1)));
	uint32_t bits = __atomic_load_n(&sample->size, __ATOMIC_ACQUIRE);
	uint32_t size = bits & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	entry->record = ring->tail + sizeof(*sample);
	entry->size = bits & BPF_RINGBUF_DISCARD_BIT ? 0 : size;
	entry->next = ring->tail + (sizeof(*sample) + size + 7) / 8 * 8;
	return !(bits & BPF_RINGBUF_BUSY_BIT);
}

/* Skip to the next entry with a record, and read its time. False: no more. */
static bool ring_peek(struct ring *ring)
{
	while (ring->tail != ring->head) {
		if (ring->memory.kind == RING_PERF)
			ring->entry = perf_entry(ring);
		else if (!bpf_entry(ring, &ring->entry))
			return false;
		if (ring->entry.size > 0) {
			/* The callback rejects a record that is too short for a time. */
			ring->time = 0;
			ring_copy(ring, ring->entry.record, &ring->time,
				  min_size(ring->entry.size, sizeof(ring->time)));
			return true;
		}
		ring->tail = ring->entry.next;
	}
	return false;
}

static void swap(struct ring **a, struct ring **b)
{
	struct ring *was = *a;

	*a = *b;
	*b = was;
}

/* Restore the heap, in which at most the ring at `at` is too late for its place. */
static void sift_down(const struct merge *merge, size_t at)
{
	struct ring **heap = merge->unread;
	size_t child;

	while ((child = 2 * at + 1) < merge->unread_count) {
		if (child + 1 < merge->unread_count && heap[child + 1]->time < heap[child]->time)
			child++;
		if (heap[at]->time <= heap[child]->time)
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

/* Begin a drain: it ends where each ring ends now. */
static void begin_drain(struct merge *merge)
{
	merge->unread_count = 0;
	for (size_t i = 0; i < merge->count; i++) {
		struct ring *ring = &merge->rings[i];

		ring->head = __atomic_load_n(ring->memory.written, __ATOMIC_ACQUIRE);
		if (ring_peek(ring))
			merge->unread[merge->unread_count++] = ring;
	}
	for (size_t i = merge->unread_count / 2; i-- > 0;)
		sift_down(merge, i);
}

int merge_drain(struct merge *merge, merge_record *record, void *context)
{
	int result = 0;

	begin_drain(merge);
	while (!result && merge->unread_count > 0) {
		struct ring *ring = merge->unread[0];
		const size_t size = min_size(ring->entry.size, MAX_RECORD);

		ring_copy(ring, ring->entry.record, merge->record, size);
		result = record(context, ring->cpu, merge->record, size);
		ring->tail = ring->entry.next;
		/*
		 * In a flood the kernel needs the room soon; but each update of the position moves
		 * its cache line between the CPUs.
		 */
		if (ring->tail - ring->given >= ring->memory.size / GIVE_BACK_PARTS)
			ring_give_back(ring);
		if (!ring_peek(ring))
			merge->unread[0] = merge->unread[--merge->unread_count];
		sift_down(merge, 0);
	}
	for (size_t i = 0; i < merge->count; i++)
		ring_give_back(&merge->rings[i]);
	return result;
}
