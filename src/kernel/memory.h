/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_MEMORY_H
#define BYTETRACE_KERNEL_MEMORY_H

#include <stdint.h>

/*
 * The end of physical memory in gigabytes, rounded up, from /proc/iomem, which shows it only to
 * root. 0: unknown, or not x86-64, where it is not needed.
 */
uint64_t memory_gigabytes(const char *iomem);

#endif
