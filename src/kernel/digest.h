/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_DIGEST_H
#define BYTETRACE_KERNEL_DIGEST_H

#include <stdbool.h>
#include <stdio.h>

struct error;

/*
 * Write C declarations of the kernel types that a drop probe works with (sk_buff, net_device,
 * net, sock, the protocol headers, and all that they contain), taken from the BTF in `fd`:
 * a raw BTF file like /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section. `wanted` names
 * further structs, unions and enums, a line each; those that the BTF lacks are left out.
 * `*vlan_all` tells whether struct sk_buff has that member. Fails with STATUS_ENVIRONMENT.
 */
int digest_write(FILE *out, int fd, const char *wanted, bool *vlan_all, struct error *err);

#endif
