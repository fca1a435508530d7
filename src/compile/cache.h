/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_CACHE_H
#define BYTETRACE_COMPILE_CACHE_H

#include <stddef.h>

struct error;
struct image;
struct types;

#define CACHE_DIRECTORY "/var/cache/bytetrace"

/*
 * What compilers made, kept so that the same flags need no compiler the next time, and other flags
 * no headers. An entry is a file that holds everything that its image was made from; it is used
 * only if all of that is the same, the files that the image names are, and its checksum is right.
 * Anything else in its place counts as absent and is replaced.
 */
struct cache {
	int directory; /* -1: no cache, nothing is found or kept */
};

#define CACHE_CLOSED                                                                               \
	{                                                                                          \
		.directory = -1                                                                    \
	}

/* All that an image is made from, but for the files that it names itself. */
struct cache_key {
	char *text;
	size_t length;
	char name[40]; /* of the entry: a hash of the text */
};

/*
 * Open the cache in `path`, which is created if it is not there. The directory must belong to the
 * user that runs and be closed to all others: if it does not, or cannot be made,
 * STATUS_ENVIRONMENT. The caller calls cache_close().
 */
int cache_open(struct cache *cache, const char *path, struct error *err);
void cache_close(struct cache *cache);

/*
 * The key of what `source`, `macros` (NULL-terminated) and `types` make on the running kernel.
 * Returns 0 or -ENOMEM. The caller calls cache_key_free().
 */
int cache_key_make(struct cache_key *key, const char *source, const char *const *macros,
		   const struct types *types);
void cache_key_free(struct cache_key *key);

/* Fill `image` from the entry: 0, or -ENOENT. The caller calls image_free(). */
int cache_load(const struct cache *cache, const struct cache_key *key, struct image *image);

/*
 * Keep an image, replacing an older entry, and remove the oldest entries above a bound. Whether it
 * worked makes no difference to this run, so it is not told. A kill leaves no file behind.
 */
void cache_store(const struct cache *cache, const struct cache_key *key, const struct image *image);

#endif
