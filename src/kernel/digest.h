/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_DIGEST_H
#define BYTETRACE_KERNEL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

#define DIGEST_MAX_MODULES 8
#define DIGEST_MODULE_SIZE 64

/* What is to be known of a digest besides its text. */
struct digest {
	bool vlan_all; /* struct sk_buff has that member */
	/* Modules whose types are in it: names of files in the directory for them. */
	char modules[DIGEST_MAX_MODULES][DIGEST_MODULE_SIZE];
	size_t module_count;
};

/*
 * Write C declarations of the kernel types that a drop probe works with (sk_buff, net_device,
 * net, sock, the protocol headers, and all that they contain), taken from the BTF in `fd`:
 * a raw BTF file like /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section. `wanted` names
 * further structs, unions and enums, a line each; those that it lacks are looked for in the files
 * of modules that are in the directory `modules` (NULL: there are none), and left out if they are
 * nowhere. Fails with STATUS_ENVIRONMENT.
 */
int digest_write(FILE *out, int fd, const char *wanted, const char *modules, struct digest *digest,
		 struct error *err);

#endif
