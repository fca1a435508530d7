/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_CACHE_H
#define BYTETRACE_PROGRAM_CACHE_H

#include <stddef.h>

struct error;
struct image;
struct source;
struct types;

#define CACHE_DIRECTORY "/var/cache/bytetrace"

/*
 * Compiled programs, kept so that the same flags need no compiler the next time. An entry is a file
 * that holds everything that its program was made from; it is used only if all of that is the
 * same, the compiler's libraries are, and its checksum is right. Anything else in its place
 * counts as absent and is replaced.
 */
struct cache {
	int directory; /* -1: no cache, all calls below do nothing */
	char *key;     /* what the program is made from */
	size_t key_length;
	char name[40]; /* of the entry: a hash of the key */
};

/*
 * Open the cache in `path`, which is created if it is not there, for the program that this source,
 * these macros (NULL-terminated) and these types make. The directory must belong to the user that
 * runs and be closed to all others: if it does not, or cannot be made, STATUS_ENVIRONMENT. The
 * caller calls cache_close().
 */
int cache_open(struct cache *cache, const char *path, const struct source *source,
	       const char *const *macros, const struct types *types, struct error *err);

/* Fill `image` from the entry: 0, or -ENOENT. The caller calls image_free(). */
int cache_load(const struct cache *cache, struct image *image);

/*
 * Keep an image, replacing an older entry, and remove the oldest entries above a bound. Whether it
 * worked makes no difference to this run, so it is not told. A kill leaves no file behind.
 */
void cache_store(const struct cache *cache, const struct image *image);

void cache_close(struct cache *cache);

#endif
