// SPDX-License-Identifier: GPL-2.0-only
#include "compile/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/types.h"
#include "compile/cache.h"
#include "compile/child.h"
#include "bpf/image.h"
#include "compile/header_tree.h"
#include "generate/source.h"
#include "util/error.h"

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

/* The image of the question for the types in headers: kept, or asked now and kept. */
static int ask_types(struct image *answer, const struct types *types, const struct cache *cache)
{
	const struct source question = { .text = (char *)embedded_kernel_types };
	struct cache_key key;
	struct error ignored; /* the compile against headers has its own */
	int result;

	if (cache_key_make(&key, question.text, no_macros, types))
		return -ENOMEM;
	result = cache_load(cache, &key, answer);
	if (result) {
		result = child_compile(answer, &question, no_macros, types, NULL, &ignored);
		if (!result)
			cache_store(cache, &key, answer);
	}
	cache_key_free(&key);
	return result;
}

/* What is made from an answer is as old as the headers that gave it. */
static int add_files(struct image *image, const struct image *answer)
{
	char *files;

	if (asprintf(&files, "%s%s", image->files, answer->files) < 0) {
		image_free(image);
		return -ENOMEM;
	}
	free(image->files);
	image->files = files;
	return 0;
}

/* Compile against the types that are in headers. */
static int compile_with_types(struct image *image, const struct source *source,
			      const char *const *macros, const struct types *types,
			      const struct cache *cache, char **listing, struct error *err)
{
	struct image answer;
	struct types kept;
	int result = ask_types(&answer, types, cache);

	if (result)
		return result;
	result = open_kept(&kept, &answer);
	if (!result) {
		result = child_compile(image, source, macros, &kept, listing, err);
		types_close(&kept);
	}
	if (!result)
		result = add_files(image, &answer);
	image_free(&answer);
	return result;
}

/*
 * Compile on a host that has headers. They are parsed once, for their types, and then only for a
 * program that wants more of them. Whatever goes wrong on the short way, the long one decides.
 */
static int compile_with_headers(struct image *image, const struct source *source,
				const char *const *macros, const struct types *types,
				const struct cache *cache, char **listing, struct error *err)
{
	if (header_tree_suffices(source->text) &&
	    compile_with_types(image, source, macros, types, cache, listing, err) == 0)
		return 0;
	return child_compile(image, source, macros, types, listing, err);
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
	if (result) {
		result = types->kind == TYPES_KIND_BTF
				 ? child_compile(image, source, macros, types, listing, err)
				 : compile_with_headers(image, source, macros, types, cache,
							listing, err);
		if (!result)
			cache_store(cache, &key, image);
	}
	cache_key_free(&key);
	return result;
}
