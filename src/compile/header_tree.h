/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_HEADER_TREE_H
#define BYTETRACE_COMPILE_HEADER_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "compile/type_dump.h"

struct error;
struct types;

#define MODULES_BTF "/sys/kernel/btf"

/* Compiler flags for an include tree. */
struct include_flags {
	size_t count;
	char text[16][PATH_MAX];
	struct type_dump dump; /* only with BTF */
};

/*
 * A program that makes the compiler describe the kernel's types in BTF: templates/types.c, built
 * in.
 */
extern const char embedded_kernel_types[];

/*
 * Create in the directory `path` (private, empty) the tree that libbcc takes for a kernel's source:
 * - from headers: include/linux/kconfig.h, and compiler flags that lead to the real tree or trees;
 *   an archive is unpacked first;
 * - from BTF: a dump of the types, and small files that include it under the names of the headers
 *   that libbcc, the template, and the program in `text` include.
 * `wanted` names more types, see type_dump_write(). Writes nothing outside of `path`. Returns 0 or
 * -errno with STATUS_ENVIRONMENT.
 */
int header_tree_make(const char *path, const struct types *types, const char *text,
		     const char *wanted, struct include_flags *flags, struct error *err);

/*
 * Whether a tree from BTF is likely to suffice for a program: it includes no other headers and does
 * not test the kernel's configuration.
 */
bool header_tree_suffices(const char *text);

#endif
