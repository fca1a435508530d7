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
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program/sysbpf.h"
#include "util/cpus.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_EVENTS 16

struct ring {
	int fd;
	void *memory; /* a page of the kernel's, followed by the ring */
};

struct rings {
	struct ring *rings;
	size_t count;
	size_t size;
	size_t page_size;
	int epoll_fd;
	struct merge *merge;
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

	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return -errno;
	memory = mmap(NULL, rings->page_size + rings->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      ring->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->memory = memory;
	return 0;
}

static int open_all(struct rings *rings, int map_fd, struct error *err)
{
	size_t possible = cpus_possible();
	bool *online = calloc(possible, sizeof(*online));
	char list[4096] = "";
	int result = 0;

	rings->rings = calloc(possible, sizeof(*rings->rings));
	rings->merge = merge_create(possible);
	if (!online || !rings->rings || !rings->merge) {
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
		else
			merge_add(rings->merge, cpu, ring->memory, rings->page_size, rings->size);
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

int rings_drain(struct rings *rings, merge_record *record, void *context)
{
	return merge_drain(rings->merge, record, context);
}

void rings_close(struct rings *rings)
{
	if (!rings)
		return;
	for (size_t i = 0; i < rings->count; i++) {
		struct ring *ring = &rings->rings[i];

		if (ring->memory)
			munmap(ring->memory, rings->page_size + rings->size);
		if (ring->fd >= 0)
			close(ring->fd);
	}
	if (rings->epoll_fd >= 0)
		close(rings->epoll_fd);
	merge_free(rings->merge);
	free(rings->rings);
	free(rings);
}
