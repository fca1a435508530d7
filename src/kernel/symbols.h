/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_SYMBOLS_H
#define BYTETRACE_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Functions of the running kernel by address, from /proc/kallsyms: read once, at the first
 * look-up or by symbols_prepare(), and again if modules came or went (looked at every 20 ms at
 * most, when an address lies in a module or in no known function), or if an address lies in no
 * known function (after 0.1 s at the earliest, and later each time that it was in vain). Holds only
 * code symbols, packed: 2.5 to 4 MB. Names are those that the kernel itself prints.
 */
struct symbols;

struct symbol {
	const char *name;   /* valid until the next look-up */
	const char *module; /* NULL: vmlinux */
	uint64_t offset;    /* of the address in the function */
	uint64_t size;	    /* of the function, as far as the next symbol tells */
};

/* The paths are /proc/kallsyms and /proc/modules, or files like them. NULL on lack of memory. */
struct symbols *symbols_create(const char *path, const char *modules_path);
void symbols_free(struct symbols *symbols);

/*
 * Read them now, if nobody asked for one before: it takes some 50 ms, in which better nobody waits.
 */
void symbols_prepare(struct symbols *symbols);

/* Find the function that holds `address`. False if there is none or addresses are hidden. */
bool symbols_find(struct symbols *symbols, uint64_t address, struct symbol *symbol);

/*
 * Hand all functions to `take`, with their first and last address (up to the next function), until
 * it returns something else than 0, which is returned. Reads the file if that was not done yet.
 */
int symbols_each(struct symbols *symbols,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* Whether the file was read and showed only zero addresses (kptr_restrict, no CAP_SYSLOG). */
bool symbols_restricted(const struct symbols *symbols);

#endif
