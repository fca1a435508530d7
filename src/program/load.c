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

static int create_maps(struct loaded *loaded, const struct image *image, struct error *err)
{
	if (image->map_count > LOAD_MAX_MAPS)
		return error_set(err, STATUS_LOAD, EINVAL, "the program has %zu maps, not up to %d",
				 image->map_count, LOAD_MAX_MAPS);
	for (size_t i = 0; i < image->map_count; i++) {
		const struct image_map *map = &image->maps[i];
		int fd = create_map(map);

		if (fd < 0)
			return error_set(err, STATUS_LOAD, -fd,
					 "the kernel refused the map \"%s\": %s%s", map->name,
					 strerror(-fd),
					 fd == -EPERM ? " (root of the host is needed, or a higher "
							"limit of locked memory: ulimit -l "
							"unlimited)"
						      : "");
		loaded->maps[loaded->map_count++] =
			(struct loaded_map){ map->name,	      map->type,	map->key_size,
					     map->value_size, map->max_entries, fd };
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

/* The number after the last place where the log has these words; 0: it has not. */
static unsigned long last_number(const char *log, const char *words)
{
	unsigned long number = 0;

	while ((log = strstr(log, words))) {
		log += strlen(words);
		number = strtoul(log, NULL, 10);
	}
	return number;
}

/* With functions of its own a program's stack is told as "96+32": what can be in use at once. */
static unsigned long stack_depth(const char *log)
{
	const char *at = strstr(log, "stack depth ");
	unsigned long sum = 0;
	char *rest;

	if (!at)
		return 0;
	at += strlen("stack depth ");
	do {
		sum += strtoul(at, &rest, 10);
		at = rest + 1;
	} while (*rest == '+');
	return sum;
}

/* Load once more for what the verifier counts; where it does not tell, the counts stay 0. */
static void count_function(struct loaded_program *program, const struct image_function *function,
			   const struct bpf_insn *instructions)
{
	const struct attach_point *point = &program->point;
	char *log = calloc(1, LOG_SIZE);
	/* Before 5.2 any level tells all steps. */
	int fd = log ? sysbpf_program_load(point->program_type, instructions + function->first,
					   function->count, point->name, log, LOG_SIZE - 1, 4)
		     : -ENOMEM;

	if (fd >= 0) {
		program->processed = last_number(log, "processed ");
		program->stack = stack_depth(log);
		close(fd);
	}
	free(log);
}

/* The instruction that the verifier stood at: the last line that begins with "N: (". */
static bool last_instruction(const char *log, unsigned long *number)
{
	bool found = false;

	while (log) {
		char *rest;
		unsigned long value = strtoul(log, &rest, 10);

		if (rest > log && strncmp(rest, ": (", 3) == 0) {
			*number = value;
			found = true;
		}
		log = strchr(log, '\n');
		log = log ? log + 1 : NULL;
	}
	return found;
}

static int load_function(struct loaded *loaded, struct loaded_program *program,
			 const struct image_function *function, const struct bpf_insn *instructions,
			 struct error *err)
{
	const struct attach_point *point = &program->point;
	char *log;
	int result;

	program->program_fd =
		sysbpf_program_load(point->program_type, instructions + function->first,
				    function->count, point->name, NULL, 0, 0);
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
				    function->count, point->name, log, LOG_SIZE, 1);
	if (program->program_fd >= 0) {
		result = 0;
	} else if (*log) {
		log[LOG_SIZE - 1] = '\0';
		if (last_instruction(log, &loaded->refused.instruction))
			loaded->refused.function = function->name;
		error_set(err, STATUS_LOAD, -result,
			  "the kernel's verifier refused the program: %s\nits last words:\n%s",
			  strerror(-result), last_lines(log, LOG_LINES));
	}
	free(log);
	return result;
}

static int load_functions(struct loaded *loaded, const struct image *image,
			  const struct bpf_insn *instructions, bool counts, struct error *err)
{
	int result = 0;

	if (image->function_count == 0 || image->function_count > LOAD_MAX_PROGRAMS)
		return error_set(err, STATUS_ATTACH, EINVAL,
				 "the program has %zu functions to attach, not 1 to %d",
				 image->function_count, LOAD_MAX_PROGRAMS);
	for (size_t i = 0; i < image->function_count && !result; i++) {
		struct loaded_program *program = &loaded->programs[loaded->program_count++];

		*program = (struct loaded_program){
			.program_fd = -1,
			.link_fd = -1,
			.function = image->functions[i].name,
			.instruction_count = image->functions[i].count,
		};
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
	int result;

	*loaded = (struct loaded){ .program_count = 0 };
	if (!instructions)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	result = create_maps(loaded, image, err);
	if (!result) {
		for (size_t i = 0; i < image->instruction_count; i++) {
			instructions[i] = image->instructions[i];
			if (image_is_map_load(&instructions[i]))
				instructions[i].imm = loaded->maps[instructions[i].imm].fd;
		}
		result = load_functions(loaded, image, instructions, counts, err);
	}
	free(instructions);
	if (result)
		load_close(loaded);
	return result;
}

int load_attach(struct loaded *loaded, struct error *err)
{
	for (size_t i = 0; i < loaded->program_count; i++) {
		struct loaded_program *program = &loaded->programs[i];

		program->link_fd = attach_program(&program->point, program->program_fd, err);
		if (program->link_fd < 0)
			return program->link_fd;
	}
	return 0;
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
