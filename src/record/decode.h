/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_DECODE_H
#define BYTETRACE_RECORD_DECODE_H

#include <stddef.h>
#include <stdint.h>

struct drop_event;
struct layout;
struct layouts;

/* One drop, decoded: a valid record, and what is known about it from elsewhere. */
struct drop {
	const struct drop_event *event;
	const struct layout *layout; /* of the program whose record it is */
	const char *fields;	     /* its columns, as the layout says */
	uint32_t cpu;		     /* the CPU that dropped the packet */
	const uint64_t *stack;	     /* from the function that dropped outwards */
	size_t stack_depth;
};

/*
 * Check a raw record of `size` bytes (the kernel pads it, so size may be larger than the
 * record) and fill `drop`, which points into `bytes` and `layouts`. `bytes` is 8-byte aligned and
 * has room for a whole struct drop_event: members that a short record lacks become zero. Returns 0,
 * -EMSGSIZE for a record that is cut short, -EPROTO for one of another version, of a program that
 * `layouts` does not have, or with impossible contents.
 */
int decode_drop(void *bytes, size_t size, uint32_t cpu, const struct layouts *layouts,
		struct drop *drop);

/* The name of an enum drop_tunnel: "vxlan"; NULL for none. Static storage. */
const char *decode_tunnel_name(unsigned int tunnel);

#endif
