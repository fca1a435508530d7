/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_SLOTS_H
#define BYTETRACE_STREAM_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The entry for a CPU's ring in an array of maps. */
struct slot {
	int array_fd;
	int ring_fd;
	uint32_t cpu;
	bool started;
	pthread_t thread;
	atomic_int result; /* of the call in the thread: -errno */
};

/*
 * Put the rings into their slots. Returns 0 as soon as programs find all of them, or -errno. The
 * slots must not change until slots_finish().
 */
int slots_fill(struct slot *slots, size_t count);

/* Wait for the threads of slots_fill(), if it was called. */
void slots_finish(struct slot *slots, size_t count);

#endif
