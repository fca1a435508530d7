// SPDX-License-Identifier: GPL-2.0-only
#include "program/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <unistd.h>

#include "program/sysbpf.h"
#include "program/image.h"
#include "util/cpus.h"
#include "util/error.h"

#define LOG_SIZE (1024 * 1024)
#define LOG_LINES 12

/* Kernels before 5.11 charge maps to a limit that is low by default. Failure is told by the map. */
static int create_map(const struct image_map *map)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd = sysbpf_map_create(map);

	if (fd == -EPERM && setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
		fd = sysbpf_map_create(map);
	return fd;
}

/* A map by which programs and the reader know each other: all images have it in common. */
static const struct loaded_map *find_shared(const struct loaded *loaded,
					    const struct image_map *map)
{
	static const char *const shared[] = { "events", "lost", "summary", "other" };

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (strcmp(shared[i], map->name) == 0)
			return load_find_map(loaded, map->name);
	return NULL;
}

/* Create the maps of an image; `fds` gets their descriptors. */
static int create_maps(struct loaded *loaded, const struct image *image, int *fds,
		       struct error *err)
{
	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];
		const struct loaded_map *shared = find_shared(loaded, map);
		int fd;

		if (shared) {
			fds[i] = shared->fd;
			continue;
		}
		if (loaded->map_count == LOAD_MAX_MAPS)
			return error_set(err, STATUS_LOAD, EINVAL,
					 "the programs have more than %d maps", LOAD_MAX_MAPS);
		fd = create_map(map);
		if (fd < 0)
			return error_set(err, STATUS_LOAD, -fd,
					 "the kernel refused the map \"%s\": %s%s", map->name,
					 strerror(-fd),
					 fd == -EPERM ? " (root of the host is needed, or a higher "
							"limit of locked memory: ulimit -l "
							"unlimited)"
						      : "");
		fds[i] = fd;
		loaded->maps[loaded->map_count++] =
			(struct loaded_map){ map->name, map->key_size, map->max_entries, fd };
	}
	if (!load_find_map(loaded, "lost"))
		return error_set(err, STATUS_LOAD, EINVAL, "the program defines no map \"lost\"");
	return 0;
}

const struct loaded_map *load_find_map(const struct loaded *loaded, const char *name)
{
	for (size_t i = 0; i < loaded->map_count; i++)
		if (strcmp(loaded->maps[i].name, name) == 0)
			return &loaded->maps[i];
	return NULL;
}

/* The text from the last `lines` lines on, without the newline at its end. */
static const char *last_lines(char *text, int lines)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	for (char *at = text + length; at > text; at--)
		if (at[-1] == '\n' && --lines == 0)
			return at;
	return text;
}

static int load_function(struct loaded_program *program, const struct image_function *function,
			 const struct bpf_insn *instructions, struct error *err)
{
	const struct attach_point *point = &program->point;
	char *log;
	int result;

	program->program_fd =
		sysbpf_program_load(point->program_type, instructions + function->first,
				    function->count, point->name, NULL, 0);
	if (program->program_fd >= 0)
		return 0;
	result = program->program_fd;
	error_set(err, STATUS_LOAD, -result, "the kernel refused the program: %s",
		  strerror(-result));

	log = calloc(1, LOG_SIZE);
	if (!log)
		return result;
	/* The verifier talks only when asked to, which takes longer: so only once it refused. */
	program->program_fd =
		sysbpf_program_load(point->program_type, instructions + function->first,
				    function->count, point->name, log, LOG_SIZE);
	if (program->program_fd >= 0)
		result = 0;
	else if (*log)
		error_set(err, STATUS_LOAD, -result,
			  "the kernel's verifier refused the program: %s; its last words:\n%s",
			  strerror(-result), last_lines(log, LOG_LINES));
	free(log);
	return result;
}

