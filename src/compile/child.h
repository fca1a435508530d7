/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_CHILD_H
#define BYTETRACE_COMPILE_CHILD_H

struct error;
struct image;
struct source;
struct types;

/*
 * Compile a program in a child process, the only one to load libbcc and LLVM. `macros` is a
 * NULL-terminated list of -D flags. On failure returns -errno; a compiler's message is told once,
 * with the file and line of the template or source file (STATUS_COMPILE). The caller calls
 * image_free().
 *
 * `listing`: NULL, or receives what the compiler tells of its work, for listing_open(); the caller
 * frees it.
 */
int child_compile(struct image *image, const struct source *source, const char *const *macros,
		  const struct types *types, char **listing, struct error *err);

#endif
