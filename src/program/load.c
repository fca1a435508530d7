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

#define RAW_TRACEPOINT "raw_tracepoint__" /* BCC's own way to name an attach point */
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

static int create_maps(struct loaded *loaded, const struct image *image, int *map_fds,
		       struct error *err)
{
	for (size_t i = 0; i < image->map_count; i++) {
		map_fds[i] = create_map(&image->maps[i]);
		if (map_fds[i] < 0)
			return error_set(err, STATUS_LOAD, -map_fds[i],
					 "the kernel refused the map \"%s\": %s%s",
					 image->maps[i].name, strerror(-map_fds[i]),
					 map_fds[i] == -EPERM
						 ? " (root of the host is needed, or a higher "
						   "limit of locked memory: ulimit -l unlimited)"
						 : "");
		if (strcmp(image->maps[i].name, "events") == 0)
			loaded->events_fd = map_fds[i];
		else if (strcmp(image->maps[i].name, "lost") == 0)
			loaded->lost_fd = map_fds[i];
	}
	if (loaded->events_fd < 0 || loaded->lost_fd < 0)
		return error_set(err, STATUS_LOAD, EINVAL, "the program defines no map \"%s\"",
				 loaded->events_fd < 0 ? "events" : "lost");
	return 0;
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

static int load_function(struct loaded *loaded, const struct image_function *function,
			 struct bpf_insn *instructions, struct error *err)
{
	char *log;
	int result;

	loaded->program_fd =
		sysbpf_program_load(BPF_PROG_TYPE_RAW_TRACEPOINT, instructions + function->first,
				    function->count, loaded->attach_point, NULL, 0);
	if (loaded->program_fd >= 0)
		return 0;
	result = loaded->program_fd;
	error_set(err, STATUS_LOAD, -result, "the kernel refused the program: %s",
		  strerror(-result));

	log = calloc(1, LOG_SIZE);
	if (!log)
		return result;
	/* The verifier talks only when asked to, which takes longer: so only once it refused. */
	loaded->program_fd =
		sysbpf_program_load(BPF_PROG_TYPE_RAW_TRACEPOINT, instructions + function->first,
				    function->count, loaded->attach_point, log, LOG_SIZE);
	if (loaded->program_fd >= 0)
		result = 0;
	else if (*log)
		error_set(err, STATUS_LOAD, -result,
			  "the kernel's verifier refused the program: %s; its last words:\n%s",
			  strerror(-result), last_lines(log, LOG_LINES));
	free(log);
	return result;
}

static const struct image_function *find_function(const struct image *image, struct error *err)
{
	for (size_t i = 0; i < image->function_count; i++)
		if (strncmp(image->functions[i].name, RAW_TRACEPOINT, strlen(RAW_TRACEPOINT)) == 0)
			return &image->functions[i];
	error_set(err, STATUS_ATTACH, EINVAL,
		  "the program has no function named " RAW_TRACEPOINT
		  "..., so it is not known what to attach it to");
	return NULL;
}

int load_program(struct loaded *loaded, const struct image *image, struct error *err)
{
	const struct image_function *function;
	struct bpf_insn *instructions = NULL;
	int *map_fds = NULL;
	int result;

	*loaded =
		(struct loaded){ .program_fd = -1, .link_fd = -1, .events_fd = -1, .lost_fd = -1 };
	function = find_function(image, err);
	if (!function)
		return -EINVAL;
	loaded->attach_point = function->name + strlen(RAW_TRACEPOINT);
	loaded->instruction_count = function->count;

	map_fds = malloc((image->map_count + 1) * sizeof(*map_fds));
	instructions = malloc(image->instruction_count * sizeof(*instructions));
	if (!map_fds || !instructions) {
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < image->map_count; i++)
		map_fds[i] = -1;
	result = create_maps(loaded, image, map_fds, err);
	if (result)
		goto out;
	for (size_t i = 0; i < image->instruction_count; i++) {
		instructions[i] = image->instructions[i];
		if (image_is_map_load(&instructions[i]))
			instructions[i].imm = map_fds[instructions[i].imm];
	}
	result = load_function(loaded, function, instructions, err);
out:
	/* The program holds the maps that it uses; only two are used from here. */
	for (size_t i = 0; map_fds && i < image->map_count; i++)
		if (map_fds[i] >= 0 && map_fds[i] != loaded->events_fd &&
		    map_fds[i] != loaded->lost_fd)
			close(map_fds[i]);
	free(map_fds);
	free(instructions);
	if (result)
		load_close(loaded);
	return result;
}

int load_attach(struct loaded *loaded, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	loaded->link_fd = sysbpf_raw_tracepoint_attach(loaded->program_fd, loaded->attach_point);
	if (loaded->link_fd < 0)
		return error_set(err, STATUS_ATTACH, -loaded->link_fd,
				 "cannot attach to the raw tracepoint %s: %s",
				 error_quote(quoted, loaded->attach_point),
				 strerror(-loaded->link_fd));
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
	close_fd(&loaded->link_fd);
}

uint64_t load_lost(const struct loaded *loaded)
{
	size_t cpus = cpus_possible();
	uint64_t *counts = calloc(cpus, sizeof(*counts));
	uint64_t total = 0;
	uint32_t key = 0;

	sysbpf_program_misses(loaded->program_fd, &total);
	if (counts && sysbpf_map_get(loaded->lost_fd, &key, counts) == 0)
		for (size_t i = 0; i < cpus; i++)
			total += counts[i];
	free(counts);
	return total;
}

void load_close(struct loaded *loaded)
{
	close_fd(&loaded->link_fd);
	close_fd(&loaded->program_fd);
	close_fd(&loaded->events_fd);
	close_fd(&loaded->lost_fd);
}
