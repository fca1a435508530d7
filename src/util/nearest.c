// SPDX-License-Identifier: GPL-2.0-only
#include "util/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool differ(char a, char b)
{
	return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* How many characters to put in, take out or change to make one of the other (Levenshtein). */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX_NAME + 1];
	size_t length = strnlen(b, NEAREST_MAX_NAME);

	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t i = 0; i < NEAREST_MAX_NAME && a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < length; k++) {
			size_t change = diagonal + differ(a[i], b[k]);

			diagonal = row[k + 1];
			row[k + 1] = (row[k] < diagonal ? row[k] : diagonal) + 1;
			if (change < row[k + 1])
				row[k + 1] = change;
		}
	}
	return row[length];
}

int nearest_take(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct nearest *nearest = context;
	size_t distance = edit_distance(nearest->text, name);
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
	/* A third of the letters, and not all of a short one. */
	return nearest->count > 0 && nearest->best[0].distance <= strlen(nearest->text) / 3;
}

const char *nearest_list(char list[NEAREST_LIST_SIZE], const struct nearest *nearest)
{
	char *end = list;

	*end = '\0';
	for (size_t i = 0; i < nearest->count; i++)
		end += sprintf(end, "%s%s",
			       i == 0			? ""
			       : i + 1 < nearest->count ? ", "
							: " or ",
			       nearest->best[i].name);
	return list;
}
