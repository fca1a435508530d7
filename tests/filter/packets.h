/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_TESTS_FILTER_PACKETS_H
#define BYTETRACE_TESTS_FILTER_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

#define FRAME_MAX 1600

/* A reproducible sequence of numbers. */
struct random {
	uint64_t state;
};
uint32_t random_below(struct random *random, uint32_t limit);

/* A packet: how an skb holds it, and the frame that an expression must see. */
struct packet {
	char name[96];
	struct input input;
	unsigned char frame[FRAME_MAX];
	uint32_t there;	 /* bytes of the frame */
	uint32_t length; /* of the whole frame: more, if some are in a list of other skbs */
	bool has_link;	 /* otherwise its first 12 bytes are not there */
};

/*
 * Make packets: each of the frames that are known, held in each of the ways that there are; then,
 * up to `count`, changed ones held in a random way. Returns how many; the caller frees.
 */
size_t packets_make(struct packet **packets, struct random *random, size_t count);

#endif
