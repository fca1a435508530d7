/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_CBPF_ANALYSIS_H
#define BYTETRACE_FILTER_CBPF_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

/*
 * The largest number that each register and word can hold before an instruction, on every path to
 * it. It says how far into the packet a load at [x + k] may reach.
 */
struct cbpf_bounds {
	bool reached;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

/* The facts about a program that its translation needs. */
struct cbpf_analysis {
	const struct sock_filter *code;
	size_t count;
	struct cbpf_bounds bounds[BPF_MAXINSNS + 1]; /* before each instruction */
	bool labelled[BPF_MAXINSNS + 1];	     /* a jump leads there */
	uint32_t window; /* the last byte, plus one, of loads that are not far */
	bool loads;	 /* it reads the packet */
	size_t far_loads;
	bool uses_x;
	bool uses_memory[BPF_MEMWORDS];
};

/*
 * Analyse a program whose instructions are known and whose jumps stay inside it. `code` must
 * outlive the result, which the caller frees with free(). NULL: out of memory.
 */
struct cbpf_analysis *cbpf_analyse(const struct sock_filter *code, size_t count);

bool cbpf_is_packet_load(const struct sock_filter *insn);

/* Bytes that a load of the packet reads. */
uint32_t cbpf_load_size(const struct sock_filter *insn);

/* Whether a load of the packet may, with these bounds before it, reach beyond CBPF_MAX_WINDOW. */
bool cbpf_is_far(const struct sock_filter *insn, const struct cbpf_bounds *bounds);

#endif
