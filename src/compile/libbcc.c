// SPDX-License-Identifier: GPL-2.0-only
#include "compile/libbcc.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <bcc/bcc_common.h>

#include "bpf/image.h"
#include "bpf/sysbpf.h"
#include "compile/btf_ids.h"
#include "compile/dependencies.h"
#include "compile/header_tree.h"
#include "compile/sandbox.h"
#include "util/error.h"

#define MAX_FLAGS 32

/* libbcc's DEBUG_PREPROCESSOR and DEBUG_SOURCE, which its C header lacks. */
#define DEBUG_LISTING (0x4 | 0x8)

/* The functions used of libbcc, found at run time so that only the compile child loads it. */
struct libbcc {
	__typeof__(bpf_module_create_c_from_string) *create;
	__typeof__(bpf_num_functions) *num_functions;
	__typeof__(bpf_function_name) *function_name;
	__typeof__(bpf_function_start_id) *function_start;
	__typeof__(bpf_function_size_id) *function_size;
	__typeof__(bpf_num_tables) *num_tables;
	__typeof__(bpf_table_name) *table_name;
	__typeof__(bpf_table_fd_id) *table_fd;
	__typeof__(bpf_table_type_id) *table_type;
	__typeof__(bpf_table_max_entries_id) *table_max_entries;
	__typeof__(bpf_table_flags_id) *table_flags;
	__typeof__(bpf_table_key_size_id) *table_key_size;
	__typeof__(bpf_table_leaf_size_id) *table_leaf_size;
};

static int libbcc_load(struct libbcc *bcc, struct error *err)
{
	void *library = dlopen("libbcc.so.0", RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *function;
	} wanted[] = {
		{ "bpf_module_create_c_from_string", &bcc->create },
		{ "bpf_num_functions", &bcc->num_functions },
		{ "bpf_function_name", &bcc->function_name },
		{ "bpf_function_start_id", &bcc->function_start },
		{ "bpf_function_size_id", &bcc->function_size },
		{ "bpf_num_tables", &bcc->num_tables },
		{ "bpf_table_name", &bcc->table_name },
		{ "bpf_table_fd_id", &bcc->table_fd },
		{ "bpf_table_type_id", &bcc->table_type },
		{ "bpf_table_max_entries_id", &bcc->table_max_entries },
		{ "bpf_table_flags_id", &bcc->table_flags },
		{ "bpf_table_key_size_id", &bcc->table_key_size },
		{ "bpf_table_leaf_size_id", &bcc->table_leaf_size },
	};

	if (!library)
		return error_set(err, STATUS_ENVIRONMENT, ENOENT,
				 "cannot load libbcc (on Debian: apt-get install libbpfcc): %s",
				 dlerror());
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(library, wanted[i].name);

		if (!symbol)
			return error_set(err, STATUS_ENVIRONMENT, ENOENT,
					 "this libbcc lacks the function %s; version 0.18 or later "
					 "is needed",
					 wanted[i].name);
		memcpy(wanted[i].function, &symbol, sizeof(symbol));
	}
	return 0;
}

/*
 * Copy the definitions of the maps. The map of the kernel's types exists only so that the compiler
 * describes them in BTF.
 */
static int copy_maps(const struct libbcc *bcc, void *module, struct image *image)
{
	size_t count = bcc->num_tables(module);

	image->maps = calloc(count + 1, sizeof(*image->maps));
	if (!image->maps)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct image_map *map = &image->maps[image->map_count];

		if (strcmp(bcc->table_name(module, i), IMAGE_TYPES_MAP) == 0) {
			/* On failure programs are compiled against the headers themselves. */
			sysbpf_map_types(bcc->table_fd(module, i), &image->types,
					 &image->types_size);
			continue;
		}
		strncpy(map->name, bcc->table_name(module, i), sizeof(map->name) - 1);
		map->type = (uint32_t)bcc->table_type(module, i);
		map->key_size = (uint32_t)bcc->table_key_size(module, i);
		map->value_size = (uint32_t)bcc->table_leaf_size(module, i);
		/* A ring buffer has neither, whatever libbcc reports. */
		if (map->type == BPF_MAP_TYPE_RINGBUF)
			map->key_size = map->value_size = 0;
		map->max_entries = (uint32_t)bcc->table_max_entries(module, i);
		map->flags = (uint32_t)bcc->table_flags(module, i);
		image->map_count++;
	}
	return 0;
}

/* The index in the image of the map that libbcc created as `fd`; map_count: none. */
static size_t find_map(const struct libbcc *bcc, void *module, const struct image *image, int fd)
{
	for (size_t i = 0; i < bcc->num_tables(module); i++) {
		if (bcc->table_fd(module, i) != fd)
			continue;
		for (size_t map = 0; map < image->map_count; map++)
			if (strcmp(image->maps[map].name, bcc->table_name(module, i)) == 0)
				return map;
	}
	return image->map_count;
}

