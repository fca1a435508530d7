// SPDX-License-Identifier: GPL-2.0-only
#include "explain/explain.h"

#include <string.h>
#include <strings.h>

#define PREFIX "SKB_DROP_REASON_"
#define BLANKS " \t\n"
#define BOLD "\033[1m"
#define OFF "\033[0m"

/* The format: "[NAME NAME...]", then lines "key: value"; a line that begins with a blank continues.
 * Names that begin with @ are locations, in cases.txt.
 */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

bool explain_next_name(const struct explanation *entry, const char **at, size_t *length)
{
	const char *end = entry->names + entry->names_length;
	const char *name = *at ? *at + *length : entry->names;

	name += strspn(name, BLANKS);
	*at = name;
	*length = strcspn(name, "]" BLANKS);
	return name<end && * length> 0;
}

/* The first location of a case. */
static void find_location(struct explanation *entry)
{
	const char *name = NULL;
	size_t length = 0;

	entry->location = NULL;
	entry->location_length = 0;
	while (!entry->location && explain_next_name(entry, &name, &length)) {
		if (*name == '@') {
			entry->location = name + 1;
			entry->location_length = length - 1;
		}
	}
}

bool explain_next(const char **at, struct explanation *entry)
{
	const char *line = *at;

	while (*line && *line != '[')
		line = next_line(line);
	if (!*line)
		return false;
	entry->names = line + 1;
	entry->names_length = strcspn(entry->names, "]\n");
	entry->name = entry->names;
	entry->name_length = strcspn(entry->names, "]" BLANKS);
	find_location(entry);
	entry->parts = next_line(line);
	for (line = entry->parts; *line && *line != '[';)
		line = next_line(line);
	entry->end = line;
	*at = line;
	return true;
}

