// SPDX-License-Identifier: GPL-2.0-only
#include "util/cpus.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "util/file.h"
#include "util/text.h"

/* Above the kernel's largest CONFIG_NR_CPUS. */
#define MAX_CPUS 8192

bool cpus_parse(const char *list, bool *set, size_t size)
{
	while (*list && *list != '\n') {
		size_t length = strcspn(list, ",\n");
		const char *dash = memchr(list, '-', length);
		size_t first_length = dash ? (size_t)(dash - list) : length;
		uint64_t first, last;

		if (!text_number(list, first_length, size - 1, &first))
			return false;
		last = first;
		if (dash && !text_number(dash + 1, length - first_length - 1, size - 1, &last))
			return false;
		for (uint64_t cpu = first; cpu <= last; cpu++)
			set[cpu] = true;
		list += length;
		if (*list == ',')
			list++;
	}
	return true;
}

size_t cpus_possible(void)
{
	int count = libbpf_num_possible_cpus();

	return (size_t)(count > 0 ? count : sysconf(_SC_NPROCESSORS_CONF));
}

size_t cpus_end(void)
{
	static const char path[] = "/sys/devices/system/cpu/possible";
	bool set[MAX_CPUS] = { false };
	char list[4096];
	size_t end = MAX_CPUS;

	if (file_read_string(AT_FDCWD, path, list, sizeof(list)) ||
	    !cpus_parse(list, set, MAX_CPUS))
		return cpus_possible();
	while (end > 1 && !set[end - 1])
		end--;
	return end;
}
