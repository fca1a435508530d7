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

/* What ends the second key that a JSON object has for such a value; NULL: there is none. */
static const char *second_key(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_KIND_ETHERTYPE:
	case COLUMN_KIND_PROTOCOL:
	case COLUMN_KIND_REASON:
		return "_name";
	case COLUMN_KIND_OWNER:
		return "_pid";
	default:
		return NULL;
	}
}

/* Whether a name is the second key of a column in a JSON object. */
static bool is_second_key(const struct column *column, const char *name, size_t length)
{
	const char *end = second_key(column->kind);
	const size_t stem = strlen(column->json);

	return end && length == stem + strlen(end) && same(column->json, name, stem) &&
	       strncasecmp(name + stem, end, strlen(end)) == 0;
}

bool columns_taken(const char *name, size_t length)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		const struct column *column = &columns[i];

		if (same(column->name, name, length) || same(column->json, name, length) ||
		    same(column->title, name, length) || is_second_key(column, name, length))
			return true;
	}
	for (size_t i = 0; i < sizeof(other_names) / sizeof(*other_names); i++)
		if (same(other_names[i], name, length))
			return true;
	return false;
}
