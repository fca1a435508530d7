// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that only the running kernel knows, as numbers.
 */
#include "filter/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

#define MAX_RANGES 4096 /* a program with so many takes the compiler some seconds */

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
			return error_set(err, STATUS_USAGE, -result, "%s: unknown %s %s: %s", flag,
					 names->what, error_quote(quoted, search->pattern),
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
	char list[NEAREST_LIST_SIZE];
	int result = names->each(names->context, nearest_take, &nearest, err);

	if (result)
		return result;
	return error_set(err, STATUS_USAGE, EINVAL, "%s: unknown %s %s; did you mean %s?", flag,
			 names->what, error_quote(quoted, text), nearest_list(list, &nearest));
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
	if (!result && set->numbers[0].count > MAX_RANGES)
		result = error_set(err, STATUS_USAGE, E2BIG,
				   "%s: %s matches %zu separate ranges of numbers, more than %d", set->flag,
				   error_quote(quoted, set->text), set->numbers[0].count,
				   MAX_RANGES);
	if (!result && set->given && !set->negated && set->numbers[0].count == 0)
		result = error_set(err, STATUS_USAGE, EINVAL, "%s: %s matches nothing", set->flag,
				   error_quote(quoted, set->text));
	return result;
}
