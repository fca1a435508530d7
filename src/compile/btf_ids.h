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
 * IDs in the BTF of the running kernel, which libbcc cannot look up. A program with functions
 * tp_btf__NAME needs those of their tracepoints, and for the macros TYPE_SK_BUFF (the ID of struct
 * sk_buff) and KFUNC_RDONLY_CAST (the helper number to call as bpf_rdonly_cast); each macro is
 * defined only if the kernel has the type or function.
 */
struct btf_ids {
	struct btf *btf; /* NULL: the program needs no IDs */
	char text[BTF_IDS_MAX_FLAGS][64];
	size_t flag_count; /* compiler flags in `text` */
};

/*
 * Open the BTF of the running kernel if the program's text needs IDs, and set the flags. -ENOENT
 * with STATUS_ATTACH: the kernel has no BTF. The caller calls btf_ids_close().
 */
int btf_ids_open(struct btf_ids *ids, const char *text, struct error *err);

/*
 * Put the IDs into a compiled program. -ENOENT with STATUS_ATTACH: the kernel has no such
 * tracepoint.
 */
int btf_ids_resolve(const struct btf_ids *ids, struct image *image, struct error *err);

void btf_ids_close(struct btf_ids *ids);

#endif
