// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/kallsyms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel's longest name is 511 bytes (KSYM_NAME_LEN), a module's is 55. */
#define BLOCK_SIZE (64 * 1024)

static size_t printable_length(const char *at, const char *end)
{
	const char *start = at;

	while (at<end && * at> ' ' && *at < 0x7f)
		at++;
	return (size_t)(at - start);
}

static bool name_starts(const struct kallsyms_line *line, const char *start)
{
	size_t length = strlen(start);

	return line->name_length > length && memcmp(line->name, start, length) == 0;
}

static bool name_is(const struct kallsyms_line *line, const char *name)
{
	return line->name_length == strlen(name) &&
	       memcmp(line->name, name, line->name_length) == 0;
}

/* Whether it is code that can drop: not data, padding before a function, or the end of text. */
static bool is_function(const struct kallsyms_line *line, char type)
{
	return (type == 't' || type == 'T' || type == 'w' || type == 'W') &&
	       !name_starts(line, "__pfx_") && !name_starts(line, "__cfi_") &&
	       !name_is(line, "_etext") && !name_is(line, "_einittext");
}

static bool parse_address(const char **at, const char *end, uint64_t *address)
{
	const char *digit = *at;

	*address = 0;
	for (; digit < end && digit - *at < 16; digit++) {
		if (*digit >= '0' && *digit <= '9')
			*address = *address << 4 | (uint64_t)(*digit - '0');
		else if (*digit >= 'a' && *digit <= 'f')
			*address = *address << 4 | (uint64_t)(*digit - 'a' + 10);
		else
			break;
	}
	if (digit == *at)
		return false;
	*at = digit;
	return true;
}

bool kallsyms_parse(const char *at, const char *end, struct kallsyms_line *line)
{
	char type;

	*line = (struct kallsyms_line){ 0 };
	if (!parse_address(&at, end, &line->address))
		return false;
	if (end - at < 4 || at[0] != ' ' || at[2] != ' ')
		return false;
	type = at[1];
	line->name = at + 3;
	line->name_length = printable_length(line->name, end);
	/* Labels of assemblers and compilers within functions. */
	if (line->name_length == 0 || line->name[0] == '$' || name_starts(line, ".L"))
		return false;
	line->function = is_function(line, type);
	at = line->name + line->name_length;
	if (at == end)
		return true;
	/* The rest is "\t[module]". */
	if (end - at < 4 || at[0] != '\t' || at[1] != '[' || end[-1] != ']')
		return false;
	line->module = at + 2;
	line->module_length = (size_t)(end - 1 - line->module);
	return printable_length(line->module, end) == line->module_length + 1;
}

/* Returns the number of bytes read, or 0 at the end or on an error. */
static size_t read_some(int fd, char *to, size_t size)
{
	ssize_t got;

	do
		got = read(fd, to, size);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

void kallsyms_read(int fd, bool (*take)(void *context, const struct kallsyms_line *line),
		   void *context)
{
	char *block = malloc(BLOCK_SIZE);
	bool too_long = false;
	size_t filled = 0;
	size_t got;

	if (!block)
		return;
	do {
		const char *at = block, *end, *newline;
		struct kallsyms_line line;

		got = read_some(fd, block + filled, BLOCK_SIZE - 1 - filled);
		if (got == 0) /* the last line may lack a newline */
			block[filled++] = '\n';
		end = block + filled + got;
		while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
			if (!too_long && kallsyms_parse(at, newline, &line) &&
			    !take(context, &line))
				goto out;
			too_long = false;
			at = newline + 1;
		}
		filled = (size_t)(end - at);
		memmove(block, at, filled);
		if (filled == BLOCK_SIZE - 1) {
			too_long = true;
			filled = 0;
		}
	} while (got);
out:
	free(block);
}
