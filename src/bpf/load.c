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

/* A map by which programs and the reader know each other: all images have it in common. */
static const struct loaded_map *find_shared(const struct loaded *loaded,
					    const struct image_map *map)
{
	static const char *const shared[] = { MAPS_SHOWN, MAPS_COUNTED };

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (strcmp(shared[i], map->name) == 0)
			return load_find_map(loaded, map->name);
	return NULL;
}

/* Create a map, or find the one that is shared; *fd gets its descriptor. */
static int create_map(struct loaded *loaded, const struct image_map *map, int *fd,
		      struct error *err)
{
	const struct loaded_map *shared = find_shared(loaded, map), *inner = NULL;

	if (shared) {
		if (shared->type != map->type || shared->key_size != map->key_size ||
		    shared->value_size != map->value_size ||
		    shared->max_entries != map->max_entries)
			return error_set(err, STATUS_LOAD, EINVAL,
					 "two programs define the map \"%s\", which they "
					 "share, in different ways",
					 map->name);
		*fd = shared->fd;
		return 0;
	}
	if (loaded->map_count == LOAD_MAX_MAPS)
		return error_set(err, STATUS_LOAD, EINVAL, "the programs have more than %d maps",
				 LOAD_MAX_MAPS);
	/* The rings of the CPUs are like the one of that name. */
	if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		inner = load_find_map(loaded, MAP_RING);
	*fd = sysbpf_map_create(map, inner ? inner->fd : 0);
	if (*fd < 0)
		return error_set(err, STATUS_LOAD, -*fd, "the kernel refused the map \"%s\": %s%s",
				 map->name, strerror(-*fd),
				 *fd == -EPERM ? " (root of the host is needed, or a higher "
						 "limit of locked memory: ulimit -l unlimited)"
					       : "");
	loaded->maps[loaded->map_count++] =
		(struct loaded_map){ map->name,	      map->type,	map->key_size,
				     map->value_size, map->max_entries, *fd };
	return 0;
}

/* Create the maps of an image, those that hold others last; `fds` gets their descriptors. */
static int create_maps(struct loaded *loaded, const struct image *image, int *fds,
		       struct error *err)
{
	int result = 0;

	for (int last = 0; last <= 1; last++)
		for (size_t i = 0; i < image->map_count && !result; i++)
			if ((image->maps[i].type == BPF_MAP_TYPE_ARRAY_OF_MAPS) == last)
				result = create_map(loaded, &image->maps[i], &fds[i], err);
	if (!result && !load_find_map(loaded, MAP_LOST))
		result = error_set(err, STATUS_LOAD, EINVAL, "the program defines no map \"lost\"");
	return result;
}

const struct loaded_map *load_find_map(const struct loaded *loaded, const char *name)
{
	for (size_t i = 0; i < loaded->map_count; i++)
		if (strcmp(loaded->maps[i].name, name) == 0)
			return &loaded->maps[i];
	return NULL;
}

/* Load once more for what the verifier counts; where it does not tell, the counts stay 0. */
static void count_function(struct loaded_program *program, const struct image_function *function,
			   const struct bpf_insn *instructions)
{
	const struct attach_point *point = &program->point;
	char *log = calloc(1, LOG_SIZE);
	/* Before 5.2 any level tells all steps. */
	int fd = log ? sysbpf_program_load(point->program_type, function->type_id,
					   instructions + function->first, function->count,
					   point->name, log, LOG_SIZE - 1, 4)
		     : -ENOMEM;

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
	/* The verifier talks only when asked to, which takes longer: so only once it refused. */
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
			  "the kernel's verifier refused the program: %s\nits last words:\n%s",
			  strerror(-result), verifier_log_last_lines(log, LOG_LINES));
	}
	free(log);
	return result;
}

static int load_functions(struct loaded *loaded, const struct image *image,
			  const struct bpf_insn *instructions, bool counts, struct error *err)
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
		*program =
			(struct loaded_program){ .type_id = image->functions[i].type_id,
						 .image = loaded->image_count,
						 .program_fd = -1,
						 .link_fd = -1,
						 .gate_fd = -1,
						 .jump_fd = -1,
						 .function = image->functions[i].name,
						 .instruction_count = image->functions[i].count };
		result = attach_parse(&program->point, image->functions[i].name, err);
		if (!result)
			result = load_function(loaded, program, &image->functions[i], instructions,
					       err);
		if (!result && counts)
			count_function(program, &image->functions[i], instructions);
		loaded->instruction_count += image->functions[i].count;
	}
	return result;
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
	if (!result) {
		for (size_t i = 0; i < image->instruction_count; i++) {
			instructions[i] = image->instructions[i];
			if (image_is_map_load(&instructions[i]))
				instructions[i].imm = fds[instructions[i].imm];
		}
		result = load_functions(loaded, image, instructions, counts, err);
	}
	loaded->image_count++;
