// SPDX-License-Identifier: GPL-2.0-only
#include "explain/explain.h"

#include <string.h>
#include <strings.h>

#define PREFIX "SKB_DROP_REASON_"
#define BLANKS " \t\n"
#define BOLD "\033[1m"
#define OFF "\033[0m"

/* The format: "[NAME NAME...]", then lines "key: value"; a line that begins with a blank continues.
 */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool next_entry(const char **at, struct explanation *entry)
{
	const char *line = *at;

	while (*line && *line != '[')
		line = next_line(line);
	if (!*line)
		return false;
	entry->names = line + 1;
	entry->names_length = strcspn(entry->names, "]\n");
	entry->parts = next_line(line);
	for (line = entry->parts; *line && *line != '[';)
		line = next_line(line);
	entry->end = line;
	*at = line;
	return true;
}

struct part {
	const char *key, *value;
	size_t key_length, length;
};

static bool next_part(const struct explanation *entry, const char **at, struct part *part)
{
	const char *line = *at;

	for (; line < entry->end; line = next_line(line)) {
		part->key = line;
		part->key_length = strspn(line, "abcdefghijklmnopqrstuvwxyz");
		if (part->key_length > 0 && line[part->key_length] == ':')
			break;
	}
	if (line >= entry->end)
		return false;
	part->value = line + part->key_length + 1;
	part->value += strspn(part->value, " \t");
	do
		line = next_line(line);
	while (line < entry->end && (*line == ' ' || *line == '\t'));
	part->length = (size_t)(line - part->value);
	while (part->length > 0 && strchr(BLANKS, part->value[part->length - 1]))
		part->length--;
	*at = line;
	return true;
}

static bool is_key(const struct part *part, const char *key)
{
	return part->key_length == strlen(key) && memcmp(part->key, key, part->key_length) == 0;
}

/* Names */

const char *explain_plain_name(const char *name)
{
	size_t prefix = strlen(PREFIX);

	return strncasecmp(name, PREFIX, prefix) == 0 && name[prefix] ? name + prefix : name;
}

/* The place of a name in the entry's line of names, or NULL. */
static const char *find_name(const struct explanation *explanation, const char *name)
{
	const char *at = explanation->names;
	const char *end = at + explanation->names_length;
	size_t wanted;

	name = explain_plain_name(name);
	wanted = strcspn(name, ".+" BLANKS);
	for (size_t length; at < end; at += length) {
		at += strspn(at, BLANKS);
		length = strcspn(at, "]" BLANKS);
		if (wanted > 0 && length == wanted && strncasecmp(at, name, length) == 0)
			return at;
	}
	return NULL;
}

bool explain_has_name(const struct explanation *explanation, const char *name)
{
	return find_name(explanation, name) != NULL;
}

bool explain_find(const char *text, const char *name, struct explanation *found)
{
	while (next_entry(&text, found)) {
		found->name = find_name(found, name);
		if (found->name) {
			found->name_length = strcspn(found->name, "]" BLANKS);
			return true;
		}
	}
	return false;
}

int explain_each(const char *text,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context)
{
	struct explanation entry;
	int result = 0;

	while (!result && next_entry(&text, &entry)) {
		char name[EXPLAIN_NAME_SIZE];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry.names, "]" BLANKS),
			 entry.names);
		result = take(context, name, 0, 0);
	}
	return result;
}

const char *explain_hint(const struct explanation *explanation, size_t *length)
{
	const char *at = explanation->parts;
	struct part part;

	while (next_part(explanation, &at, &part)) {
		if (is_key(&part, "hint")) {
			*length = part.length;
			return part.value;
		}
	}
	return NULL;
}

/* Printing */

void explain_wrap(FILE *out, size_t column, size_t indent, const char *words, size_t length)
{
	const char *end = words + length;
	bool first = true;

	while (words < end) {
		size_t word;

		words += strspn(words, BLANKS);
		if (words >= end)
			break;
		word = strcspn(words, BLANKS);
		if (word > (size_t)(end - words))
			word = (size_t)(end - words);
		if (!first && column + 1 + word > EXPLAIN_WIDTH) {
			column = indent;
			fprintf(out, "\n%*s", (int)indent, "");
		} else if (!first) {
			column++;
			putc(' ', out);
		}
		fwrite(words, 1, word, out);
		column += word;
		words += word;
		first = false;
	}
	putc('\n', out);
}

/* "COMMAND # what it shows" */
static void print_command(FILE *out, const struct part *part)
{
	const char *mark = memmem(part->value, part->length, " # ", 3);
	size_t command = mark ? (size_t)(mark - part->value) : part->length;

	fprintf(out, "  %.*s\n", (int)command, part->value);
	if (mark) {
		fputs("      ", out);
		explain_wrap(out, 6, 6, mark + 3, part->length - command - 3);
	}
}

static void print_part(FILE *out, const struct part *part, bool is_command, bool is_list)
{
	const char *start = is_list ? "  - " : "  ";

	if (is_command) {
		print_command(out, part);
	} else {
		fputs(start, out);
		explain_wrap(out, strlen(start), strlen(start), part->value, part->length);
	}
}

static void print_parts(FILE *out, const struct explanation *explanation, bool bold)
{
	static const struct {
		const char *key, *heading;
		bool is_command, is_list;
	} sections[] = {
		{ "meaning", "What it means", false, false },
		{ "cause", "Usual causes", false, true },
		{ "counter", "What counts it", true, false },
		{ "look", "Where to look", true, false },
		{ "fix", "What helps", false, true },
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		const char *at = explanation->parts;
		bool started = false;
		struct part part;

		while (next_part(explanation, &at, &part)) {
			if (!is_key(&part, sections[i].key))
				continue;
			if (!started)
				fprintf(out, "\n%s%s%s\n", bold ? BOLD : "", sections[i].heading,
					bold ? OFF : "");
			started = true;
			print_part(out, &part, sections[i].is_command, sections[i].is_list);
		}
	}
}

void explain_print(FILE *out, const struct explanation *explanation, const char *note, bool bold)
{
	size_t column = explanation->name_length + 2;
	size_t length;
	const char *hint = explain_hint(explanation, &length);

	fprintf(out, "%s%.*s%s", bold ? BOLD : "", (int)explanation->name_length, explanation->name,
		bold ? OFF : "");
	if (hint) {
		fputs(": ", out);
		explain_wrap(out, column, 2, hint, length);
	} else {
		putc('\n', out);
	}
	if (explanation->name_length != explanation->names_length) {
		fputs("Of ", out);
		explain_wrap(out, 3, 3, explanation->names, explanation->names_length);
	}
	if (note)
		explain_wrap(out, 0, 0, note, strlen(note));
	print_parts(out, explanation, bold);
}
