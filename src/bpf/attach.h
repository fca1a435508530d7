/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_ATTACH_H
#define BYTETRACE_BPF_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;

/* Ways to run a program at an event of the kernel, best first. */
enum attach_way {
	ATTACH_ANY,
	ATTACH_TP_BTF, /* a raw tracepoint whose arguments have types */
	ATTACH_RAW_TRACEPOINT,
	ATTACH_TRACEPOINT,
	ATTACH_KPROBE,
	ATTACH_KRETPROBE, /* at the return of a function; only for hand-written probes */
};

#define ATTACH_TP_BTF_PREFIX "tp_btf__"

/* The types of the running kernel. */
#define ATTACH_KERNEL_BTF "/sys/kernel/btf/vmlinux"

#define ATTACH_NAME_SIZE 64

/*
 * What a function of a program is attached to, according to its name, as in BCC:
 * tp_btf__NAME, raw_tracepoint__NAME, tracepoint__SYSTEM__NAME, kprobe__FUNCTION,
 * kretprobe__FUNCTION.
 */
struct attach_point {
	enum attach_way way;
	uint32_t program_type;	       /* enum bpf_prog_type */
	char system[ATTACH_NAME_SIZE]; /* of a tracepoint */
	char name[ATTACH_NAME_SIZE];
};

/* Returns 0, or -EINVAL with STATUS_ATTACH if the name is not that of an attach point. */
int attach_parse(struct attach_point *point, const char *function, struct error *err);

/* Whether it is a kprobe or kretprobe: the function may be in a module that is not loaded. */
bool attach_is_kprobe(const struct attach_point *point);

/*
 * Print an attach point: "raw tracepoint kfree_skb", "tracepoint skb:kfree_skb", "kprobe
 * kfree_skb", and "kfree_skb" for tp_btf, the best way.
 */
void attach_print(const struct attach_point *point, FILE *out);

/* Without the way: "kfree_skb", "skb:kfree_skb". */
void attach_print_place(const struct attach_point *point, FILE *out);

/*
 * Check that the running kernel supports a way to attach. ATTACH_ANY becomes the best one that it
 * supports; tp_btf only if the program may read the kernel's structs `directly`. Fails with
 * STATUS_ATTACH.
 */
int attach_choose(enum attach_way *way, bool directly, struct error *err);

/*
 * Attach a loaded program. Returns a descriptor, whose closing detaches it, or -errno with
 * STATUS_ATTACH.
 */
int attach_program(const struct attach_point *point, int program_fd, struct error *err);

#endif
