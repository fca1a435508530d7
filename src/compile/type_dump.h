/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_TYPE_DUMP_H
#define BYTETRACE_COMPILE_TYPE_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

#define TYPE_DUMP_MAX_MODULES 8
#define TYPE_DUMP_MODULE_SIZE 64

/* What is to be known of a dump besides its text. */
struct type_dump {
	bool vlan_all; /* struct sk_buff has that member */
	/* Modules whose types are in it: names of files in the directory for them. */
	char modules[TYPE_DUMP_MAX_MODULES][TYPE_DUMP_MODULE_SIZE];
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
int type_dump_write(FILE *out, int fd, const char *wanted, const char *modules,
		    struct type_dump *found, struct error *err);

#endif
