/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_SNMP_H
#define BYTETRACE_KERNEL_SNMP_H

#include <stdint.h>

/*
 * Pass the names of the kernel's protocol counters, as nstat prints them ("TcpExtListenDrops"), to
 * `take`, with zeros, until it returns non-zero; returns that value. `dir` is /proc/net or a
 * directory like it. Files that cannot be read are left out.
 */
int snmp_each(const char *dir,
	      int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
	      void *context);

#endif
