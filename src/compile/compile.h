/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_COMPILE_H
#define BYTETRACE_COMPILE_COMPILE_H

#include <stdbool.h>

struct cache;
struct error;
struct image;
struct source;
struct types;

/*
 * The way from a program's text to its instructions, caller before callee:
 *   compile.c        this interface: cache first, then the cheapest compile that works
 *   cache.c          images of earlier compiles, in files
 *   child.c          starts the compile child, and turns its messages into an error
 *   libbcc.c         in the child: calls libbcc and copies what it made into an image
 *   sandbox.c        in the child: mount namespace, working directory, environment
 *   header_tree.c    in the child: the include tree, from kernel headers or BTF
 *   type_dump.c      in the child: C declarations from BTF
 *   btf_file.c       in the child: BTF in a file of its own, or in an ELF file
 *   btf_bytes.c      in the child: whether bytes are BTF that libbpf can be given
 *   btf_join.c       in the child: the BTF of the kernel and of modules, as one
 *   btf_ids.c        in the child: type numbers that libbcc cannot look up
 *   dependencies.c   in the child: which files the compiler read, checked and recorded
 * listing.c reads what libbcc prints about a compile: rewritten source and instructions.
 */

/* Where compiled programs are kept. */
struct compile_config {
	const char *cache_dir; /* --cache-dir, or NULL */
	bool no_cache;
};

/*
 * Get the image of a program: from the cache; else compiled against the types that an earlier
 * compile against headers left in the cache; else compiled against `types`. The cache keeps the
 * results. `macros` is a NULL-terminated list of -D flags. `listing`: see child_compile(); if it is
 * not NULL the program is compiled even if the cache has it. Fails as child_compile() does. The
 * caller calls image_free().
 */
int compile_program(struct image *image, const struct source *source, const char *const *macros,
		    const struct types *types, const struct cache *cache, char **listing,
		    struct error *err);

#endif
