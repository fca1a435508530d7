// SPDX-License-Identifier: GPL-2.0-only
/* Resolves the names that only the running kernel knows to numbers. */
#include "filter/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "filter/fields.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

#define MAX_RANGES 4096 /* a program with so many takes seconds to compile */

/* One name or pattern. */
struct search {
	const struct filter_field_row *row;
	const char *flag; /* as the user wrote it */
	const char *pattern;
	int fnmatch_flags;
	struct ranges *numbers; /* where numbers of matching names are added or removed */
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

	if (fnmatch(search->pattern, name, search->fnmatch_flags) != 0)
		return 0;
	return take_numbers(search, first, last);
}

/* No name matches: suggest similar ones. */
static int refuse(const struct search *search, const struct filter_names *names, struct error *err)
{
	struct nearest nearest = { .text = search->pattern };
	char quoted[ERROR_QUOTE_SIZE];
	char list[NEAREST_LIST_SIZE];
	int result = names->each(names->context, nearest_take, &nearest, err);

	if (result)
		return result;
	error_quote(quoted, search->pattern);
	if (!nearest_is_close(&nearest))
		return error_set(err, STATUS_USAGE, EINVAL, "%s: unknown %s %s; see %s",
				 search->flag, names->what, quoted, search->row->list);
	return error_set(err, STATUS_USAGE, EINVAL, "%s: unknown %s %s; did you mean %s?",
			 search->flag, names->what, quoted, nearest_list(list, &nearest));
}

static int find_one(struct search *search, const struct filter_names *names, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	uint64_t number;
	int result = names->find(search->pattern, &number);

	if (result)
		return error_set(err, STATUS_USAGE, -result, "%s: unknown %s %s: %s", search->flag,
				 names->what, error_quote(quoted, search->pattern),
				 strerror(-result));
	return take_numbers(search, number, number) ? error_nomem(err) : 0;
}

static int resolve_item(struct search *search, const struct filter_names *names, struct error *err)
{
	uint64_t number;
	int result;

	if (!names->each)
		return find_one(search, names, err);
	if (text_number(search->pattern, strlen(search->pattern), UINT64_MAX, &number))
		return take_numbers(search, number, number) ? error_nomem(err) : 0;
	result = names->each(names->context, take_matching, search, err);
	if (result)
		return result;
	return search->found ? 0 : refuse(search, names, err);
}

static int resolve_set(struct filter_set *set, const struct filter_field_row *row,
		       const struct filter_names *names, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	for (size_t i = 0; i < set->item_count; i++) {
		struct search search = {
			.row = row,
			.flag = set->flag,
			.pattern = set->items[i].text,
			.fnmatch_flags = names->fnmatch_flags,
			.numbers = &set->numbers[0],
			.remove = set->items[i].excluded,
		};
		int result = resolve_item(&search, names, err);

		if (result)
			return result;
	}
	if (set->numbers[0].count > MAX_RANGES)
		return error_set(err, STATUS_USAGE, E2BIG,
				 "%s: %s matches %zu separate ranges of numbers, more than %d",
				 set->flag, error_quote(quoted, set->text), set->numbers[0].count,
				 MAX_RANGES);
	if (set->given && !set->negated && set->numbers[0].count == 0)
		return error_set(err, STATUS_USAGE, EINVAL, "%s: %s matches nothing", set->flag,
				 error_quote(quoted, set->text));
	return 0;
}

int filter_resolve(struct filter *filter, const struct filter_names names[FILTER_NAME_KINDS],
		   struct error *err)
{
	for (int field = 0; field < FILTER_FIELDS; field++) {
		const struct filter_field_row *row = &filter_fields[field];
		int result;

		if (row->value != FILTER_VALUE_RESOLVED)
			continue;
		result = resolve_set(&filter->sets[field], row, &names[row->names], err);
		if (result)
			return result;
	}
	return 0;
}
