// SPDX-License-Identifier: GPL-2.0-only
#include "compile/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/image.h"
#include "compile/cache.h"
#include "compile/child.h"
#include "compile/header_tree.h"
#include "generate/source.h"
#include "kernel/types.h"
#include "util/error.h"

/* Open BTF that is in memory as a source of types. */
static int open_memory(struct types *types, const void *btf, size_t size)
{
	*types = (struct types)TYPES_CLOSED;
	types->kind = TYPES_KIND_BTF;
	strcpy(types->description, "BTF of the headers");
	types->file_fd = memfd_create("bytetrace-types", MFD_CLOEXEC);
	if (types->file_fd >= 0 && write(types->file_fd, btf, size) == (ssize_t)size)
		return 0;
	types_close(types);
	return -EIO;
}

/*
 * Convert the types in headers into BTF: compile a program that only describes them, or find it in
 * the cache. The BTF is `types` of the image.
 */
static int convert_headers(struct image *converted, const struct types *headers,
			   const struct cache *cache)
{
	static const char *const no_macros[] = { NULL };
	const struct source program = { .text = (char *)embedded_kernel_types };
	struct cache_key key;
	struct error ignored; /* the compile against the headers reports its own */
	int result;

	if (cache_key_make(&key, program.text, no_macros, headers))
		return -ENOMEM;
	result = cache_load(cache, &key, converted);
	if (result == 0)
		goto out;
	result = child_compile(converted, &program, no_macros, headers, NULL, &ignored);
	if (result == 0)
		cache_store(cache, &key, converted);
out:
	cache_key_free(&key);
	return result;
}

/* An image that was compiled against converted headers depends on their files, too. */
static int add_files(struct image *image, const struct image *converted)
{
	char *files;

	if (asprintf(&files, "%s%s", image->files, converted->files) < 0) {
		image_free(image);
		return -ENOMEM;
	}
	free(image->files);
	image->files = files;
	return 0;
}

/* Compile against BTF made from headers. */
static int compile_with_converted(struct image *image, const struct source *source,
				  const char *const *macros, const struct types *headers,
				  const struct cache *cache, char **listing, struct error *err)
{
	struct image converted;
	struct types types;
	int result = convert_headers(&converted, headers, cache);

	if (result)
		return result;
	result = open_memory(&types, converted.types, converted.types_size);
	if (result)
		goto out;
	result = child_compile(image, source, macros, &types, listing, err);
	types_close(&types);
	if (result == 0)
		result = add_files(image, &converted);
out:
	image_free(&converted);
	return result;
}

/*
 * Parsing all headers takes most of a compile's time, so they are converted into BTF once. Whatever
 * fails with BTF is compiled against the headers themselves, and the errors come from there.
 */
static int compile_with_headers(struct image *image, const struct source *source,
				const char *const *macros, const struct types *headers,
				const struct cache *cache, char **listing, struct error *err)
{
	if (header_tree_suffices(source->text) &&
	    compile_with_converted(image, source, macros, headers, cache, listing, err) == 0)
		return 0;
	return child_compile(image, source, macros, headers, listing, err);
}

int compile_program(struct image *image, const struct source *source, const char *const *macros,
		    const struct types *types, const struct cache *cache, char **listing,
		    struct error *err)
{
	struct cache_key key;
	int result;

	if (cache_key_make(&key, source->text, macros, types))
		return error_nomem(err);
	result = listing ? -ENOENT : cache_load(cache, &key, image);
	if (result == 0)
		goto out;
	if (types->kind == TYPES_KIND_BTF)
		result = child_compile(image, source, macros, types, listing, err);
	else
		result = compile_with_headers(image, source, macros, types, cache, listing, err);
	if (result == 0)
		cache_store(cache, &key, image);
out:
	cache_key_free(&key);
	return result;
}
