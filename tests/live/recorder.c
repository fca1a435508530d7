// SPDX-License-Identifier: GPL-2.0-only
/*
 * recorder OBJECT: runs recorder.bpf.c until its standard input ends, then writes its variables.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <bpf/libbpf.h>

static void check(int succeeded, const char *what)
{
	if (succeeded)
		return;
	fprintf(stderr, "recorder: %s: %s\n", what, strerror(errno));
	exit(1);
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_link *link;
	struct bpf_map *map;
	const void *variables;
	size_t size;
	char byte;

	if (argc != 2)
		return 2;
	object = bpf_object__open(argv[1]);
	check(object != NULL, "open");
	check(bpf_object__load(object) == 0, "load");
	map = bpf_object__next_map(object, NULL);
	size = bpf_map__value_size(map);
	variables = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	check(variables != MAP_FAILED, "map");
	link = bpf_program__attach(bpf_object__next_program(object, NULL));
	check(link != NULL, "attach");

	fputs("recording\n", stderr);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	bpf_link__destroy(link);
	return fwrite(variables, size, 1, stdout) != 1 || fflush(stdout) != 0;
}
