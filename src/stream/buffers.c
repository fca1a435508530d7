// SPDX-License-Identifier: GPL-2.0-only
#include "stream/buffers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/image.h"
#include "bpf/load.h"
#include "bpf/sysbpf.h"
#include "record/maps.h"
#include "stream/slots.h"
#include "util/cpus.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_EVENTS 16

struct ring {
	int fd;
	void *page;   /* the reader's position, the only memory that it may write; or NULL */
	void *memory; /* a page with the writer's position, followed by the ring */
};

struct buffers {
	struct ring *rings;
	size_t count;
	struct slot *slots; /* of ring buffers in the map `events` */
	size_t slot_count;
	size_t size;
	size_t page_size;
	int epoll_fd;
	struct merge *merge;
};

/* Map memory of a ring into *to. */
static int map_memory(void **to, const struct ring *ring, size_t size, int protection,
		      size_t offset)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, ring->fd, (off_t)offset);

	if (memory == MAP_FAILED)
		return -errno;
	*to = memory;
	return 0;
}

static int open_perf(struct ring *ring, struct ring_memory *memory, const struct buffers *rings,
		     uint32_t cpu)
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
	struct perf_event_mmap_page *page;
	int result;

	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return -errno;
	result = map_memory(&ring->memory, ring, rings->page_size + rings->size,
			    PROT_READ | PROT_WRITE, 0);
	if (result)
		return result;
	page = ring->memory;
	memory->kind = RING_PERF;
	memory->written = (const uint64_t *)&page->data_head;
	memory->read = (uint64_t *)&page->data_tail;
	return 0;
}

static int open_bpf(struct ring *ring, struct ring_memory *memory, const struct buffers *rings)
{
	const struct image_map map = { .name = MAP_RING,
				       .type = BPF_MAP_TYPE_RINGBUF,
				       .max_entries = (uint32_t)rings->size };
	int result;

	ring->fd = sysbpf_map_create(&map, 0);
	if (ring->fd < 0)
		return ring->fd;
	result = map_memory(&ring->page, ring, rings->page_size, PROT_READ | PROT_WRITE, 0);
	if (!result)
		result = map_memory(&ring->memory, ring, rings->page_size + rings->size, PROT_READ,
				    rings->page_size);
	memory->kind = RING_BPF;
	memory->written = ring->memory;
	memory->read = ring->page;
	return result;
}

/* Open the ring of a CPU, and give programs its perf buffer; slots_fill() does that for BPF rings.
 */
static int open_ring(struct buffers *rings, const struct loaded_map *events, uint32_t cpu)
{
	struct ring *ring = &rings->rings[rings->count++];
	struct ring_memory memory = { .size = rings->size };
	/* Edge-triggered: a BPF ring is readable whenever it is not empty; wait for its wake-ups.
	 */
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int result;

	if (events->type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		result = open_bpf(ring, &memory, rings);
		rings->slots[rings->slot_count++] =
			(struct slot){ .array_fd = events->fd, .ring_fd = ring->fd, .cpu = cpu };
	} else {
		result = open_perf(ring, &memory, rings, cpu);
		if (!result)
			result = sysbpf_map_set(events->fd, &cpu, &ring->fd);
	}
	if (result)
		return result;
	memory.data = (const char *)ring->memory + rings->page_size;
	merge_add(rings->merge, cpu, &memory);
	if (epoll_ctl(rings->epoll_fd, EPOLL_CTL_ADD, ring->fd, &event))
		result = -errno;
	return result;
}

static int open_all(struct buffers *rings, const struct loaded_map *events, struct error *err)
{
	size_t cpus = cpus_end();
	bool *online = calloc(cpus, sizeof(*online));
	char list[4096] = "";
	int result;

	rings->rings = calloc(cpus, sizeof(*rings->rings));
	rings->slots = calloc(cpus, sizeof(*rings->slots));
	rings->merge = merge_create(cpus);
	if (!online || !rings->rings || !rings->slots || !rings->merge) {
		result = error_nomem(err);
		goto out;
	}
	if (file_read_string(AT_FDCWD, "/sys/devices/system/cpu/online", list, sizeof(list)) ||
	    !cpus_parse(list, online, cpus)) {
		result =
			error_set(err, STATUS_ENVIRONMENT, EIO,
				  "cannot read the list of CPUs in /sys/devices/system/cpu/online");
		goto out;
	}
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		if (!online[cpu])
			continue;
		result = open_ring(rings, events, cpu);
		if (result) {
			error_set(err, STATUS_LOAD, -result, "cannot open the buffer of CPU %u: %s",
				  cpu, strerror(-result));
			goto out;
		}
	}
	result = slots_fill(rings->slots, rings->slot_count);
	if (result)
		error_set(err, STATUS_LOAD, -result,
			  "the kernel refused a buffer in the map \"events\": %s",
			  strerror(-result));
out:
	free(online);
	return result;
}

int buffers_open(struct buffers **rings, const struct loaded_map *events, size_t size,
		 struct error *err)
{
	struct buffers *opened = calloc(1, sizeof(*opened));
	int result;

	if (!opened)
		return error_nomem(err);
	opened->size = size;
	opened->page_size = (size_t)sysconf(_SC_PAGESIZE);
	opened->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (opened->epoll_fd < 0) {
		result = error_set(err, STATUS_ENVIRONMENT, errno,
				   "cannot create an epoll descriptor: %s", strerror(errno));
		goto fail;
	}
	result = open_all(opened, events, err);
	if (result)
		goto fail;
	*rings = opened;
	return 0;

fail:
	buffers_close(opened);
	return result;
}

void buffers_watch_hangup(struct buffers *rings, int fd)
{
	struct epoll_event event = { .data.u32 = BUFFERS_HANGUP }; /* EPOLLHUP and EPOLLERR */

	epoll_ctl(rings->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

enum buffers_event buffers_wait(struct buffers *rings, int timeout_ms, const sigset_t *mask)
{
	struct epoll_event events[MAX_EVENTS];
	int count = epoll_pwait(rings->epoll_fd, events, MAX_EVENTS, timeout_ms, mask);

	for (int i = 0; i < count; i++)
		if (events[i].data.u32 == BUFFERS_HANGUP)
			return BUFFERS_HANGUP;
	return BUFFERS_READY;
}

int buffers_drain(struct buffers *rings, merge_record *record, void *context)
{
	return merge_drain(rings->merge, record, context);
}

void buffers_close(struct buffers *rings)
{
	if (!rings)
		return;
	slots_finish(rings->slots, rings->slot_count);
	for (size_t i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->rings[i];

		if (ring->page)
			munmap(ring->page, rings->page_size);
		if (ring->memory)
			munmap(ring->memory, rings->page_size + rings->size);
		if (ring->fd >= 0)
			close(ring->fd);
	}
	if (rings->epoll_fd >= 0)
		close(rings->epoll_fd);
	merge_free(rings->merge);
	free(rings->rings);
	free(rings->slots);
	free(rings);
}
