// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/image.h"
#include "bpf/sysbpf.h"
#include "bpf/verifier_log.h"
#include "record/maps.h"
#include "util/cpus.h"
#include "util/error.h"

#define LOG_SIZE (1024 * 1024)
#define LOG_LINES 12

/* The map that another image defined already, if it is one that the reader knows: these are shared.
 */
static const struct loaded_map *find_shared(const struct loaded *loaded,
					    const struct image_map *map)
{
	static const char *const shared[] = { MAPS_SHOWN, MAPS_COUNTED };

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (strcmp(shared[i], map->name) == 0)
			return load_find_map(loaded, map->name);
	return NULL;
}

/* Create a map or find the shared one; set *fd to its descriptor. */
static int create_map(struct loaded *loaded, const struct image_map *map, int *fd,
		      struct error *err)
{
	const struct loaded_map *shared = find_shared(loaded, map), *inner = NULL;

	if (shared) {
		if (shared->type != map->type || shared->key_size != map->key_size ||
		    shared->value_size != map->value_size ||
		    shared->max_entries != map->max_entries)
			return error_set(err, STATUS_LOAD, EINVAL,
					 "two programs define the shared map \"%s\" differently",
					 map->name);
		*fd = shared->fd;
		return 0;
	}
	if (loaded->map_count == LOAD_MAX_MAPS)
		return error_set(err, STATUS_LOAD, EINVAL, "the programs have more than %d maps",
				 LOAD_MAX_MAPS);
	/* A map of this name is the pattern for the rings of the CPUs. */
	if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		inner = load_find_map(loaded, MAP_RING);
	*fd = sysbpf_map_create(map, inner ? inner->fd : 0);
	if (*fd < 0)
		return error_set(err, STATUS_LOAD, -*fd, "the kernel refused the map \"%s\": %s%s",
				 map->name, strerror(-*fd),
				 *fd == -EPERM ? "; run as root of the host, or raise the limit "
						 "of locked memory: ulimit -l unlimited"
					       : "");
	loaded->maps[loaded->map_count++] =
		(struct loaded_map){ map->name,	      map->type,	map->key_size,
				     map->value_size, map->max_entries, *fd };
	return 0;
}

/* Create the maps of an image, maps of maps last; set `fds` to their descriptors. */
static int create_maps(struct loaded *loaded, const struct image *image, int *fds,
		       struct error *err)
{
	for (int last = 0; last <= 1; last++) {
		for (size_t i = 0; i < image->map_count; i++) {
			int result;

			if ((image->maps[i].type == BPF_MAP_TYPE_ARRAY_OF_MAPS) != last)
				continue;
			result = create_map(loaded, &image->maps[i], &fds[i], err);
			if (result)
				return result;
		}
	}
	if (!load_find_map(loaded, MAP_LOST))
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

/* Load once more for the counts in the verifier's log; without them they stay 0. */
static void count_function(struct loaded_program *program, const struct image_function *function,
			   const struct bpf_insn *instructions)
{
	const struct attach_point *point = &program->point;
	char *log = calloc(1, LOG_SIZE);
	int fd;

	if (!log)
		return;
	/* Level 4 logs only counts; before 5.2 it logs all steps. */
	fd = sysbpf_program_load(point->program_type, function->type_id,
				 instructions + function->first, function->count, point->name, log,
				 LOG_SIZE - 1, 4);
	if (fd >= 0) {
		program->processed = verifier_log_number(log, "processed ");
		program->stack = verifier_log_stack(log);
		close(fd);
	}
	free(log);
}

static int load_function(struct loaded *loaded, struct loaded_program *program,
			 const struct image_function *function, const struct bpf_insn *instructions,
			 struct error *err)
{
	const struct attach_point *point = &program->point;
	char *log;
	int result;

	program->program_fd = sysbpf_program_load(point->program_type, function->type_id,
						  instructions + function->first, function->count,
						  point->name, NULL, 0, 0);
	if (program->program_fd >= 0)
		return 0;
	result = program->program_fd;
	error_set(err, STATUS_LOAD, -result, "the kernel refused the program: %s",
		  strerror(-result));

