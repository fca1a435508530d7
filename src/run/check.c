// SPDX-License-Identifier: GPL-2.0-only
#include "run/check.h"

#include <stdbool.h>
#include <linux/bpf.h>

#include "bpf/load.h"
#include "util/cpus.h"

static const char *const type_names[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array_of_maps",
	[BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
};

/* Bytes of keys and values. Arrays do not store keys; values are padded to 8 bytes. */
static unsigned long long map_bytes(const struct loaded_map *map)
{
	bool cpus = map->type == BPF_MAP_TYPE_PERCPU_HASH ||
		    map->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		    map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool keys = map->type == BPF_MAP_TYPE_HASH || map->type == BPF_MAP_TYPE_PERCPU_HASH ||
		    map->type == BPF_MAP_TYPE_LRU_HASH || map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	unsigned long long value = (map->value_size + 7ULL) & ~7ULL;

	if (cpus)
		value *= cpus_possible();
	return map->max_entries * (value + (keys ? map->key_size : 0));
}

static void print_count(const char *words, unsigned long count, const char *unit, FILE *out)
{
	if (count)
		fprintf(out, ", %s%lu %s", words, count, unit);
}

void check_print(const struct loaded *loaded, FILE *out)
{
	for (size_t i = 0; i < loaded->program_count; i++) {
		const struct loaded_program *program = &loaded->programs[i];

		fprintf(out, "%s: attaches to ", program->function);
		attach_print(&program->point, out);
		fprintf(out, ", %u instructions", program->instruction_count);
		print_count("verifier processed ", program->processed, "instructions", out);
		print_count("stack ", program->stack, "bytes", out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < loaded->map_count; i++) {
		const struct loaded_map *map = &loaded->maps[i];
		const char *type = map->type < sizeof(type_names) / sizeof(*type_names)
					   ? type_names[map->type]
					   : NULL;

		fprintf(out, "map %s: ", map->name);
		if (type)
			fputs(type, out);
		else
			fprintf(out, "type %u", map->type);
		if (map->type == BPF_MAP_TYPE_RINGBUF)
			fprintf(out, ", %u bytes\n", map->max_entries);
		else
			fprintf(out, ", %u entries, %llu bytes\n", map->max_entries,
				map_bytes(map));
	}
}
