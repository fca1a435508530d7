/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_NETNS_H
#define BYTETRACE_KERNEL_NETNS_H

#include <stdint.h>

/*
 * The inode of a network namespace, which is its number everywhere in the kernel, from a path
 * (with a '/'), a process ID, an inode (numbers above all process IDs), or a name as `ip netns`
 * gives. Returns 0, -errno if nothing of that name can be opened, or -EINVAL for a file that is
 * no network namespace. An inode is believed.
 */
int netns_find(const char *text, uint64_t *inode);

#endif
