/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_LIBBCC_H
#define BYTETRACE_COMPILE_LIBBCC_H

#include <stdbool.h>

struct error;
struct image;
struct types;

/* The name under which libbcc reports lines of the program. */
#define LIBBCC_MAIN_FILE "/virtual/main.c"

/*
 * Compile `text` with libbcc in this process, which must be the compile child: loads libbcc and
 * LLVM, and enters the sandbox (compile/sandbox.h) for good. `wanted`: see header_tree_make().
 * `macros` is a NULL-terminated list of -D flags. The compiler's messages go to descriptors 1 and
 * 2; with `listing` the text that compile/listing.h parses does, too. Returns 0 with an image that
 * is never freed, or -errno.
 */
int libbcc_compile(const char *text, const char *wanted, const char *const *macros,
		   const struct types *types, bool listing, struct image *image, struct error *err);

#endif
