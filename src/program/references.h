/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_REFERENCES_H
#define BYTETRACE_PROGRAM_REFERENCES_H

#include <stdbool.h>
#include <stddef.h>

struct btf;
struct error;
struct image;

#define REFERENCES_MAX_FLAGS 2

/*
 * What a program refers to by the numbers that it has in the BTF of the running kernel: the
 * tracepoints of its functions tp_btf__NAME, and for these the macros TYPE_SK_BUFF (the number of
 * struct sk_buff) and KFUNC_RDONLY_CAST (what to call as a helper to call bpf_rdonly_cast), each if
 * the kernel has it.
 */
struct references {
	struct btf *btf; /* NULL: the program has no such functions */
	char text[REFERENCES_MAX_FLAGS][64];
	size_t flag_count; /* flags of the compiler in `text` */
};

/*
 * Look the numbers up, if the program's text asks for any. -ENOENT with STATUS_ATTACH: the kernel
 * has no BTF. The caller calls references_close().
 */
int references_open(struct references *references, const char *text, struct error *err);

/*
 * Put the numbers into a compiled program. -ENOENT with STATUS_ATTACH: the kernel has no such
 * tracepoint.
 */
int references_resolve(const struct references *references, struct image *image, struct error *err);

void references_close(struct references *references);

#endif