	log = calloc(1, LOG_SIZE);
	if (!log)
		return result;
	/* A log slows the verifier down, so it is requested only after a refusal. */
	program->program_fd = sysbpf_program_load(point->program_type, function->type_id,
						  instructions + function->first, function->count,
						  point->name, log, LOG_SIZE, 1);
	if (program->program_fd >= 0) {
		result = 0;
	} else if (*log) {
		log[LOG_SIZE - 1] = '\0';
		if (verifier_log_instruction(log, &loaded->refused.instruction))
			loaded->refused.function = function->name;
		error_set(err, STATUS_LOAD, -result,
			  "the kernel's verifier refused the program: %s\nits last words:\n",
			  strerror(-result));
		error_add_lines(err, verifier_log_last_lines(log, LOG_LINES));
	}
	free(log);
	return result;
}

static int load_functions(struct loaded *loaded, const struct image *image,
			  const struct bpf_insn *instructions, bool counts, struct error *err)
{
	if (image->function_count == 0)
		return error_set(err, STATUS_ATTACH, EINVAL,
				 "the program has no function to attach");
	for (size_t i = 0; i < image->function_count; i++) {
		const struct image_function *function = &image->functions[i];
		struct loaded_program *program;
		int result;

		if (loaded->program_count == LOAD_MAX_PROGRAMS)
			return error_set(err, STATUS_ATTACH, EINVAL,
					 "the programs have more than %d functions to attach",
					 LOAD_MAX_PROGRAMS);
		program = &loaded->programs[loaded->program_count++];
		*program = (struct loaded_program){ .type_id = function->type_id,
						    .image = loaded->image_count,
						    .program_fd = -1,
						    .link_fd = -1,
						    .gate = GATE_CLOSED,
						    .function = function->name,
						    .instruction_count = function->count };
		result = attach_parse(&program->point, function->name, err);
		if (result)
			return result;
		result = load_function(loaded, program, function, instructions, err);
		if (result)
			return result;
		if (counts)
			count_function(program, function, instructions);
		loaded->instruction_count += function->count;
	}
	return 0;
}

int load_program(struct loaded *loaded, const struct image *image, bool counts, struct error *err)
{
	struct bpf_insn *instructions =
		malloc((image->instruction_count + 1) * sizeof(*instructions));
	int *fds = malloc((image->map_count + 1) * sizeof(*fds));
	int result;

	if (!instructions || !fds) {
		result = error_nomem(err);
		goto out;
	}
	result = create_maps(loaded, image, fds, err);
	if (result)
		goto out;
	for (size_t i = 0; i < image->instruction_count; i++) {
		instructions[i] = image->instructions[i];
		if (image_is_map_load(&instructions[i]))
			instructions[i].imm = fds[instructions[i].imm];
	}
	result = load_functions(loaded, image, instructions, counts, err);
	loaded->image_count++;
out:
	free(instructions);
	free(fds);
	return result;
}

/* Attach a program or its gate. Sets link_fd to a descriptor or -errno. */
static void attach(const struct loaded *loaded, struct loaded_program *program, struct error *err)
{
	struct gate *gate = &program->gate;
	int result;

	if (loaded->replaceable && gate->program_fd < 0) {
		result = gate_open(gate, &program->point, program->type_id, program->program_fd,
				   err);
		if (result) {
			program->link_fd = result;
			return;
		}
	}
	program->link_fd = attach_program(
		&program->point, loaded->replaceable ? gate->program_fd : program->program_fd, err);
}

/* Warn of the functions that an image has probes for and the kernel lacks, each once. */
static void warn_missing(const struct loaded *loaded, size_t image)
{
	for (size_t i = 0; i < loaded->program_count; i++) {
		const struct loaded_program *program = &loaded->programs[i];
		size_t known = 0;

		if (program->image != image || program->link_fd >= 0)
			continue;
		while (known < i &&
		       (loaded->programs[known].image != image ||
			strcmp(loaded->programs[known].point.name, program->point.name) != 0))
			known++;
		if (known < i)
			continue;
		fprintf(stderr,
			"bytetrace: warning: this kernel has no function %s, or its module is not "
			"loaded; drops there are not shown\n",
			program->point.name);
	}
}

/*
 * Attach the programs of an image that are not attached yet. Missing functions of the kernel are
 * tolerated as long as one kprobe is attached.
 */
static int attach_image(struct loaded *loaded, size_t image, struct error *err)
{
	size_t missing = 0, attached = 0;
	struct error why;

	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		if (program->image != image)
			continue;
		if (program->link_fd < 0)
			attach(loaded, program, &why);
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
	if (missing > 0)
		warn_missing(loaded, image);
	return 0;
}

int load_attach(struct loaded *loaded, struct error *err)
{
	for (size_t image = 0; image < loaded->image_count; image++) {
		int result = attach_image(loaded, image, err);

		if (result)
			return result;
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* How often the kernel skipped a program because it was already running on that CPU. */
static uint64_t count_misses(const struct loaded_program *program)
{
	int attached =
		program->gate.program_fd >= 0 ? program->gate.program_fd : program->program_fd;
	uint64_t misses;

	return sysbpf_program_misses(attached, &misses) ? 0 : misses;
}

static void close_program(struct loaded_program *program)
{
	close_fd(&program->link_fd);
	gate_close(&program->gate);
	close_fd(&program->program_fd);
}

/* The program of an image at an attach point, or NULL. */
static struct loaded_program *find_program(struct loaded *loaded, size_t image,
					   const struct attach_point *point)
{
	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		if (program->image == image && memcmp(&program->point, point, sizeof(*point)) == 0)
			return program;
	}
	return NULL;
}

/* Move an attached gate to another program, which it does not jump to yet. */
static void move_gate(struct loaded_program *to, struct loaded_program *from)
{
	to->link_fd = from->link_fd;
	to->gate = from->gate;
	from->link_fd = -1;
	from->gate = (struct gate)GATE_CLOSED;
}

/* Unload the programs of an image among the first `count` ones, and close the gap. */
static void unload_image(struct loaded *loaded, size_t image, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		if (i >= count || program->image != image) {
			loaded->programs[kept++] = *program;
			continue;
		}
		if (program->gate.program_fd >= 0)
			loaded->skipped += count_misses(program);
		close_program(program);
	}
	loaded->program_count = kept;
}

int load_replace(struct loaded *loaded, size_t old, size_t count, struct error *err)
{
	const size_t start = loaded->program_count - count;
	struct loaded_program *programs = &loaded->programs[start];
	struct loaded_program *before;
	int result;

	for (size_t i = 0; i < count; i++) {
		before = find_program(loaded, old, &programs[i].point);
		if (before)
			move_gate(&programs[i], before);
	}
	result = attach_image(loaded, loaded->image_count, err);
	if (result)
		goto undo;
	for (size_t i = 0; i < count; i++) {
		if (programs[i].gate.program_fd >= 0)
			gate_set_target(&programs[i].gate, programs[i].program_fd);
		programs[i].image = old;
	}
	unload_image(loaded, old, start);
	return 0;

undo:
	for (size_t i = 0; i < count; i++) {
		before = find_program(loaded, old, &programs[i].point);
		if (before)
			move_gate(before, &programs[i]);
		close_program(&programs[i]);
	}
	loaded->program_count = start;
	return result;
}

void load_detach(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->program_count; i++)
		close_fd(&loaded->programs[i].link_fd);
	/* This waits for an RCU grace period: programs run in read-side sections. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

uint64_t load_lost(const struct loaded *loaded, uint64_t *cpus)
{
	uint64_t skipped = loaded->skipped;
	uint32_t key = 0;

	for (size_t i = 0; i < loaded->program_count; i++)
		skipped += count_misses(&loaded->programs[i]);
	if (sysbpf_map_get(load_find_map(loaded, MAP_LOST)->fd, &key, cpus))
		memset(cpus, 0, cpus_possible() * sizeof(*cpus));
	return skipped;
}

void load_close(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->program_count; i++)
		close_program(&loaded->programs[i]);
	for (size_t i = 0; i < loaded->map_count; i++)
		close_fd(&loaded->maps[i].fd);
}
