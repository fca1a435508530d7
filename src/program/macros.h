/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_MACROS_H
#define BYTETRACE_PROGRAM_MACROS_H

#include <stdint.h>

/* The -D flags that tell a program what the running kernel and its kfree_skb are like. */
struct macros {
	char text[9][48];
	const char *flags[10]; /* NULL-terminated; they point into text */
};

/*
 * Read them off the kernel's release ("6.1.0-56-amd64") and the format file of the tracepoint
 * skb:kfree_skb. `not_specified` is the number of that reason, 0 if there is none. `gigabytes`:
 * where physical memory ends, 0 if it is not known.
 */
void macros_make(struct macros *macros, const char *release, const char *format,
		 uint32_t not_specified, uint64_t gigabytes);

#endif
