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
	bool function;			   /* false: only marks the end of a function */
};

/*
 * Parse the line from `at` to `end`, without its newline. False if it is not a line of kallsyms,
 * has unprintable bytes in a name, or has a name that the kernel itself skips.
 */
bool kallsyms_parse(const char *at, const char *end, struct kallsyms_line *line);

/*
 * Read all lines of a descriptor, and pass those that can be parsed to `take` until it returns
 * false. Skips lines longer than a block.
 */
void kallsyms_read(int fd, bool (*take)(void *context, const struct kallsyms_line *line),
		   void *context);

#endif
