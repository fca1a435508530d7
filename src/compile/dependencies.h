/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_DEPENDENCIES_H
#define BYTETRACE_COMPILE_DEPENDENCIES_H

#include <limits.h>

#include "compile/sandbox.h"

struct error;
struct image;
struct type_dump;
struct types;

/* The compiler writes the names of the files that it reads to this file (-MD). */
#define DEPENDENCIES_FILE SANDBOX_DIRECTORY "/files"

/*
 * The files that a program depends on. The compiler sees header trees below /proc/self/fd; their
 * own names are kept here.
 */
struct dependencies {
	const struct types *types;
	char build[PATH_MAX], source[PATH_MAX];
};

/* Look up the names of the header trees: before sandbox_enter(), which hides them. */
void dependencies_name(struct dependencies *dependencies, const struct types *types);

/*
 * Check that the compiler read only files that were made for it, headers of the kernel, and
 * headers built into libbcc. -EPERM with STATUS_COMPILE otherwise.
 */
int dependencies_check(const struct dependencies *dependencies, struct error *err);

/*
 * Record in image->files what the image is valid for: the compiler's libraries, the headers that
 * were read, and the modules whose types `dump` holds. Returns 0 or -ENOMEM.
 */
int dependencies_record(const struct dependencies *dependencies, const struct type_dump *dump,
			struct image *image);

#endif
