// SPDX-License-Identifier: GPL-2.0-only
#include "program/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/types.h"
#include "program/cache.h"
#include "program/compile.h"
#include "program/image.h"
#include "program/include_tree.h"
#include "program/template.h"
#include "util/error.h"

extern const char embedded_kernel_types[]; /* src/embedded.S */

static const char *const no_macros[] = { NULL };

/* BTF in memory as a type source. */
static int open_kept(struct types *kept, const struct image *image)
{
	*kept = (struct types)TYPES_CLOSED;
	kept->kind = TYPES_KIND_BTF;
	kept->file_fd = memfd_create("bytetrace-types", MFD_CLOEXEC);
	if (kept->file_fd >= 0 &&
	    write(kept->file_fd, image->types, image->types_size) == (ssize_t)image->types_size)
		return 0;
	types_close(kept);
	return -EIO;
}

/* Keep what a compile against headers says of the kernel's types; it is not the program's. */
static void keep_types(const struct cache *cache, const struct cache_key *key, struct image *image)
{
	const struct image kept = {
		.types = image->types,
		.types_size = image->types_size,
		.libraries = image->libraries,
	};

	if (!image->types_size)
		return;
	cache_store(cache, key, &kept);
	free(image->types);
	image->types = NULL;
	image->types_size = 0;
}

/* Compile against headers, with the question for the kernel's types behind the program. */
static int compile_and_keep_types(struct image *image, const struct source *source,
				  const char *const *macros, const struct types *types,
				  const struct cache *cache, const struct cache_key *key,
				  struct error *err)
{
	struct source longer = *source;
	int result;

	longer.length += strlen(embedded_kernel_types);
	longer.text = malloc(longer.length + 1);
	if (!longer.text)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	strcpy(stpcpy(longer.text, source->text), embedded_kernel_types);
	result = compile_program(image, &longer, macros, types, err);
	free(longer.text);
	if (!result)
		keep_types(cache, key, image);
	return result;
}

/*
 * Compile on a host that has headers: they are parsed once, and then only for a program that wants
 * more of them than is kept. Whatever goes wrong on the short way, the long one decides.
 */
static int compile_with_headers(struct image *image, const struct source *source,
				const char *const *macros, const struct types *types,
				const struct cache *cache, struct error *err)
{
	struct cache_key key = { .text = NULL };
	struct image kept_image = { 0 };
	struct types kept;
	int result = -ENOENT;

	if (cache->directory < 0 || !include_tree_suffices(source->text) ||
	    cache_key_make(&key, embedded_kernel_types, no_macros, types))
		return compile_program(image, source, macros, types, err);
	if (cache_load(cache, &key, &kept_image)) {
		result = compile_and_keep_types(image, source, macros, types, cache, &key, err);
	} else if (open_kept(&kept, &kept_image) == 0) {
		result = compile_program(image, source, macros, &kept, err);
		types_close(&kept);
	}
	image_free(&kept_image);
	cache_key_free(&key);
	return result ? compile_program(image, source, macros, types, err) : 0;
}

int build_program(struct image *image, const struct source *source, const char *const *macros,
		  const struct types *types, const struct cache *cache, struct error *err)
{
	struct cache_key key;
	int result;

	if (cache_key_make(&key, source->text, macros, types))
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	result = cache_load(cache, &key, image);
	if (result) {
		result = types->kind == TYPES_KIND_BTF
				 ? compile_program(image, source, macros, types, err)
				 : compile_with_headers(image, source, macros, types, cache, err);
		if (!result)
			cache_store(cache, &key, image);
	}
	cache_key_free(&key);
	return result;
}
