/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_KALLSYMS_H
#define BYTETRACE_KERNEL_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of /proc/kallsyms. Strings point into the line and have no NUL behind them. */
struct kallsyms_line {
	uint64_t address; /* 0: hidden */
	const char *name, *module;
	size_t name_length, module_length; /* module_length 0: vmlinux */
	bool function;			   /* otherwise it is only a boundary of functions */
};

/*
 * Parse the line from `at` to `end`, without its newline. False for anything that is no line of
 * kallsyms or has bytes in a name that are not printable, and for names that the kernel passes
 * over itself.
 */
bool kallsyms_parse(const char *at, const char *end, struct kallsyms_line *line);

/*
 * Read all lines of a descriptor, in blocks, and hand over those that can be parsed until
 * `take` returns false. A line longer than a block is passed over.
 */
void kallsyms_read(int fd, bool (*take)(void *context, const struct kallsyms_line *line),
		   void *context);

#endif
