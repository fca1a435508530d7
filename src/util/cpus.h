/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_CPUS_H
#define BYTETRACE_UTIL_CPUS_H

#include <stdbool.h>
#include <stddef.h>

/* How many CPUs can ever be online: the number of values in an element of a per-CPU map. */
size_t cpus_possible(void);

/*
 * One past the highest number of a CPU that can ever be online: the size of an array that CPU
 * numbers index. libbpf only counts the CPUs; their numbers may have gaps.
 */
size_t cpus_end(void);

/*
 * Parse a list as in /sys/devices/system/cpu/online ("0-3,8,10-11") and mark its members in
 * `set`, which has room for `size` CPUs. False if the text is not a list or a number is too large.
 */
bool cpus_parse(const char *list, bool *set, size_t size);

#endif