static int load_functions(struct loaded *loaded, const struct image *image,
			  const struct bpf_insn *instructions, struct error *err)
{
	int result = 0;

	if (image->function_count == 0)
		return error_set(err, STATUS_ATTACH, EINVAL,
				 "the program has no function to attach");
	for (size_t i = 0; i < image->function_count && !result; i++) {
		struct loaded_program *program;

		if (loaded->program_count == LOAD_MAX_PROGRAMS)
			return error_set(err, STATUS_ATTACH, EINVAL,
					 "the programs have more than %d functions to attach",
					 LOAD_MAX_PROGRAMS);
		program = &loaded->programs[loaded->program_count++];
		*program = (struct loaded_program){ .image = loaded->image_count,
						    .program_fd = -1,
						    .link_fd = -1 };
		result = attach_parse(&program->point, image->functions[i].name, err);
		if (!result)
			result = load_function(program, &image->functions[i], instructions, err);
		loaded->instruction_count += image->functions[i].count;
	}
	return result;
}

int load_program(struct loaded *loaded, const struct image *image, struct error *err)
{
	struct bpf_insn *instructions =
		malloc((image->instruction_count + 1) * sizeof(*instructions));
	int *fds = malloc((image->map_count + 1) * sizeof(*fds));
	int result;

	if (!instructions || !fds) {
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		goto out;
	}
	result = create_maps(loaded, image, fds, err);
	if (!result) {
		for (size_t i = 0; i < image->instruction_count; i++) {
			instructions[i] = image->instructions[i];
			if (image_is_map_load(&instructions[i]))
				instructions[i].imm = fds[instructions[i].imm];
		}
		result = load_functions(loaded, image, instructions, err);
	}
	loaded->image_count++;
out:
	free(instructions);
	free(fds);
	return result;
}

/* What is attached of an image's kprobes, and the first error of those that are not. */
static int attach_image(struct loaded *loaded, size_t image, struct error *err)
{
	size_t missing = 0, attached = 0;
	struct error why;

	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		if (program->image != image)
			continue;
		program->link_fd = attach_program(&program->point, program->program_fd, &why);
		if (program->link_fd >= 0) {
			attached += attach_is_kprobe(&program->point);
			continue;
		}
		if (missing++ == 0 || !attach_is_kprobe(&program->point))
			*err = why;
		if (program->link_fd != -ENOENT || !attach_is_kprobe(&program->point))
			return program->link_fd;
	}
	if (missing > 0 && attached == 0)
		return -ENOENT;
	for (size_t i = 0; i < loaded->program_count && missing > 0; i++)
		if (loaded->programs[i].image == image && loaded->programs[i].link_fd < 0)
			fprintf(stderr,
				"bytetrace: warning: this kernel has no function %s, or its module "
				"is not loaded: what it drops is not seen\n",
				loaded->programs[i].point.name);
	return 0;
}

int load_attach(struct loaded *loaded, struct error *err)
{
	int result = 0;

	for (size_t image = 0; image < loaded->image_count && !result; image++)
		result = attach_image(loaded, image, err);
	return result;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void load_detach(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->program_count; i++)
		close_fd(&loaded->programs[i].link_fd);
}

uint64_t load_lost(const struct loaded *loaded, uint64_t *cpus)
{
	uint64_t skipped = 0, misses = 0;
	uint32_t key = 0;

	for (size_t i = 0; i < loaded->program_count; i++)
		if (sysbpf_program_misses(loaded->programs[i].program_fd, &misses) == 0)
			skipped += misses;
	if (sysbpf_map_get(load_find_map(loaded, "lost")->fd, &key, cpus))
		memset(cpus, 0, cpus_possible() * sizeof(*cpus));
	return skipped;
}

void load_close(struct loaded *loaded)
{
	load_detach(loaded);
	for (size_t i = 0; i < loaded->program_count; i++)
		close_fd(&loaded->programs[i].program_fd);
	for (size_t i = 0; i < loaded->map_count; i++)
		close_fd(&loaded->maps[i].fd);
}
