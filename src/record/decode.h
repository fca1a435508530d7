/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_DECODE_H
#define BYTETRACE_RECORD_DECODE_H

#include <stddef.h>
#include <stdint.h>

struct drop_event;
struct layout;
struct layouts;
struct owner;

/* A decoded drop: a valid record, and what comes with it from outside. */
struct drop {
	const struct drop_event *event;
	const struct layout *layout; /* of the program that wrote the record */
	const char *fields;	     /* values of that program's own columns */
	uint32_t cpu;		     /* the CPU that dropped the packet */
	const struct owner *owner;   /* of the socket; decode_drop() sets it to NULL: not known */
	const uint64_t *stack;	     /* from the function that dropped the packet outwards */
	size_t stack_depth;
};

/*
 * Check a raw record of `size` bytes, which can include padding by the kernel, and fill `drop`,
 * which points into `bytes` and `layouts`. `bytes` is 8-byte aligned and has room for a whole
 * struct drop_event: members that a short record lacks are set to zero. Returns 0, -EMSGSIZE for a
 * truncated record, -EPROTO for a record of another version, of a program that is not in `layouts`,
 * or with impossible contents.
 */
int decode_drop(void *bytes, size_t size, uint32_t cpu, const struct layouts *layouts,
		struct drop *drop);

/* The name of an enum drop_tunnel, such as "vxlan", in static storage; NULL: no tunnel. */
const char *decode_tunnel_name(unsigned int tunnel);

#endif
