// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that only the running kernel knows, as numbers.
 */
#include "filter/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/text.h"

#define NEAREST 3
#define MAX_NAME 255 /* longer ones are compared as far as that */

/* One pass over all names for one item. */
struct search {
	const char *pattern;
	int flags;		/* of fnmatch */
	struct ranges *numbers; /* what matches goes in, or is taken out */
	bool remove;
	bool found;
};

static int take_numbers(struct search *search, uint64_t first, uint64_t last)
{
	search->found = true;
	return search->remove ? ranges_remove(search->numbers, first, last)
			      : ranges_add(search->numbers, first, last);
}

static int take_matching(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct search *search = context;

	if (fnmatch(search->pattern, name, search->flags) != 0)
		return 0;
	return take_numbers(search, first, last);
}

/* The names that are most like what was typed. */
struct nearest {
	const char *text;
	size_t count;
	struct {
		size_t distance;
		char name[MAX_NAME + 1];
	} best[NEAREST];
};

/* How many characters to put in, take out or change to make one of the other (Levenshtein). */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1];
	size_t length = strnlen(b, MAX_NAME);

	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t i = 0; i < MAX_NAME && a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < length; k++) {
			size_t change = diagonal + (a[i] != b[k]);

			diagonal = row[k + 1];
			row[k + 1] = (row[k] < diagonal ? row[k] : diagonal) + 1;
			if (change < row[k + 1])
				row[k + 1] = change;
		}
	}
	return row[length];
}

static int take_nearest(void *context, const char *name, uint64_t first, uint64_t last)
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
	if (place == NEAREST)
		return 0;
	if (nearest->count < NEAREST)
		nearest->count++;
	memmove(&nearest->best[place + 1], &nearest->best[place],
		(nearest->count - place - 1) * sizeof(*nearest->best));
	nearest->best[place].distance = distance;
	snprintf(nearest->best[place].name, sizeof(nearest->best[place].name), "%s", name);
	return 0;
}

/* One name, which may be a number already. */
static int find_one(struct search *search, const char *flag, const struct filter_names *names,
		    struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	uint64_t number;
	int result;

	if (names->each) {
		if (!text_number(search->pattern, strlen(search->pattern), UINT64_MAX, &number))
			return names->each(names->context, take_matching, search, err);
	} else {
		result = names->find(search->pattern, &number);
		if (result)
			return error_set(err, STATUS_USAGE, -result, "%s: %s is no %s: %s", flag,
					 error_quote(quoted, search->pattern), names->what,
					 strerror(-result));
	}
	return take_numbers(search, number, number);
}

/* Nothing has that name: which ones did the user mean? */
static int refuse(const char *flag, const char *text, const struct filter_names *names,
		  struct error *err)
{
	struct nearest nearest = { .text = text };
	char quoted[ERROR_QUOTE_SIZE];
	int result = names->each(names->context, take_nearest, &nearest, err);
	char *list = NULL;
	size_t size;
	FILE *out;

	if (result)
		return result;
	out = open_memstream(&list, &size);
	if (!out)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	for (size_t i = 0; i < nearest.count; i++)
		fprintf(out, "%s%s", i ? ", " : "", nearest.best[i].name);
	fclose(out);
	result = error_set(err, STATUS_USAGE, EINVAL, "%s: %s is no %s; the nearest: %s", flag,
			   error_quote(quoted, text), names->what, list ? list : "");
	free(list);
	return result;
}

int filter_resolve(struct filter *filter, enum filter_field field, const struct filter_names *names,
		   struct error *err)
{
	struct filter_set *set = &filter->sets[field];
	char quoted[ERROR_QUOTE_SIZE];
	int result = 0;

	for (size_t i = 0; i < set->item_count && !result; i++) {
		struct search search = {
			.pattern = set->items[i].text,
			.numbers = &set->numbers[0],
			.flags = names->fnmatch_flags,
			.remove = set->items[i].excluded,
		};

		result = find_one(&search, set->flag, names, err);
		if (!result && !search.found)
			result = refuse(set->flag, search.pattern, names, err);
	}
	if (!result && set->given && !set->negated && set->numbers[0].count == 0)
		result = error_set(err, STATUS_USAGE, EINVAL, "%s: %s leaves nothing", set->flag,
				   error_quote(quoted, set->text));
	return result;
}
