// SPDX-License-Identifier: GPL-2.0-only
#include "compile/btf_join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int btf_join_start(struct btf_join *join, const struct btf_view *kernel)
{
	*join = (struct btf_join){ .kernel = kernel->end };
	join->types = open_memstream(&join->type_bytes, &join->types_size);
	join->strings = open_memstream(&join->string_bytes, &join->strings_size);
	if (!join->types || !join->strings)
		return -ENOMEM;
	fwrite(kernel->types, 1, kernel->types_size, join->types);
	fwrite(kernel->strings, 1, kernel->strings_size, join->strings);
	return ferror(join->types) || ferror(join->strings) ? -ENOMEM : 0;
}

/* A type that is copied. */
struct copy {
	const struct btf_join *join;
	unsigned char *bytes;
};

/* Names and IDs of the kernel stay; those of the module go behind what was added before. */
static void move(unsigned char *word, uint32_t last_of_kernel, uint32_t added)
{
	uint32_t value;

	memcpy(&value, word, sizeof(value));
	if (value > last_of_kernel)
		value += added;
	memcpy(word, &value, sizeof(value));
}

static void move_name(void *context, size_t offset)
{
	const struct copy *copy = context;

	move(copy->bytes + offset, copy->join->kernel.strings - 1, copy->join->added.strings);
}

static void move_id(void *context, size_t offset)
{
	const struct copy *copy = context;

	move(copy->bytes + offset, copy->join->kernel.types, copy->join->added.types);
}

int btf_join_add(struct btf_join *join, const struct btf_view *module)
{
	struct btf_walk walk;

	btf_walk_start(&walk, module);
	while (btf_walk_next(&walk)) {
		const size_t length = (size_t)(walk.next - walk.type);
		struct copy copy = { join, malloc(length) };

		if (!copy.bytes)
			return -ENOMEM;
		memcpy(copy.bytes, walk.type, length);
		btf_walk_words(&walk, move_name, move_id, &copy);
		fwrite(copy.bytes, 1, length, join->types);
		free(copy.bytes);
	}
	fwrite(module->strings, 1, module->strings_size, join->strings);
	join->added.types += module->end.types - module->base.types;
	join->added.strings += (uint32_t)module->strings_size;
	return ferror(join->types) || ferror(join->strings) ? -ENOMEM : 0;
}

int btf_join_finish(struct btf_join *join, void **bytes, size_t *size)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t header, types, types_size, strings, strings_size;
	} header = { .magic = 0xeb9f, .version = 1, .header = sizeof(header) };

	if (fflush(join->types) || fflush(join->strings))
		return -ENOMEM;
	if (join->types_size + join->strings_size > INT32_MAX)
		return -EFBIG;
	header.types_size = header.strings = (uint32_t)join->types_size;
	header.strings_size = (uint32_t)join->strings_size;
	*size = sizeof(header) + join->types_size + join->strings_size;
	*bytes = malloc(*size);
	if (!*bytes)
		return -ENOMEM;
	memcpy(*bytes, &header, sizeof(header));
	memcpy((char *)*bytes + sizeof(header), join->type_bytes, join->types_size);
	memcpy((char *)*bytes + sizeof(header) + join->types_size, join->string_bytes,
	       join->strings_size);
	return 0;
}

void btf_join_free(struct btf_join *join)
{
	if (join->types)
		fclose(join->types);
	if (join->strings)
		fclose(join->strings);
	free(join->type_bytes);
	free(join->string_bytes);
	*join = (struct btf_join){ .types = NULL };
}
