// SPDX-License-Identifier: GPL-2.0-only
#include "explain/counters.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "explain/explain.h"

#define BLANKS " \t\n"
#define NSTAT "nstat -az "

static const char *const prefixes[] = {
	"TcpExt", "IpExt", "MPTcpExt", "Ip",   "Ip6",	  "Icmp",
	"Icmp6",  "Tcp",   "Udp",      "Udp6", "UdpLite", "UdpLite6",
};

/* The texts whose entries may have "counter:" lines. */
static const char *const texts[] = { embedded_reasons, embedded_cases, embedded_locations };

const char *counters_plain_name(const char *name)
{
	const char *plain = name;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		const size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) == 0 &&
		    isupper((unsigned char)name[length]) && name + length > plain)
			plain = name + length;
	}
	return plain;
}

bool counters_same(const char *counter, const char *name)
{
	return strcasecmp(counter, name) == 0 ||
	       strcasecmp(counters_plain_name(counter), name) == 0;
}

/* The next counter of a line "nstat -az NAME NAME"; *at begins as NULL. */
static bool next_nstat(const struct explanation_part *part, size_t command, const char **at,
		       size_t *length)
{
	const char *end = part->value + command;
	const char *word = *at ? *at + *length : part->value + strlen(NSTAT);

	if (command <= strlen(NSTAT) || strncmp(part->value, NSTAT, strlen(NSTAT)) != 0)
		return false;
	word += strspn(word, " ");
	if (word >= end)
		return false;
	*at = word;
	*length = strcspn(word, BLANKS);
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether a text contains others words, not within longer ones. */
static bool contains(const char *text, size_t length, const char *words, size_t words_length)
{
	const char *end = text + length;

	for (const char *at = text; at + words_length <= end; at++)
		if (strncasecmp(at, words, words_length) == 0 && (at == text || !is_word(at[-1])) &&
		    (at + words_length == end || !is_word(at[words_length])))
			return true;
	return false;
}

/* The length of the first two words. */
static size_t two_words(const char *text)
{
	size_t length = strcspn(text, BLANKS);

	length += strspn(text + length, BLANKS);
	return length + strcspn(text + length, BLANKS);
}

/* Whether a "counter:" line is about the counter that a "shown:" line describes. */
static bool is_shown(const struct explanation_part *line, const struct explanation_part *shown)
{
	size_t command, length, words_length;
	const char *note = explain_note(line, &command, &length);
	const char *words = explain_note(shown, &command, &words_length);
	const size_t program = two_words(shown->value);

	return note && words && two_words(line->value) == program &&
	       memcmp(line->value, shown->value, program) == 0 &&
	       contains(note, length, words, words_length);
}

static bool find_part(const struct explanation *entry, const char *key,
		      struct explanation_part *part)
{
	const char *at = NULL;

	while (explain_next_part(entry, &at, part))
		if (explain_is_key(part, key))
			return true;
	return false;
}

bool counters_has_command(const struct explanation *entry)
{
	struct explanation_part shown;

	return find_part(entry, "shown", &shown);
}

/* A counter that is searched in the "counter:" lines. */
struct wanted {
	const char *name;
	const struct explanation *entry; /* of counters.txt, or NULL */
	bool has_shown;
	struct explanation_part shown;
};

static bool is_counted(const struct explanation_part *line, const struct wanted *wanted)
{
	const char *word = NULL;
	size_t command, length;

	if (wanted->has_shown)
		return is_shown(line, &wanted->shown);
	explain_note(line, &command, &length);
	while (next_nstat(line, command, &word, &length)) {
		char name[EXPLAIN_NAME_SIZE];

		snprintf(name, sizeof(name), "%.*s", (int)length, word);
		if (counters_same(name, wanted->name) &&
		    (!wanted->entry || explain_has_name(wanted->entry, name)))
			return true;
	}
	return false;
}

/* The first line of an entry that says that the counter increases. */
static bool find_line(const struct explanation *entry, const struct wanted *wanted,
		      struct explanation_part *line)
{
	const char *at = NULL;

	while (explain_next_part(entry, &at, line))
		if (explain_is_key(line, "counter") && is_counted(line, wanted))
			return true;
	return false;
}

size_t counters_each_drop(const char *name, const struct explanation *entry,
			  void (*take)(void *context, const struct counted_drop *drop),
			  void *context)
{
	struct wanted wanted = { .name = name, .entry = entry };
	size_t count = 0;

	wanted.has_shown = entry && find_part(entry, "shown", &wanted.shown);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *text = texts[i];
		struct explanation found;

		while (explain_next(&text, &found)) {
			struct counted_drop drop = { .entry = &found };
			struct explanation_part line;
			size_t command;

			if (!find_line(&found, &wanted, &line))
				continue;
			if (wanted.has_shown)
				drop.note = explain_note(&line, &command, &drop.note_length);
			take(context, &drop);
			count++;
		}
	}
	return count;
}

static int take_word(const char *word, size_t length,
		     int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		     void *context)
{
	char name[EXPLAIN_NAME_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	return take(context, name, 0, 0);
}

int counters_each(int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		  void *context)
{
	const char *text = embedded_counters;
	struct explanation entry;
	int result = 0;

	while (!result && explain_next(&text, &entry)) {
		const char *word = NULL;
		size_t length = 0;

		while (!result && explain_next_name(&entry, &word, &length))
			result = take_word(word, length, take, context);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		text = texts[i];
		while (!result && explain_next(&text, &entry)) {
			struct explanation_part line;
			const char *at = NULL;

			while (!result && explain_next_part(&entry, &at, &line)) {
				const char *word = NULL;
				size_t command, length;

				if (!explain_is_key(&line, "counter"))
					continue;
				explain_note(&line, &command, &length);
				while (!result && next_nstat(&line, command, &word, &length))
					result = take_word(word, length, take, context);
			}
		}
	}
	return result;
}
