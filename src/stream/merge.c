// SPDX-License-Identifier: GPL-2.0-only
#include "stream/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>

#define MAX_RECORD (64 * 1024) /* struct perf_event_header counts a record's bytes in 16 bits */
#define GIVE_BACK_PARTS 16

/* The payload of PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW, perf_event_open(2). */
struct sample {
	struct perf_event_header header;
	uint32_t size;
	char bytes[];
} __attribute__((packed));

struct ring {
	uint32_t cpu;
	struct perf_event_mmap_page *page;
	const char *data;
	size_t size;
	uint64_t tail;	/* where the next unread record is */
	uint64_t given; /* up to where the kernel may write again */
	uint64_t head;	/* where this drain ends */
	uint64_t time;	/* of the record at tail, while tail != head */
};

struct merge {
	struct ring *rings;
	size_t count;
	/* Those with records left in this drain: a heap, so that many CPUs cost a record little. */
	struct ring **unread;
	size_t unread_count;
	uint64_t record[MAX_RECORD / sizeof(uint64_t)]; /* the one being handed over, aligned */
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

void merge_add(struct merge *merge, uint32_t cpu, void *memory, size_t page_size, size_t size)
{
	merge->rings[merge->count++] = (struct ring){
		.cpu = cpu,
		.page = memory,
		.data = (const char *)memory + page_size,
		.size = size,
	};
}

/* Copy from the ring, where a record may go on at its start. */
static void ring_copy(const struct ring *ring, uint64_t at, void *to, size_t size)
{
	size_t offset = at & (ring->size - 1);
	size_t first = ring->size - offset;

	if (first >= size) {
		memcpy(to, ring->data + offset, size);
		return;
	}
	memcpy(to, ring->data + offset, first);
	memcpy((char *)to + first, ring->data, size - first);
}

/* Let the kernel write again where everything was read. */
static void ring_give_back(struct ring *ring)
{
	if (ring->given != ring->tail)
		__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
	ring->given = ring->tail;
}

/* Move over what is no sample to the next record, and note its time. False: there is none. */
static bool ring_peek(struct ring *ring)
{
	struct perf_event_header header;

	while (ring->tail != ring->head) {
		ring_copy(ring, ring->tail, &header, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE &&
		    header.size >= sizeof(struct sample) + sizeof(ring->time)) {
			ring_copy(ring, ring->tail + sizeof(struct sample), &ring->time,
				  sizeof(ring->time));
			return true;
		}
		/* PERF_RECORD_LOST: the program has counted these losses itself. */
		ring->tail += header.size;
	}
	return false;
}

static void swap(struct ring **a, struct ring **b)
{
	struct ring *was = *a;

	*a = *b;
	*b = was;
}

/* Put the heap in order again, in which at most the ring at `at` is too late for its place. */
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

/* Note how far each ring is filled now. */
static void look(struct merge *merge)
{
	merge->unread_count = 0;
	for (size_t i = 0; i < merge->count; i++) {
		struct ring *ring = &merge->rings[i];

		ring->head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
		if (ring_peek(ring))
			merge->unread[merge->unread_count++] = ring;
	}
	for (size_t i = merge->unread_count / 2; i-- > 0;)
		sift_down(merge, i);
}

int merge_drain(struct merge *merge, merge_record *record, void *context)
{
	int result = 0;

	look(merge);
	while (!result && merge->unread_count > 0) {
		struct ring *ring = merge->unread[0];
		struct sample sample;

		ring_copy(ring, ring->tail, &sample, sizeof(sample));
		ring_copy(ring, ring->tail + sizeof(sample), merge->record, sample.size);
		result = record(context, ring->cpu, merge->record, sample.size);
		ring->tail += sample.header.size;
		/*
		 * In a flood the kernel waits for room; but each time that it is given some, the
		 * CPU that drops has to fetch the page's first line from this one.
		 */
		if (ring->tail - ring->given >= ring->size / GIVE_BACK_PARTS)
			ring_give_back(ring);
		if (!ring_peek(ring))
			merge->unread[0] = merge->unread[--merge->unread_count];
		sift_down(merge, 0);
	}
	for (size_t i = 0; i < merge->count; i++)
		ring_give_back(&merge->rings[i]);
	return result;
}
