// SPDX-License-Identifier: GPL-2.0-only
#include "filter/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter/fields.h"
#include "filter/pattern.h"
#include "filter/value.h"
#include "util/error.h"

/* Append to the text of a set, which messages quote. */
static int note_text(struct filter_set *set, const char *flag, const char *text)
{
	char *longer;

	if (!set->flag)
		set->flag = strdup(flag);
	if (asprintf(&longer, "%s%s%s", set->text ? set->text : "", set->text ? " " : "", text) < 0)
		longer = NULL;
	free(set->text);
	set->text = longer;
	return set->flag && set->text ? 0 : -ENOMEM;
}

static int add_value(struct filter_set *set, const struct value *value, bool excluded)
{
	struct ranges *numbers = &set->numbers[value->kind];
	struct filter_item *items;
	char *text = NULL;

	if (value->type == VALUE_NUMBERS)
		return excluded ? ranges_remove(numbers, value->numbers.first, value->numbers.last)
				: ranges_add(numbers, value->numbers.first, value->numbers.last);
	items = reallocarray(set->items, set->item_count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	if (value->type == VALUE_NAME) {
		text = strndup(value->name, value->length);
		if (!text)
			return -ENOMEM;
	}
	items[set->item_count++] =
		(struct filter_item){ excluded, text, value->bits.value, value->bits.mask };
	return 0;
}

/* "FLAG: ITEM in TEXT PROBLEM OBJECT": what is wrong with `length` bytes of the text. */
static int bad_item(const char *flag, const char *text, const char *item, size_t length,
		    const char *problem, const char *object, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	char whole[ERROR_QUOTE_SIZE];
	char copy[ERROR_QUOTE_SIZE];

	snprintf(copy, sizeof(copy), "%.*s", (int)length, item);
	if (strlen(text) == length)
		return error_set(err, STATUS_USAGE, EINVAL, "%s: %s %s %s", flag,
				 error_quote(quoted, copy), problem, object);
	return error_set(err, STATUS_USAGE, EINVAL, "%s: %s in %s %s %s", flag,
			 error_quote(quoted, copy), error_quote(whole, text), problem, object);
}

/* A list of TCP flags is one value: all of them must be as it says. */
static int parse_whole(struct filter_set *set, enum filter_field field, const char *flag,
		       const char *text, struct error *err)
{
	struct value value;
	const char *bad;
	size_t length;

	switch (value_parse_tcp_flags(text, &value, &bad, &length)) {
	case TCP_FLAGS_UNKNOWN:
		return bad_item(flag, text, bad, length, "is not", filter_fields[field].expected,
				err);
	case TCP_FLAGS_OPPOSITE:
		return bad_item(flag, text, bad, length, "contradicts", "a flag before it", err);
	case TCP_FLAGS_OK:
		break;
	}
	if (add_value(set, &value, false))
		return error_nomem(err);
	return 0;
}

static int parse_list(struct filter *filter, enum filter_field field, const char *flag,
		      const char *text, struct error *err)
{
	struct filter_set *set = &filter->sets[field];
	const char *item = text + set->negated;
	bool first = true;

	for (;; first = false) {
		bool excluded = !first && *item == '!';
		size_t length = strcspn(item += excluded, ",");
		struct value value;

		if (!value_parse(field, item, length, &value))
			return bad_item(flag, text, item, length, "is not",
					filter_fields[field].expected, err);
		if (filter_fields[field].value == FILTER_VALUE_PROTOCOL && !value.numeric)
			filter->numeric_protocol = false;
		/* In a negated list, a '!' before each value changes nothing. */
		if (add_value(set, &value, excluded && !set->negated))
			return error_nomem(err);
		if (!item[length])
			return 0;
		item += length + 1;
	}
}

int filter_parse(struct filter *filter, enum filter_field field, const char *flag, const char *text,
		 struct error *err)
{
	struct filter_set *set = &filter->sets[field];
	const enum filter_value value = filter_fields[field].value;
	bool negated = text[0] == '!' && value != FILTER_VALUE_TCP_FLAGS;
	char quoted[ERROR_QUOTE_SIZE];

	if (value == FILTER_VALUE_INTERFACE && strcmp(text, "any") == 0) {
		filter->any_interface = true;
		return 0;
	}
	if (set->given && set->negated != negated)
		return error_set(err, STATUS_USAGE, EINVAL,
				 "%s: %s cannot be combined with an earlier %s: one list is "
				 "negated, the other is not",
				 flag, error_quote(quoted, text), flag);
	if (value == FILTER_VALUE_PROTOCOL && !set->given)
		filter->numeric_protocol = true;
	set->given = true;
	set->negated = negated;
	if (note_text(set, flag, text))
		return error_nomem(err);
	return value == FILTER_VALUE_TCP_FLAGS ? parse_whole(set, field, flag, text, err)
					       : parse_list(filter, field, flag, text, err);
}

bool filter_accepts_name(const struct filter_set *set, const char *name)
{
	bool accepted = false;

	for (size_t i = 0; name && i < set->item_count; i++)
		if (pattern_matches(set->items[i].text, name))
			accepted = !set->items[i].excluded;
	return accepted != set->negated;
}

bool filter_given(const struct filter *filter)
{
	bool given = filter->valid_reason;

	for (int field = 0; field < FILTER_FIELDS; field++)
		given |= filter->sets[field].given;
	return given;
}

bool filter_reads_packet(const struct filter *filter)
{
	for (int field = 0; field < FILTER_FIELDS; field++)
		if (filter_fields[field].of_packet && filter->sets[field].given)
			return true;
	return false;
}

void filter_describe(const struct filter *filter, FILE *out)
{
	const char *separator = "drops with ";
	char quoted[ERROR_QUOTE_SIZE];

	if (!filter_given(filter))
		fputs("every drop", out);
	if (filter->valid_reason) {
		fprintf(out, "%sa reason that the kernel gives", separator);
		separator = ", ";
	}
	for (int field = 0; field < FILTER_FIELDS; field++) {
		const struct filter_set *set = &filter->sets[field];

		if (!set->given)
			continue;
		fprintf(out, "%s%s %s%s", separator, filter_fields[field].word,
			set->negated ? "not " : "", error_quote(quoted, set->text + set->negated));
		separator = ", ";
	}
}

void filter_free(struct filter *filter)
{
	for (int field = 0; field < FILTER_FIELDS; field++) {
		struct filter_set *set = &filter->sets[field];

		for (int kind = 0; kind < FILTER_KINDS; kind++)
			ranges_free(&set->numbers[kind]);
		for (size_t i = 0; i < set->item_count; i++)
			free(set->items[i].text);
		free(set->items);
		free(set->flag);
		free(set->text);
	}
	memset(filter, 0, sizeof(*filter));
}
