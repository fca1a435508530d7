/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_BTF_JOIN_H
#define BYTETRACE_COMPILE_BTF_JOIN_H

#include <stdint.h>
#include <stdio.h>

#include "compile/btf_bytes.h"

/*
 * The BTF of a kernel and of several of its modules, each of which extends the kernel's, as one.
 * libbpf can then declare all of their types together: where two have the same name, it renames the
 * second.
 */
struct btf_join {
	struct btf_extent kernel;
	struct btf_extent added; /* by modules, so far */
	FILE *types, *strings;
	char *type_bytes, *string_bytes;
	size_t types_size, strings_size;
};

/* Start with the kernel's BTF. Returns 0 or -ENOMEM. The caller calls btf_join_free(). */
int btf_join_start(struct btf_join *join, const struct btf_view *kernel);

/* Add the BTF of a module. Returns 0 or -ENOMEM. */
int btf_join_add(struct btf_join *join, const struct btf_view *module);

/* Write the joined BTF to *bytes, which the caller frees. Returns 0, -ENOMEM or -EFBIG. */
int btf_join_finish(struct btf_join *join, void **bytes, size_t *size);

void btf_join_free(struct btf_join *join);

#endif
