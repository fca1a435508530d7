/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_ATTACH_H
#define BYTETRACE_BPF_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;

/* The ways to be called for each dropped packet, the best one first. */
enum attach_way {
	ATTACH_ANY,
	ATTACH_TP_BTF, /* a raw tracepoint whose arguments have types */
	ATTACH_RAW_TRACEPOINT,
	ATTACH_TRACEPOINT,
	ATTACH_KPROBE,
	ATTACH_KRETPROBE, /* where a function returns: for probes only */
};

#define ATTACH_TP_BTF_PREFIX "tp_btf__"

/* Where the kernel says what its types are. */
#define ATTACH_KERNEL_BTF "/sys/kernel/btf/vmlinux"

#define ATTACH_NAME_SIZE 64

/*
 * What a function of a program is attached to, told by its name in BCC's manner:
 * tp_btf__NAME, raw_tracepoint__NAME, tracepoint__SYSTEM__NAME, kprobe__FUNCTION,
 * kretprobe__FUNCTION.
 */
struct attach_point {
	enum attach_way way;
	uint32_t program_type;	       /* enum bpf_prog_type */
	char system[ATTACH_NAME_SIZE]; /* of a tracepoint */
	char name[ATTACH_NAME_SIZE];
};

/* Returns 0, or -EINVAL with STATUS_ATTACH if the function is named after no attach point. */
int attach_parse(struct attach_point *point, const char *function, struct error *err);

/* Whether it is at a function of the kernel, which may be in a module that is not loaded. */
bool attach_is_kprobe(const struct attach_point *point);

/*
 * In words: "kfree_skb" for the best way, tp_btf, "raw tracepoint kfree_skb", "tracepoint
 * skb:kfree_skb", "kprobe kfree_skb".
 */
void attach_print(const struct attach_point *point, FILE *out);

/* Without the way: "kfree_skb", "skb:kfree_skb". */
void attach_print_place(const struct attach_point *point, FILE *out);

/*
 * Check that the running kernel offers a way; ATTACH_ANY becomes the best one that it does. That is
 * tp_btf only if the program may read the kernel's structs directly. -EOPNOTSUPP with STATUS_ATTACH
 * if there is none.
 */
int attach_choose(enum attach_way *way, bool directly, struct error *err);

/*
 * Attach a loaded program. Returns a descriptor that it stays attached by, or -errno with
 * STATUS_ATTACH.
 */
int attach_program(const struct attach_point *point, int program_fd, struct error *err);

#endif
