/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_BTF_IDS_H
#define BYTETRACE_COMPILE_BTF_IDS_H

#include <stdbool.h>
#include <stddef.h>

struct btf;
struct error;
struct image;

#define BTF_IDS_MAX_FLAGS 2

/*
 * What a program refers to by the numbers that it has in the BTF of the running kernel: the
 * tracepoints of its functions tp_btf__NAME, and for these the macros TYPE_SK_BUFF (the number of
 * struct sk_buff) and KFUNC_RDONLY_CAST (what to call as a helper to call bpf_rdonly_cast), each if
 * the kernel has it.
 */
struct btf_ids {
	struct btf *btf; /* NULL: the program has no such functions */
	char text[BTF_IDS_MAX_FLAGS][64];
	size_t flag_count; /* flags of the compiler in `text` */
};

/*
 * Look the numbers up, if the program's text asks for any. -ENOENT with STATUS_ATTACH: the kernel
 * has no BTF. The caller calls btf_ids_close().
 */
int btf_ids_open(struct btf_ids *ids, const char *text, struct error *err);

/*
 * Put the numbers into a compiled program. -ENOENT with STATUS_ATTACH: the kernel has no such
 * tracepoint.
 */
int btf_ids_resolve(const struct btf_ids *ids, struct image *image, struct error *err);

void btf_ids_close(struct btf_ids *ids);

#endif
