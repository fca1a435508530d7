/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_SYMBOLS_H
#define BYTETRACE_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Functions of the running kernel by address, from /proc/kallsyms. Read once, by symbols_prepare()
 * or at the first look-up. Read again if modules were loaded or unloaded (checked at most every 20
 * ms, at an address in a module or in no known function), or at an address in no known function
 * (after 0.1 s, a delay that doubles each time the address stays unknown). Contains only functions:
 * 2.5 to 4 MB. Names are those that the kernel itself prints.
 */
struct symbols;

struct symbol {
	const char *name;   /* valid until the next look-up */
	const char *module; /* NULL: vmlinux */
	uint64_t offset;    /* of the address in the function */
	uint64_t size;	    /* of the function, up to the next symbol */
};

/* The paths are /proc/kallsyms and /proc/modules, or test files. NULL: out of memory. */
struct symbols *symbols_create(const char *path, const char *modules_path);
void symbols_free(struct symbols *symbols);

/* Read the symbols if they were not read yet. Takes some 50 ms. */
void symbols_prepare(struct symbols *symbols);

/* Find the function that contains `address`. False: none, or the kernel hides addresses. */
bool symbols_find(struct symbols *symbols, uint64_t address, struct symbol *symbol);

/*
 * Pass all functions to `take`, with their first and last address (up to the next function), until
 * it returns non-zero; returns that value. Reads the symbols if they were not read yet.
 */
int symbols_each(struct symbols *symbols,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* Whether the file contained only zero addresses (kptr_restrict, no CAP_SYSLOG). */
bool symbols_restricted(const struct symbols *symbols);

#endif
