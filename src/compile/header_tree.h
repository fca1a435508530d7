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

/* Compiler flags that go with an include tree. */
struct include_flags {
	size_t count;
	char text[16][PATH_MAX];
	struct type_dump dump; /* from BTF: what it was made of */
};

/*
 * A program that asks the compiler for the kernel's types in an include tree of headers:
 * templates/types.c, built in.
 */
extern const char embedded_kernel_types[];

/*
 * Make below the directory `path` (private, empty) what libbcc takes for a kernel source tree:
 * - from headers: include/linux/kconfig.h, the answer to that question, and flags that lead
 *   to the real tree or trees;
 * - from BTF: stand-ins for the header files that a drop probe and libbcc's own helpers include.
 * An archive is unpacked there first. `text` is the program: stand-ins are made for whatever it
 * includes between angle brackets. `wanted` names further types of it, see type_dump_write().
 * Nothing outside of `path` is written. Returns 0 or -errno with STATUS_ENVIRONMENT.
 */
int header_tree_make(const char *path, const struct types *types, const char *text,
		     const char *wanted, struct include_flags *flags, struct error *err);

/*
 * Whether the stand-ins are likely to be enough for a program: it includes no other header
 * files and does not ask how the kernel was configured.
 */
bool header_tree_suffices(const char *text);

#endif
