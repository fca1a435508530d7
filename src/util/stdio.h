/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_STDIO_H
#define BYTETRACE_UTIL_STDIO_H

#include <stdint.h>

/*
 * Replace stdout and stderr by files that write to the same descriptors and wait for a slow reader,
 * also if a descriptor is non-blocking. (A descriptor's flags are shared with other processes, so
 * they are not changed.) Out of memory: they stay what they are.
 */
void stdio_replace(void);

/*
 * After this time (clock_monotonic()) a reader that takes nothing for STDIO_STALL_SECONDS is no
 * longer waited for, and every further write fails with ETIMEDOUT.
 */
#define STDIO_STALL_SECONDS 2
void stdio_expect_end(uint64_t time);

/* errno of the first write to stdout that failed; 0: none did. */
int stdio_failure(void);

#endif