out:
	free(instructions);
	free(fds);
	return result;
}

/*
 * A gate is attached in the place of a program and jumps into it, so that it can be replaced by
 * another in one step: a map says where to.
 */
static int open_gate(struct loaded_program *program, struct error *err)
{
	const struct image_map jump = { .name = "jump",
					.type = BPF_MAP_TYPE_PROG_ARRAY,
					.key_size = sizeof(uint32_t),
					.value_size = sizeof(int),
					.max_entries = 1 };
	struct bpf_insn gate[] = {
		/* r2 = the map, r3 = 0; r1 is the context still. */
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2, .src_reg = BPF_PSEUDO_MAP_FD },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const uint32_t first = 0;

	program->jump_fd = sysbpf_map_create(&jump, 0);
	if (program->jump_fd < 0)
		return error_set(err, STATUS_LOAD, -program->jump_fd,
				 "the kernel refused the map of a gate: %s",
				 strerror(-program->jump_fd));
	gate[0].imm = program->jump_fd;
	program->gate_fd =
		sysbpf_program_load(program->point.program_type, program->type_id, gate,
				    sizeof(gate) / sizeof(*gate), program->point.name, NULL, 0, 0);
	if (program->gate_fd < 0)
		return error_set(err, STATUS_LOAD, -program->gate_fd,
				 "the kernel refused a gate: %s", strerror(-program->gate_fd));
	if (sysbpf_map_set(program->jump_fd, &first, &program->program_fd))
		return error_set(err, STATUS_LOAD, EINVAL, "the kernel refused to open a gate");
	return 0;
}

/* Attach a program or its gate. link_fd becomes a descriptor or -errno. */
static void attach(const struct loaded *loaded, struct loaded_program *program, struct error *err)
{
	if (loaded->replaceable && program->gate_fd < 0) {
		program->link_fd = open_gate(program, err);
		if (program->link_fd < 0)
			return;
	}
	program->link_fd = attach_program(
		&program->point, loaded->replaceable ? program->gate_fd : program->program_fd, err);
}

/* The functions that an image has probes for and the kernel lacks, each once. */
static void tell_missing(const struct loaded *loaded, size_t image)
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
			"bytetrace: warning: this kernel has no function %s, or its module "
			"is not loaded: what it drops is not seen\n",
			program->point.name);
	}
}

/*
 * Attach what is not yet attached of an image: all of it, but for missing functions of the kernel
 * as long as there is one for a kprobe.
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
		tell_missing(loaded, image);
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

/* How often the kernel skipped a program, because it was already running on that CPU. */
static uint64_t count_misses(const struct loaded_program *program)
{
	uint64_t misses = 0;

	if (sysbpf_program_misses(program->gate_fd >= 0 ? program->gate_fd : program->program_fd,
				  &misses))
		return 0;
	return misses;
}

static void close_program(struct loaded_program *program)
{
	close_fd(&program->link_fd);
	close_fd(&program->gate_fd);
	close_fd(&program->jump_fd);
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

/* Hand a gate over; `from` may be NULL. */
static void move_gate(struct loaded_program *to, struct loaded_program *from)
{
	if (!from)
		return;
	to->link_fd = from->link_fd;
	to->gate_fd = from->gate_fd;
	to->jump_fd = from->jump_fd;
	from->link_fd = from->gate_fd = from->jump_fd = -1;
}

int load_replace(struct loaded *loaded, size_t old, size_t count, struct error *err)
{
	const size_t start = loaded->program_count - count;
	struct loaded_program *programs = &loaded->programs[start];
	const uint32_t first = 0;
	size_t kept = 0;
	int result;

	for (size_t i = 0; i < count; i++)
		move_gate(&programs[i], find_program(loaded, old, &programs[i].point));
	result = attach_image(loaded, loaded->image_count, err);
	if (result) {
		for (size_t i = 0; i < count; i++) {
			struct loaded_program *before =
				find_program(loaded, old, &programs[i].point);

			if (before)
				move_gate(before, &programs[i]);
			close_program(&programs[i]);
		}
		loaded->program_count = start;
		return result;
	}
	for (size_t i = 0; i < count; i++) {
		if (programs[i].jump_fd >= 0)
			sysbpf_map_set(programs[i].jump_fd, &first, &programs[i].program_fd);
		programs[i].image = old;
	}
	/* What is at no attach point of the new ones ends. */
	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		if (i < start && program->image == old) {
			if (program->gate_fd >= 0)
				loaded->skipped += count_misses(program);
			close_program(program);
		} else {
			loaded->programs[kept++] = *program;
		}
	}
	loaded->program_count = kept;
	return 0;
}

void load_detach(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->program_count; i++)
		close_fd(&loaded->programs[i].link_fd);
	/* This waits for a grace period of RCU, in whose read sides programs run. */
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
