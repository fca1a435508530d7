/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_TYPE_DUMP_H
#define BYTETRACE_COMPILE_TYPE_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

/* Facts about a dump besides its text. */
struct type_dump {
	bool vlan_all; /* struct sk_buff has that member */
	/* Modules whose types it contains, one per line: files in the directory of their BTF. */
	char *modules;
};

/*
 * Write C declarations of the kernel types that a drop probe uses (sk_buff, net_device, net, sock,
 * the protocol headers, and all types in them) from the BTF in `fd`: a raw file like
 * /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section. `name` begins errors about it ("FILE
 * is not a valid BTF file"). `wanted` lists more structs, unions and enums, one name per line;
 * those not found are searched in the BTF of the modules in the directory `modules` (or NULL), and
 * left out if no module has them. Of types with the same name the first keeps it; libbpf adds
 * ___2 to the next. Fails with STATUS_ENVIRONMENT. The caller frees found->modules.
 */
int type_dump_write(FILE *out, int fd, const char *name, const char *wanted, const char *modules,
		    struct type_dump *found, struct error *err);

#endif
