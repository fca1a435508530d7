// SPDX-License-Identifier: GPL-2.0-only
#include "generate/addresses.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kallsyms.h"

#define PREFIX "DROP_ADDRESS_"
#define MAX_ADDRESSES 16 /* of a program; those that follow are not defined */

struct names {
	struct {
		const char *at;
		size_t length;
		bool found;
	} list[MAX_ADDRESSES];
	size_t count;
	FILE *out;
};

static bool is_letter(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_';
}

static void add_name(struct names *names, const char *at)
{
	size_t length = 0;

	while (is_letter(at[length]))
		length++;
	for (size_t i = 0; i < names->count; i++)
		if (names->list[i].length == length && memcmp(names->list[i].at, at, length) == 0)
			return;
	if (length == 0 || names->count == MAX_ADDRESSES)
		return;
	names->list[names->count].at = at;
	names->list[names->count++].length = length;
}

static bool take(void *context, const struct kallsyms_line *line)
{
	struct names *names = context;

	for (size_t i = 0; i < names->count && line->address && line->module_length == 0; i++) {
		if (names->list[i].found || names->list[i].length != line->name_length ||
		    memcmp(names->list[i].at, line->name, line->name_length) != 0)
			continue;
		names->list[i].found = true;
		fprintf(names->out, "#define " PREFIX "%.*s 0x%llxull\n", (int)line->name_length,
			line->name, (unsigned long long)line->address);
	}
	return true;
}

void addresses_define(const char *text, const char *path, FILE *out)
{
	struct names names = { .out = out };
	int fd;

	for (const char *at = text; (at = strstr(at, PREFIX)); at += strlen(PREFIX))
		if (at == text || !is_letter(at[-1]))
			add_name(&names, at + strlen(PREFIX));
	if (names.count == 0)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	kallsyms_read(fd, take, &names);
	close(fd);
}
