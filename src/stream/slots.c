// SPDX-License-Identifier: GPL-2.0-only
#include "stream/slots.h"

#include <signal.h>
#include <time.h>

#include "bpf/sysbpf.h"

#define LOOK_NS 20000
#define STACK_SIZE (128 * 1024) /* more than a call needs, and little for hundreds of CPUs */

static void *fill(void *context)
{
	struct slot *slot = context;

	atomic_store(&slot->result, sysbpf_map_set(slot->array_fd, &slot->cpu, &slot->ring_fd));
	return NULL;
}

/* Wait until programs find the ring; the call that puts it there returns later. */
static int wait_for(struct slot *slot)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint32_t id;
	int result;

	while (!(result = atomic_load(&slot->result)) &&
	       sysbpf_map_get(slot->array_fd, &slot->cpu, &id))
		nanosleep(&pause, NULL);
	return result;
}

/*
 * After changing a map of maps, the kernel waits until no program can use the replaced map, which
 * takes some 20 ms. Here no map was replaced, and with many CPUs the sum would be a second or more:
 * each call gets a thread, and nobody waits for it to return. If a limit prevents more threads, the
 * call is made here.
 */
int slots_fill(struct slot *slots, size_t count)
{
	pthread_attr_t small;
	sigset_t all, before;
	int result = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_SIZE);
	/* Only the reader handles signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < count; i++) {
		slots[i].started = !pthread_create(&slots[i].thread, &small, fill, &slots[i]);
		if (!slots[i].started)
			fill(&slots[i]);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&small);
	for (size_t i = 0; i < count && !result; i++)
		result = wait_for(&slots[i]);
	return result;
}

void slots_finish(struct slot *slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slots[i].started)
			pthread_join(slots[i].thread, NULL);
}
