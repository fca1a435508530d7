// SPDX-License-Identifier: GPL-2.0-only
#include "record/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct column columns[COLUMN_COUNT] = {
#define COLUMN(id, name, json, title, verbosity, part, keys, kind, present, value)                 \
	[COLUMN_##id] = { name, json, title, verbosity, part, keys, COLUMN_KIND_##kind },
	COLUMNS(COLUMN)
#undef COLUMN
};

_Static_assert(COLUMN_COUNT < 31, "a set of keys is an int");

/* Names in a JSON object or a table that do not belong to a column. */
static const char *const other_names[] = { "stack", "other", "count",
					   "share", "rate",  "nf_rule_text" };

static bool is_key(unsigned int id)
{
	return columns[id].keys & 1u << id;
}

unsigned int columns_key(const char *name, size_t length)
{
	for (unsigned int i = 0; i < COLUMN_COUNT; i++)
		if (is_key(i) && strlen(columns[i].name) == length &&
		    memcmp(columns[i].name, name, length) == 0)
			return 1u << i;
	return 0;
}

const char *columns_key_names(void)
{
#define ROOM(id, name, ...) +sizeof(name ", ")
	static char names[COLUMNS(ROOM)];
#undef ROOM
	size_t length = 0;

	for (unsigned int i = 0; i < COLUMN_COUNT; i++)
		if (is_key(i))
			length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
						   length ? ", " : "", columns[i].name);
	return names;
}

static bool same(const char *known, const char *name, size_t length)
{
	return known && strlen(known) == length && strncasecmp(known, name, length) == 0;
}

/* Whether a JSON object has a second key for the name of such a value. */
static bool has_name_key(enum column_kind kind)
{
	return kind == COLUMN_KIND_ETHERTYPE || kind == COLUMN_KIND_PROTOCOL ||
	       kind == COLUMN_KIND_REASON;
}

bool columns_taken(const char *name, size_t length)
{
	static const char suffix[] = "_name";
	const size_t stem = length < sizeof(suffix) ? 0 : length - strlen(suffix);

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		const struct column *column = &columns[i];

		if (same(column->name, name, length) || same(column->json, name, length) ||
		    same(column->title, name, length))
			return true;
		if (stem && has_name_key(column->kind) && same(column->json, name, stem) &&
		    memcmp(name + stem, suffix, strlen(suffix)) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(other_names) / sizeof(*other_names); i++)
		if (same(other_names[i], name, length))
			return true;
	return false;
}
