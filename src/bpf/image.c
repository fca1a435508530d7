// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/image.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_MAGIC 0x34706264 /* "dbp4" */
#define MAX_MAPS 64
#define MAX_FUNCTIONS 64
#define MAX_FILES (1024 * 1024)
#define MAX_TYPES (8 * 1024 * 1024)
#define MAX_INSTRUCTIONS (1u << 20) /* the verifier's own limit */

struct header {
	uint32_t magic;
	uint32_t map_count;
	uint32_t function_count;
	uint32_t instruction_count;
	uint32_t files_length;
	uint32_t types_size;
};

bool image_is_map_load(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_MAP_FD;
}

static int write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

int image_write(const struct image *image, int fd)
{
	struct header header = {
		.magic = IMAGE_MAGIC,
		.map_count = (uint32_t)image->map_count,
		.function_count = (uint32_t)image->function_count,
		.instruction_count = (uint32_t)image->instruction_count,
		.files_length = (uint32_t)strlen(image->files),
		.types_size = (uint32_t)image->types_size,
	};
	const struct {
		const void *bytes;
		size_t size;
	} parts[] = {
		{ &header, sizeof(header) },
		{ image->maps, image->map_count * sizeof(*image->maps) },
		{ image->functions, image->function_count * sizeof(*image->functions) },
		{ image->instructions, image->instruction_count * sizeof(*image->instructions) },
		{ image->files, header.files_length },
		{ image->types, image->types_size },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		int result = write_all(fd, parts[i].bytes, parts[i].size);

		if (result)
			return result;
	}
	return 0;
}

/*
 * Read an array of `count` elements at *offset, which advances; a zero element is added. NULL: the
 * file is too short, or no memory.
 */
static void *read_array(int fd, size_t count, size_t size, off_t *offset)
{
	void *array = calloc(count + 1, size);

	if (array && pread(fd, array, count * size, *offset) != (ssize_t)(count * size)) {
		free(array);
		return NULL;
	}
	*offset += (off_t)(count * size);
	return array;
}

static bool is_sound(const struct image *image)
{
	for (size_t i = 0; i < image->map_count; i++)
		if (!memchr(image->maps[i].name, '\0', IMAGE_NAME_SIZE))
			return false;
	for (size_t i = 0; i < image->function_count; i++) {
		const struct image_function *function = &image->functions[i];

		if (!memchr(function->name, '\0', IMAGE_NAME_SIZE) || function->count == 0 ||
		    function->first > image->instruction_count ||
		    function->count > image->instruction_count - function->first)
			return false;
	}
	for (size_t i = 0; i < image->instruction_count; i++)
		if (image_is_map_load(&image->instructions[i]) &&
		    (uint32_t)image->instructions[i].imm >= image->map_count)
			return false;
	return true;
}

int image_read(struct image *image, int fd, off_t offset)
{
	struct header header;

	memset(image, 0, sizeof(*image));
	if (pread(fd, &header, sizeof(header), offset) != sizeof(header) ||
	    header.magic != IMAGE_MAGIC || header.map_count > MAX_MAPS ||
	    header.function_count > MAX_FUNCTIONS || header.instruction_count > MAX_INSTRUCTIONS ||
	    header.files_length > MAX_FILES || header.types_size > MAX_TYPES)
		return -EBADMSG;
	offset += (off_t)sizeof(header);
	image->map_count = header.map_count;
	image->function_count = header.function_count;
	image->instruction_count = header.instruction_count;
	image->maps = read_array(fd, image->map_count, sizeof(*image->maps), &offset);
	image->functions =
		read_array(fd, image->function_count, sizeof(*image->functions), &offset);
	image->instructions =
		read_array(fd, image->instruction_count, sizeof(*image->instructions), &offset);
	image->files = read_array(fd, header.files_length, 1, &offset);
	image->types_size = header.types_size;
	image->types = read_array(fd, image->types_size, 1, &offset);
	if (!image->maps || !image->functions || !image->instructions || !image->files ||
	    !image->types || !is_sound(image)) {
		image_free(image);
		return -EBADMSG;
	}
	return 0;
}

void image_write_file(FILE *files, const char *path, const char *name)
{
	struct stat status;

	if (stat(path, &status) == 0)
		fprintf(files, "%jd %jd.%09ld %s\n", (intmax_t)status.st_size,
			(intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec, name);
}

bool image_is_current(const struct image *image)
{
	char path[PATH_MAX];
	char *now = NULL;
	size_t size;
	FILE *out = open_memstream(&now, &size);
	const char *line = image->files;
	bool current;

	if (!out)
		return false;
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (sscanf(line, "%*s %*s %4095[^\n]", path) == 1)
			image_write_file(out, path, path);
	current = fclose(out) == 0 && size > 0 && strcmp(now, image->files) == 0;
	free(now);
	return current;
}

bool image_is_same(const struct image *a, const struct image *b)
{
	return a->instruction_count == b->instruction_count &&
	       memcmp(a->instructions, b->instructions,
		      a->instruction_count * sizeof(*a->instructions)) == 0;
}

void image_free(struct image *image)
{
	free(image->maps);
	free(image->functions);
	free(image->instructions);
	free(image->files);
	free(image->types);
	memset(image, 0, sizeof(*image));
}
