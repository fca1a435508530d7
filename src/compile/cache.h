/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_CACHE_H
#define BYTETRACE_COMPILE_CACHE_H

#include <stddef.h>

struct error;
struct image;
struct types;

#define CACHE_DIRECTORY "/var/cache/bytetrace"

/*
 * Images of earlier compiles, so that the same flags need no compiler the next time, and other
 * flags no headers. An entry is a file with a key (all inputs of the compile), an image and a
 * checksum. It is valid only if the key is the same, the checksum is right, and the files that the
 * image lists have not changed. An invalid entry counts as absent and is replaced.
 */
struct cache {
	int directory; /* -1: no cache; every load fails, and nothing is stored */
};

#define CACHE_CLOSED                                                                               \
	{                                                                                          \
		.directory = -1                                                                    \
	}

/* All inputs of a compile, except for the files that the image lists. */
struct cache_key {
	char *text;
	size_t length;
	char name[40]; /* of the entry: a hash of the text */
};

/*
 * Open the cache in `path`, which is created if it does not exist. Fails with STATUS_ENVIRONMENT if
 * the directory cannot be created, belongs to another user, or is accessible to others. The caller
 * calls cache_close().
 */
int cache_open(struct cache *cache, const char *path, struct error *err);
void cache_close(struct cache *cache);

/*
 * The key for compiling `source` with `macros` (NULL-terminated) and `types` on the running kernel.
 * Returns 0 or -ENOMEM. The caller calls cache_key_free().
 */
int cache_key_make(struct cache_key *key, const char *source, const char *const *macros,
		   const struct types *types);
void cache_key_free(struct cache_key *key);

/* Read the image of a valid entry. Returns 0 or -ENOENT. The caller calls image_free(). */
int cache_load(const struct cache *cache, const struct cache_key *key, struct image *image);

/*
 * Store an image, replacing an older entry, and remove the entries used least recently beyond a
 * fixed number. Failures are ignored: they do not concern this run. A kill leaves no partial file
 * behind.
 */
void cache_store(const struct cache *cache, const struct cache_key *key, const struct image *image);

#endif
