// SPDX-License-Identifier: GPL-2.0-only
#include "stream/rings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program/sysbpf.h"
#include "util/cpus.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_RECORD (64 * 1024) /* struct perf_event_header counts a record's bytes in 16 bits */
#define MAX_EVENTS 16
#define GIVE_BACK_PARTS 16

/* The payload of PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW, perf_event_open(2). */
struct sample {
	struct perf_event_header header;
	uint32_t size;
	char bytes[];
} __attribute__((packed));

struct ring {
	uint32_t cpu;
	int fd;
	struct perf_event_mmap_page *page; /* followed by the data */
	uint64_t tail;			   /* where the next unread record is */
	uint64_t given;			   /* up to where the kernel may write again */
	uint64_t head;			   /* where this drain ends */
	uint64_t time;			   /* of the record at tail, while tail != head */
};

struct rings {
	struct ring *rings;
	size_t count;
	size_t size;
	size_t page_size;
	int epoll_fd;
	/* Those with records left in this drain: a heap, so that many CPUs cost a record nothing.
	 */
	struct ring **unread;
	size_t unread_count;
	uint64_t record[MAX_RECORD / sizeof(uint64_t)]; /* the one being handed over, aligned */
};

static int ring_open(struct ring *ring, const struct rings *rings, uint32_t cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(rings->size / 4),
	};
	void *memory;

	ring->cpu = cpu;
	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return -errno;
	memory = mmap(NULL, rings->page_size + rings->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      ring->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->page = memory;
	return 0;
}

static int open_all(struct rings *rings, int map_fd, struct error *err)
{
	size_t possible = cpus_possible();
	bool *online = calloc(possible, sizeof(*online));
	char list[4096] = "";
	int result = 0;

	rings->rings = calloc(possible, sizeof(*rings->rings));
	rings->unread = calloc(possible, sizeof(*rings->unread));
	if (!online || !rings->rings || !rings->unread) {
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		goto out;
	}
	if (file_read_string(AT_FDCWD, "/sys/devices/system/cpu/online", list, sizeof(list)) ||
	    !cpus_parse(list, online, possible)) {
		result =
			error_set(err, STATUS_ENVIRONMENT, EIO,
				  "cannot read the list of CPUs in /sys/devices/system/cpu/online");
		goto out;
	}
	for (uint32_t cpu = 0; cpu < possible && !result; cpu++) {
		struct ring *ring = &rings->rings[rings->count];
		struct epoll_event event = { .events = EPOLLIN };

		if (!online[cpu])
			continue;
		rings->count++;
		result = ring_open(ring, rings, cpu);
		if (!result)
			result = sysbpf_map_set(map_fd, &cpu, &ring->fd);
		if (!result && epoll_ctl(rings->epoll_fd, EPOLL_CTL_ADD, ring->fd, &event))
			result = -errno;
		if (result)
			error_set(err, STATUS_LOAD, -result,
				  "cannot open the perf buffer of CPU %u: %s", cpu,
				  strerror(-result));
	}
out:
	free(online);
	return result;
}

int rings_open(struct rings **rings, int map_fd, size_t size, struct error *err)
{
	struct rings *opened = calloc(1, sizeof(*opened));
	int result;

	if (!opened)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	opened->size = size;
	opened->page_size = (size_t)sysconf(_SC_PAGESIZE);
	opened->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (opened->epoll_fd < 0)
		result = error_set(err, STATUS_ENVIRONMENT, errno, "epoll: %s", strerror(errno));
	else
		result = open_all(opened, map_fd, err);
	if (result)
		rings_close(opened);
	else
		*rings = opened;
	return result;
}

void rings_watch_hangup(struct rings *rings, int fd)
{
	struct epoll_event event = { .data.u32 = RINGS_HANGUP }; /* errors are always told */

	epoll_ctl(rings->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

enum rings_event rings_wait(struct rings *rings, int timeout_ms, const sigset_t *mask)
{
	struct epoll_event events[MAX_EVENTS];
	int count = epoll_pwait(rings->epoll_fd, events, MAX_EVENTS, timeout_ms, mask);

	for (int i = 0; i < count; i++)
		if (events[i].data.u32 == RINGS_HANGUP)
			return RINGS_HANGUP;
	return RINGS_READY;
}

/* Copy from the ring, where a record may go on at its start. */
static void ring_copy(const struct rings *rings, const struct ring *ring, uint64_t at, void *to,
		      size_t size)
{
	const char *data = (const char *)ring->page + rings->page_size;
	size_t offset = at & (rings->size - 1);
	size_t first = rings->size - offset;

	if (first >= size) {
		memcpy(to, data + offset, size);
		return;
	}
	memcpy(to, data + offset, first);
	memcpy((char *)to + first, data, size - first);
}

/* Let the kernel write again where everything was read. */
static void ring_give_back(struct ring *ring)
{
	if (ring->given != ring->tail)
		__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
	ring->given = ring->tail;
}

/* Move over what is no sample to the next record, and note its time. False: there is none. */
static bool ring_peek(const struct rings *rings, struct ring *ring)
{
	struct perf_event_header header;

	while (ring->tail != ring->head) {
		ring_copy(rings, ring, ring->tail, &header, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE &&
		    header.size >= sizeof(struct sample) + sizeof(ring->time)) {
			ring_copy(rings, ring, ring->tail + sizeof(struct sample), &ring->time,
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
static void sift_down(const struct rings *rings, size_t at)
{
	struct ring **heap = rings->unread;
	size_t child;

	while ((child = 2 * at + 1) < rings->unread_count) {
		if (child + 1 < rings->unread_count && heap[child + 1]->time < heap[child]->time)
			child++;
		if (heap[at]->time <= heap[child]->time)
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

/* Note how far each ring is filled now. */
static void look(struct rings *rings)
{
	rings->unread_count = 0;
	for (size_t i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->rings[i];

		ring->head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
		if (ring_peek(rings, ring))
			rings->unread[rings->unread_count++] = ring;
	}
	for (size_t i = rings->unread_count / 2; i-- > 0;)
		sift_down(rings, i);
}

int rings_drain(struct rings *rings, rings_record *record, void *context)
{
	int result = 0;

	look(rings);
	while (!result && rings->unread_count > 0) {
		struct ring *ring = rings->unread[0];
		struct sample sample;

		ring_copy(rings, ring, ring->tail, &sample, sizeof(sample));
		ring_copy(rings, ring, ring->tail + sizeof(sample), rings->record, sample.size);
		result = record(context, ring->cpu, rings->record, sample.size);
		ring->tail += sample.header.size;
		/*
		 * In a flood the kernel waits for room; but each time that it is given some, the
		 * CPU that drops has to fetch the page's first line from this one.
		 */
		if (ring->tail - ring->given >= rings->size / GIVE_BACK_PARTS)
			ring_give_back(ring);
		if (!ring_peek(rings, ring))
			rings->unread[0] = rings->unread[--rings->unread_count];
		sift_down(rings, 0);
	}
	for (size_t i = 0; i < rings->count; i++)
		ring_give_back(&rings->rings[i]);
	return result;
}

void rings_close(struct rings *rings)
{
	if (!rings)
		return;
	for (size_t i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->rings[i];

		if (ring->page)
			munmap(ring->page, rings->page_size + rings->size);
		if (ring->fd >= 0)
			close(ring->fd);
	}
	if (rings->epoll_fd >= 0)
		close(rings->epoll_fd);
	free(rings->unread);
	free(rings->rings);
	free(rings);
}
