// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/gate.h"

#include <string.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "bpf/attach.h"
#include "bpf/image.h"
#include "bpf/sysbpf.h"
#include "util/error.h"

int gate_open(struct gate *gate, const struct attach_point *point, uint32_t type_id, int target_fd,
	      struct error *err)
{
	const struct image_map map = { .name = "jump",
				       .type = BPF_MAP_TYPE_PROG_ARRAY,
				       .key_size = sizeof(uint32_t),
				       .value_size = sizeof(int),
				       .max_entries = 1 };
	struct bpf_insn code[] = {
		/* r2 = the map, r3 = 0; r1 is still the context. */
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2, .src_reg = BPF_PSEUDO_MAP_FD },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int result;

	*gate = (struct gate)GATE_CLOSED;
	gate->map_fd = sysbpf_map_create(&map, 0);
	if (gate->map_fd < 0)
		return error_set(err, STATUS_LOAD, -gate->map_fd,
				 "--watch: the kernel refused the map of the jump program: %s",
				 strerror(-gate->map_fd));
	code[0].imm = gate->map_fd;
	gate->program_fd =
		sysbpf_program_load(point->program_type, type_id, code,
				    sizeof(code) / sizeof(*code), point->name, NULL, 0, 0);
	if (gate->program_fd < 0)
		return error_set(err, STATUS_LOAD, -gate->program_fd,
				 "--watch: the kernel refused the jump program: %s",
				 strerror(-gate->program_fd));
	result = gate_set_target(gate, target_fd);
	if (result)
		return error_set(err, STATUS_LOAD, -result,
				 "--watch: the kernel refused the target of the jump program: %s",
				 strerror(-result));
	return 0;
}

int gate_set_target(const struct gate *gate, int target_fd)
{
	const uint32_t first = 0;

	return sysbpf_map_set(gate->map_fd, &first, &target_fd);
}

void gate_close(struct gate *gate)
{
	if (gate->program_fd >= 0)
		close(gate->program_fd);
	if (gate->map_fd >= 0)
		close(gate->map_fd);
	*gate = (struct gate)GATE_CLOSED;
}
