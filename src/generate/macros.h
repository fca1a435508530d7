/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_MACROS_H
#define BYTETRACE_GENERATE_MACROS_H

#include <stddef.h>
#include <stdint.h>

/* -D flags that describe the running kernel and its tracepoint kfree_skb (templates/README.md). */
struct macros {
	char text[12][48];
	const char *flags[13]; /* NULL-terminated; they point into text */
};

/* What they are made from. */
struct macros_source {
	const char *release;	/* of the kernel: "6.1.0-56-amd64" */
	const char *format;	/* the format file of the tracepoint skb:kfree_skb */
	uint32_t not_specified; /* the number of that reason, 0 if there is none */
	uint64_t gigabytes;	/* where physical memory ends, 0 if it is not known */
	size_t cpus;		/* cpus_end() */
	uint64_t buffer;	/* bytes of each CPU's buffer for records, a power of two */
};

void macros_make(struct macros *macros, const struct macros_source *source);

#endif
