/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_NETNS_H
#define BYTETRACE_KERNEL_NETNS_H

#include <stdint.h>

/*
 * Find the inode of a network namespace, which identifies it, from a path (with a '/'), a process
 * ID, an inode (a number above all process IDs; not verified), or a name of `ip netns`. Returns 0,
 * -errno if it cannot be opened, or -EINVAL if the file is not a network namespace.
 */
int netns_find(const char *text, uint64_t *inode);

/*
 * Open the network namespace with that inode: that of a process, or one that has a name. Returns a
 * descriptor, which the caller closes, or -ENOENT.
 */
int netns_open(uint64_t inode);

#endif