/* Turn the descriptors of libbcc's maps in the instructions back into indexes. */
static int unlink_maps(const struct libbcc *bcc, void *module, struct image *image)
{
	for (size_t i = 0; i < image->instruction_count; i++) {
		struct bpf_insn *insn = &image->instructions[i];

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD) {
			size_t map = find_map(bcc, module, image, insn->imm);

			if (map == image->map_count)
				return -EINVAL;
			insn->imm = (int)map;
		}
		i++; /* the second half of the constant */
	}
	return 0;
}

static int copy_functions(const struct libbcc *bcc, void *module, struct image *image)
{
	size_t total = 0;

	image->function_count = bcc->num_functions(module);
	image->functions = calloc(image->function_count ? image->function_count : 1,
				  sizeof(*image->functions));
	if (!image->functions)
		return -ENOMEM;
	for (size_t i = 0; i < image->function_count; i++) {
		struct image_function *function = &image->functions[i];

		strncpy(function->name, bcc->function_name(module, i), sizeof(function->name) - 1);
		function->first = (uint32_t)total;
		function->count =
			(uint32_t)(bcc->function_size(module, i) / sizeof(struct bpf_insn));
		total += function->count;
	}
	image->instruction_count = total;
	image->instructions = calloc(total ? total : 1, sizeof(*image->instructions));
	if (!image->instructions)
		return -ENOMEM;
	for (size_t i = 0; i < image->function_count; i++)
		memcpy(image->instructions + image->functions[i].first,
		       bcc->function_start(module, i),
		       image->functions[i].count * sizeof(struct bpf_insn));
	return 0;
}

/* Flags that go with every program, then those of the header tree and of the attach points. */
static size_t collect_flags(const char *flags[MAX_FLAGS], const struct include_flags *include_flags,
			    const struct btf_ids *ids, const char *const *macros)
{
	static const char *const always[] = {
		/* Nobody reads the warnings, and finding them in all headers takes time. */
		"-Wno-everything",
		/* Older compilers only warn of it; the verifier's refusal would say less. */
		"-Werror=implicit-function-declaration",
		/* As the kernel itself: &pointer->member does not imply a valid pointer. */
		"-fno-delete-null-pointer-checks",
		"-MD",
		"-MF" DEPENDENCIES_FILE,
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		flags[count++] = always[i];
	for (size_t i = 0; i < include_flags->count; i++)
		flags[count++] = include_flags->text[i];
	for (size_t i = 0; i < ids->flag_count; i++)
		flags[count++] = ids->text[i];
	while (*macros && count < MAX_FLAGS)
		flags[count++] = *macros++;
	return count;
}

/* Copy the compiled module, which ends with this process, into an image. */
static int copy_module(const struct libbcc *bcc, void *module, const struct btf_ids *ids,
		       struct image *image, struct error *err)
{
	if (copy_maps(bcc, module, image) || copy_functions(bcc, module, image))
		return error_nomem(err);
	if (unlink_maps(bcc, module, image))
		return error_set(err, STATUS_COMPILE, EINVAL,
				 "the program uses a map that it does not define");
	return btf_ids_resolve(ids, image, err);
}

int libbcc_compile(const char *text, const char *wanted, const char *const *macros,
		   const struct types *types, bool listing, struct image *image, struct error *err)
{
	static struct include_flags include_flags;
	static struct dependencies dependencies;
	const char *flags[MAX_FLAGS];
	size_t flag_count;
	struct btf_ids ids;
	struct libbcc bcc;
	void *module;
	int result;

	memset(image, 0, sizeof(*image));
	dependencies_name(&dependencies, types);
	result = sandbox_enter(err);
	if (result)
		return result;
	result = header_tree_make(SANDBOX_DIRECTORY, types, text, wanted, &include_flags, err);
	if (result)
		return result;
	setenv("BCC_KERNEL_SOURCE", SANDBOX_DIRECTORY, 1);
	result = libbcc_load(&bcc, err);
	if (result)
		return result;
	result = btf_ids_open(&ids, text, err);
	if (result)
		return result;

	flag_count = collect_flags(flags, &include_flags, &ids, macros);
	/* This also creates the maps, and before Linux 5.11 may raise the limit of locked memory.
	 */
	module = bcc.create(text, listing ? DEBUG_LISTING : 0, flags, (int)flag_count, true, NULL);
	if (!module) {
		result = error_set(err, STATUS_COMPILE, EINVAL,
				   "libbcc failed to compile the program and gave no reason");
		goto out;
	}
	result = dependencies_check(&dependencies, err);
	if (result)
		goto out;
	if (dependencies_record(&dependencies, &include_flags.dump, image)) {
		result = error_nomem(err);
		goto out;
	}
	result = copy_module(&bcc, module, &ids, image, err);
out:
	btf_ids_close(&ids);
	return result;
}
