/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_GATE_H
#define BYTETRACE_BPF_GATE_H

#include <stdint.h>

struct attach_point;
struct error;

/*
 * A gate is a small program that is attached in the place of another one and jumps to it by a tail
 * call. The target can be exchanged in one step, so that no event is missed or seen twice.
 */
struct gate {
	int program_fd; /* -1: closed */
	int map_fd;	/* holds the target */
};

#define GATE_CLOSED                                                                                \
	{                                                                                          \
		.program_fd = -1, .map_fd = -1                                                     \
	}

/*
 * Load a gate to a program, of the same attach point and `type_id` (see sysbpf_program_load()).
 * Fails with STATUS_LOAD. The caller calls gate_close(), also on failure.
 */
int gate_open(struct gate *gate, const struct attach_point *point, uint32_t type_id, int target_fd,
	      struct error *err);

/* Have the gate jump to another program. Returns 0 or -errno. */
int gate_set_target(const struct gate *gate, int target_fd);

void gate_close(struct gate *gate);

#endif
