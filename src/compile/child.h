/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_CHILD_H
#define BYTETRACE_COMPILE_CHILD_H

struct error;
struct image;
struct source;
struct types;

/*
 * Compile a program in a child process, the only process that loads libbcc and LLVM: they take more
 * than 100 MB, and may crash. `macros` is a NULL-terminated list of -D flags. Returns 0 or -errno;
 * a compiler error (STATUS_COMPILE) names the file and line of the template or source file. The
 * caller calls image_free().
 *
 * `listing`: NULL, or receives the text for listing_open(), which the caller frees.
 */
int child_compile(struct image *image, const struct source *source, const char *const *macros,
		  const struct types *types, char **listing, struct error *err);

#endif
