/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_CPUS_H
#define BYTETRACE_UTIL_CPUS_H

#include <stdbool.h>
#include <stddef.h>

/* One past the highest CPU number that can ever come up: the length of a per-CPU map's value. */
size_t cpus_possible(void);

/*
 * Parse a list as in /sys/devices/system/cpu/online ("0-3,8,10-11") and mark its members in
 * `set`, which has room for `size` CPUs. False if the text is no such list or has larger numbers.
 */
bool cpus_parse(const char *list, bool *set, size_t size);

#endif
