// SPDX-License-Identifier: GPL-2.0-only
#include "program/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <unistd.h>

#define IMAGE_MAGIC 0x31706264 /* "dbp1" */
#define MAX_MAPS 64
#define MAX_FUNCTIONS 64
#define MAX_INSTRUCTIONS (1u << 20) /* the verifier's own limit */

struct header {
	uint32_t magic;
	uint32_t map_count;
	uint32_t function_count;
	uint32_t instruction_count;
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
	};
	int result = write_all(fd, &header, sizeof(header));

	if (!result)
		result = write_all(fd, image->maps, image->map_count * sizeof(*image->maps));
	if (!result)
		result = write_all(fd, image->functions,
				   image->function_count * sizeof(*image->functions));
	if (!result)
		result = write_all(fd, image->instructions,
				   image->instruction_count * sizeof(*image->instructions));
	return result;
}

/* Read an array of `count` elements at *offset, which moves on. NULL: cut short, or no memory. */
static void *read_array(int fd, size_t count, size_t size, off_t *offset)
{
	void *array = calloc(count ? count : 1, size);

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

int image_read(struct image *image, int fd)
{
	struct header header;
	off_t offset = sizeof(header);

	memset(image, 0, sizeof(*image));
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    header.magic != IMAGE_MAGIC || header.map_count > MAX_MAPS ||
	    header.function_count > MAX_FUNCTIONS || header.instruction_count > MAX_INSTRUCTIONS)
		return -EBADMSG;
	image->map_count = header.map_count;
	image->function_count = header.function_count;
	image->instruction_count = header.instruction_count;
	image->maps = read_array(fd, image->map_count, sizeof(*image->maps), &offset);
	image->functions =
		read_array(fd, image->function_count, sizeof(*image->functions), &offset);
	image->instructions =
		read_array(fd, image->instruction_count, sizeof(*image->instructions), &offset);
	if (!image->maps || !image->functions || !image->instructions || !is_sound(image)) {
		image_free(image);
		return -EBADMSG;
	}
	return 0;
}

void image_free(struct image *image)
{
	free(image->maps);
	free(image->functions);
	free(image->instructions);
	memset(image, 0, sizeof(*image));
}
