/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_CBPF_ANALYSIS_H
#define BYTETRACE_FILTER_CBPF_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

/*
 * What the largest number that each place can hold is, on whatever way here: so how far into the
 * packet a load at [x + k] may reach.
 */
struct cbpf_bounds {
	bool reached;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

/* What a program comes to, instruction by instruction. */
struct cbpf_analysis {
	const struct sock_filter *code;
	size_t count;
	struct cbpf_bounds bounds[BPF_MAXINSNS + 1]; /* before each instruction */
	bool labelled[BPF_MAXINSNS + 1];	     /* a jump leads there */
	uint32_t window;			     /* where loads that are not far end, at most */
	bool loads;				     /* anything of the packet */
	size_t far_loads;
	bool uses_x;
	bool uses_memory[BPF_MEMWORDS];
};

/*
 * Follow all ways through a program whose instructions are known and whose jumps stay in it.
 * `code` must outlive the result, which the caller frees with free(). NULL: out of memory.
 */
struct cbpf_analysis *cbpf_analyse(const struct sock_filter *code, size_t count);

bool cbpf_is_packet_load(const struct sock_filter *insn);

/* Bytes that a load of the packet takes. */
uint32_t cbpf_load_size(const struct sock_filter *insn);

/* Whether a load of the packet, with these bounds before it, may reach beyond CBPF_MAX_WINDOW. */
bool cbpf_is_far(const struct sock_filter *insn, const struct cbpf_bounds *bounds);

#endif
