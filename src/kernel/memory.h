/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_MEMORY_H
#define BYTETRACE_KERNEL_MEMORY_H

#include <stdint.h>

/*
 * Where physical memory ends, in gigabytes, rounded up: read from /proc/iomem, which tells it only
 * to root. 0: it is not known, or this is another machine than x86-64, where nobody needs it.
 */
uint64_t memory_gigabytes(const char *iomem);

#endif
