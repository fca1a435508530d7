/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_SYMBOLS_H
#define BYTETRACE_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Functions of the running kernel by address, from /proc/kallsyms: read once, at the first
 * look-up, and again (after 0.1 s at the earliest, and later each time that it was in vain) if
 * an address lies in no known function, because a module may have been loaded since. Holds only
 * code symbols, packed: 3 to 5 MB. Names are those that the kernel itself prints.
 */
struct symbols;

struct symbol {
	const char *name;   /* valid until the next look-up */
	const char *module; /* NULL: vmlinux */
	uint64_t offset;    /* of the address in the function */
	uint64_t size;	    /* of the function, as far as the next symbol tells */
};

/* `path` is /proc/kallsyms, or a file like it. NULL on lack of memory. */
struct symbols *symbols_create(const char *path);
void symbols_free(struct symbols *symbols);

/* Find the function that holds `address`. False if there is none or addresses are hidden. */
bool symbols_find(struct symbols *symbols, uint64_t address, struct symbol *symbol);

/* Whether the file was read and showed only zero addresses (kptr_restrict, no CAP_SYSLOG). */
bool symbols_restricted(const struct symbols *symbols);

#endif
