/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_COMPILE_H
#define BYTETRACE_COMPILE_COMPILE_H

#include <stdbool.h>

struct cache;
struct error;
struct image;
struct source;
struct types;

/* What is kept of a compile. */
struct compile_config {
	const char *cache_dir; /* --cache-dir, or NULL */
	bool no_cache;
};

/*
 * Get the image of a program in the cheapest way that there is: kept from an earlier run; compiled
 * against the types that an earlier compile against headers left in the cache; compiled against
 * `types`. What is made on the way is kept. `macros` is a NULL-terminated list of -D flags.
 * With `listing` (else NULL) it is compiled anew, and what the compiler told comes with it, as from
 * child_compile(). Fails as child_compile() does. The caller calls image_free().
 */
int compile_program(struct image *image, const struct source *source, const char *const *macros,
		    const struct types *types, const struct cache *cache, char **listing,
		    struct error *err);

#endif