bool explain_next_part(const struct explanation *entry, const char **at,
		       struct explanation_part *part)
{
	const char *line = *at ? *at : entry->parts;

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

bool explain_is_key(const struct explanation_part *part, const char *key)
{
	return part->key_length == strlen(key) && memcmp(part->key, key, part->key_length) == 0;
}

/* Names */

const char *explain_plain_name(const char *name)
{
	size_t prefix = strlen(PREFIX);

	return strncasecmp(name, PREFIX, prefix) == 0 && name[prefix] ? name + prefix : name;
}

/* The place of a reason or location in the entry's line of names, or NULL. */
static const char *find_name(const struct explanation *entry, const char *name, bool is_location,
			     size_t *found_length)
{
	const size_t wanted = strcspn(name, ".+" BLANKS);
	const char *at = NULL;
	size_t length = 0;

	while (wanted > 0 && explain_next_name(entry, &at, &length)) {
		if ((*at == '@') != is_location || length - is_location != wanted ||
		    strncasecmp(at + is_location, name, wanted) != 0)
			continue;
		*found_length = wanted;
		return at + is_location;
	}
	return NULL;
}

bool explain_has_name(const struct explanation *explanation, const char *name)
{
	size_t length = 0;

	return find_name(explanation, explain_plain_name(name), false, &length) != NULL;
}

bool explain_find(const char *text, const char *name, struct explanation *found)
{
	name = explain_plain_name(name);
	while (explain_next(&text, found)) {
		const char *place = find_name(found, name, false, &found->name_length);

		if (place) {
			found->name = place;
			return true;
		}
	}
	return false;
}

bool explain_next_case(const char **at, const char *reason, const char *location,
		       struct explanation *found)
{
	while (explain_next(at, found)) {
		const char *name = found->name, *place = found->location;

		if (reason)
			name = find_name(found, explain_plain_name(reason), false,
					 &found->name_length);
		if (location)
			place = find_name(found, location, true, &found->location_length);
		if (!name || !place)
			continue;
		found->name = name;
		found->location = place;
		return true;
	}
	return false;
}

int explain_each(const char *text,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context)
{
	struct explanation entry;
	int result = 0;

	while (!result && explain_next(&text, &entry)) {
		char name[EXPLAIN_NAME_SIZE];

		snprintf(name, sizeof(name), "%.*s", (int)entry.name_length, entry.name);
		result = take(context, name, 0, 0);
	}
	return result;
}

const char *explain_hint(const struct explanation *explanation, size_t *length)
{
	struct explanation_part part;
	const char *at = NULL;

	while (explain_next_part(explanation, &at, &part)) {
		if (explain_is_key(&part, "hint")) {
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

const char *explain_note(const struct explanation_part *part, size_t *command, size_t *length)
{
	const char *mark = memmem(part->value, part->length, " # ", 3);

	*command = mark ? (size_t)(mark - part->value) : part->length;
	*length = mark ? part->length - *command - 3 : 0;
	return mark ? mark + 3 : NULL;
}

/* "COMMAND # what it shows" */
static void print_command(FILE *out, const struct explanation_part *part)
{
	size_t command, length;
	const char *note = explain_note(part, &command, &length);

	fprintf(out, "  %.*s\n", (int)command, part->value);
	if (note) {
		fputs("      ", out);
		explain_wrap(out, 6, 6, note, length);
	}
}

static void print_part(FILE *out, const struct explanation_part *part, bool is_command,
		       bool is_list)
{
	const char *start = is_list ? "  - " : "  ";

	if (is_command) {
		print_command(out, part);
	} else {
		fputs(start, out);
		explain_wrap(out, strlen(start), strlen(start), part->value, part->length);
	}
}

void explain_heading(FILE *out, const char *heading, bool bold)
{
	fprintf(out, "\n%s%s%s\n", bold ? BOLD : "", heading, bold ? OFF : "");
}

static void print_parts(FILE *out, const struct explanation *explanation, bool bold)
{
	static const struct {
		const char *key, *heading;
		bool is_command, is_list;
	} sections[] = {
		{ "meaning", "What it means", false, false },
		{ "cause", "Usual causes", false, true },
		{ "shown", "How to read it", true, false },
		{ "counter", "What counts it", true, false },
		{ "look", "Where to look", true, false },
		{ "fix", "What helps", false, true },
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		const char *at = NULL;
		bool started = false;
		struct explanation_part part;

		while (explain_next_part(explanation, &at, &part)) {
			if (!explain_is_key(&part, sections[i].key))
				continue;
			if (!started)
				explain_heading(out, sections[i].heading, bold);
			started = true;
			print_part(out, &part, sections[i].is_command, sections[i].is_list);
		}
	}
}

size_t explain_title(char title[EXPLAIN_TITLE_SIZE], const struct explanation *explanation)
{
	int length;

	if (explanation->location)
		length = snprintf(title, EXPLAIN_TITLE_SIZE, "%.*s at %.*s",
				  (int)explanation->name_length, explanation->name,
				  (int)explanation->location_length, explanation->location);
	else
		length = snprintf(title, EXPLAIN_TITLE_SIZE, "%.*s", (int)explanation->name_length,
				  explanation->name);
	return (size_t)length < EXPLAIN_TITLE_SIZE ? (size_t)length : EXPLAIN_TITLE_SIZE - 1;
}

void explain_print(FILE *out, const struct explanation *explanation, const char *note, bool bold)
{
	char title[EXPLAIN_TITLE_SIZE];
	size_t column = explain_title(title, explanation) + 2;
	size_t length;
	const char *hint = explain_hint(explanation, &length);

	fprintf(out, "%s%s%s", bold ? BOLD : "", title, bold ? OFF : "");
	if (hint) {
		fputs(": ", out);
		explain_wrap(out, column, 2, hint, length);
	} else {
		putc('\n', out);
	}
	if (!explanation->location && explanation->name_length != explanation->names_length) {
		fputs("Of ", out);
		explain_wrap(out, 3, 3, explanation->names, explanation->names_length);
	}
	if (note)
		explain_wrap(out, 0, 0, note, strlen(note));
	print_parts(out, explanation, bold);
}
