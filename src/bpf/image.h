/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_IMAGE_H
#define BYTETRACE_BPF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct bpf_insn;
struct error;

/*
 * A compiled program: instructions, and the definitions of their maps. Passed on by the compile
 * child, and stored in the cache. An instruction that loads a map (BPF_PSEUDO_MAP_FD) holds the
 * map's index in `maps`, where the kernel expects a descriptor.
 */
#define IMAGE_NAME_SIZE 64
#define IMAGE_TYPES_MAP "kernel_types"

struct image_map {
	char name[IMAGE_NAME_SIZE];
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
};

struct image_function {
	char name[IMAGE_NAME_SIZE];
	uint32_t first; /* index into instructions */
	uint32_t count;
	uint32_t type_id; /* with tp_btf, the ID of the tracepoint in the kernel's BTF */
};

struct image {
	struct image_map *maps;
	size_t map_count;
	struct image_function *functions;
	size_t function_count;
	struct bpf_insn *instructions;
	size_t instruction_count;
	/*
	 * BTF of the kernel's types: the compiler's description of a map named IMAGE_TYPES_MAP,
	 * which is not one of `maps`. NULL if the program has no such map, or the kernel refused
	 * its BTF.
	 */
	void *types;
	size_t types_size;
	/* The files that the program depends on, one per line: size, time of change, path. */
	char *files;
};

/* Whether an instruction loads a map. */
bool image_is_map_load(const struct bpf_insn *insn);

/* Whether both have the same instructions. */
bool image_is_same(const struct image *a, const struct image *b);

/* Write the image to a descriptor. Returns 0 or -errno. */
int image_write(const struct image *image, int fd);

/*
 * Read an image that starts at `offset` of a file. -EBADMSG if a count, name or index in it is out
 * of bounds. The caller calls image_free().
 */
int image_read(struct image *image, int fd, off_t offset);

/* Add the present state of the file at `path` to a stream for image->files, as `name`. */
void image_write_file(FILE *files, const char *path, const char *name);

/* Whether the files that the image depends on have not changed. */
bool image_is_current(const struct image *image);

void image_free(struct image *image);

#endif
