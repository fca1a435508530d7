// SPDX-License-Identifier: GPL-2.0-only
#include "util/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define MIN_PART 3 /* shorter texts are part of too many names */

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Characters to insert, delete, change or swap with their neighbour (optimal string alignment). */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX_NAME + 1]; /* of a's beginnings; each reused after two more */
	const size_t length = strnlen(b, NEAREST_MAX_NAME);
	size_t i;

	for (size_t k = 0; k <= length; k++)
		rows[0][k] = k;
	for (i = 1; i <= NEAREST_MAX_NAME && a[i - 1]; i++) {
		size_t *row = rows[i % 3], *before = rows[(i - 1) % 3];
		const size_t *two_before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= length; k++) {
			row[k] = min_of(before[k], row[k - 1]) + 1;
			row[k] = min_of(row[k], before[k - 1] + !same(a[i - 1], b[k - 1]));
			if (i > 1 && k > 1 && same(a[i - 1], b[k - 2]) && same(a[i - 2], b[k - 1]))
				row[k] = min_of(row[k], two_before[k - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][length];
}

/* A name that contains the whole text is as near as one with a single mistake. */
static size_t distance_of(const char *text, const char *name)
{
	const size_t edits = edit_distance(text, name);

	if (edits > 1 && strlen(text) >= MIN_PART && strcasestr(name, text))
		return 1;
	return edits;
}

int nearest_take(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct nearest *nearest = context;
	size_t distance = distance_of(nearest->text, name);
	size_t place = nearest->count;

	(void)first;
	(void)last;
	for (size_t i = 0; i < nearest->count; i++)
		if (strcmp(nearest->best[i].name, name) == 0)
			return 0;
	while (place > 0 && nearest->best[place - 1].distance > distance)
		place--;
	if (place == NEAREST_COUNT)
		return 0;
	if (nearest->count < NEAREST_COUNT)
		nearest->count++;
	memmove(&nearest->best[place + 1], &nearest->best[place],
		(nearest->count - place - 1) * sizeof(*nearest->best));
	nearest->best[place].distance = distance;
	snprintf(nearest->best[place].name, sizeof(nearest->best[place].name), "%s", name);
	return 0;
}

bool nearest_is_close(const struct nearest *nearest)
{
	/* One character in three may be wrong. */
	return nearest->count > 0 && nearest->best[0].distance <= strlen(nearest->text) / 3;
}

const char *nearest_list(char list[NEAREST_LIST_SIZE], const struct nearest *nearest)
{
	const char *names[NEAREST_COUNT];

	for (size_t i = 0; i < nearest->count; i++)
		names[i] = nearest->best[i].name;
	return text_list(list, NEAREST_LIST_SIZE, "", names, nearest->count);
}
