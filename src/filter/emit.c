// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters as C text. It becomes part of the generated program, so it has only numbers and, in
 * comments, names made of validated values.
 */
#include "filter/emit.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include "filter/fields.h"
#include "filter/pattern.h"
#include "util/protocols.h"

#define LIST_MAX 8 /* longer lists become a search tree */

struct writer {
	FILE *out;
	enum filter_field field;
	const struct filter_field_row *row; /* of the field */
	int kind;
	int depth; /* of parentheses, for indentation */
	const struct filter_comments *comments;
};

/* Start a new line below the `if`. */
static void new_line(const struct writer *writer)
{
	fprintf(writer->out, "\n\t    %*s", 4 * writer->depth, "");
}

static const char *value_of(const struct writer *writer)
{
	return writer->row->kinds[writer->kind].term;
}

/* Comments */

static void comment_address(const struct writer *writer, const struct range *range)
{
	int family = writer->kind == FILTER_IPV6 ? AF_INET6 : AF_INET;
	unsigned int size = family == AF_INET6 ? 16 : 4;
	wide open = range->first ^ range->last;
	unsigned int bits = size * 8;
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];

	if ((open & (open + 1)) != 0 || (range->first & open) != 0)
		return; /* not a prefix, after a '!' removed a part of one */
	for (; open; open >>= 1)
		bits--;
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(range->first >> (size - 1 - i) * 8);
	inet_ntop(family, bytes, text, sizeof(text));
	fprintf(writer->out, " /* %s/%u */", text, bits);
}

/* Name a number in a comment. */
static void comment(const struct writer *writer, const struct range *range)
{
	const struct filter_comments *comments = writer->comments;
	uint64_t first = (uint64_t)range->first;
	const char *name = NULL;

	switch (writer->row->value) {
	case FILTER_VALUE_PREFIX:
		comment_address(writer, range);
		break;
	case FILTER_VALUE_PROTOCOL:
		if (range->first == range->last)
			name = writer->kind == FILTER_ETHERTYPE
				       ? protocol_ethertype_name((uint16_t)first)
				       : protocol_ip_name((uint8_t)first);
		break;
	case FILTER_VALUE_RESOLVED:
		if (comments && comments->name)
			name = comments->name(comments->context, writer->field, first,
					      (uint64_t)range->last);
		break;
	default:
		break;
	}
	if (name)
		fprintf(writer->out, " /* %s */", name);
}

/* Numbers */

static void put_number(const struct writer *writer, uint64_t value)
{
	const int digits = writer->row->kinds[writer->kind].hex;

	if (digits && value > UINT32_MAX)
		fprintf(writer->out, "0x%016llxull", (unsigned long long)value);
	else if (digits)
		fprintf(writer->out, "0x%0*llx", digits, (unsigned long long)value);
	else
		fprintf(writer->out, "%llu", (unsigned long long)value);
}

/* Compare at most 64 bits. Omits comparisons that are always true: compilers warn of them. */
static void put_scalar_range(const struct writer *writer, const char *value, uint64_t first,
			     uint64_t last, uint64_t max)
{
	bool both = first > 0 && last < max && first != last;

	if (first == 0 && last == max) {
		fputs("1 /* any */", writer->out);
		return;
	}
	fputs(both ? "(" : "", writer->out);
	if (first == last) {
		fprintf(writer->out, "%s == ", value);
		put_number(writer, first);
	} else {
		if (first > 0) {
			fprintf(writer->out, "%s >= ", value);
			put_number(writer, first);
		}
		if (last < max) {
			fprintf(writer->out, "%s%s <= ", both ? " && " : "", value);
			put_number(writer, last);
		}
	}
	fputs(both ? ")" : "", writer->out);
}

static uint64_t upper(wide value)
{
	return (uint64_t)(value >> 64);
}

static uint64_t lower(wide value)
{
	return (uint64_t)value;
}

/*
 * Test that an address is at the bound or above (below) it. If the lower half of the bound is
 * `end`, its least (greatest) value, the upper half decides alone.
 */
static void put_wide_bound(const struct writer *writer, const char *than, wide bound, uint64_t end)
{
	const char *high = value_of(writer);

	if (lower(bound) == end) {
		fprintf(writer->out, "%s %s= ", high, than);
		put_number(writer, upper(bound));
		return;
	}
	fprintf(writer->out, "(%s %s ", high, than);
	put_number(writer, upper(bound));
	fprintf(writer->out, " || (%s == ", high);
	put_number(writer, upper(bound));
	fprintf(writer->out, " && %s %s= ", writer->row->kinds[writer->kind].lower, than);
	put_number(writer, lower(bound));
	fputs("))", writer->out);
}

static void put_wide_range(const struct writer *writer, const struct range *range)
{
	const char *low = writer->row->kinds[writer->kind].lower;
	bool above = range->first > 0;
	bool below = range->last < ~(wide)0;

	if (lower(range->first) == 0 && lower(range->last) == UINT64_MAX) {
		put_scalar_range(writer, value_of(writer), upper(range->first), upper(range->last),
				 UINT64_MAX);
		return;
	}
	fputs("(", writer->out);
	if (upper(range->first) == upper(range->last)) {
		put_scalar_range(writer, value_of(writer), upper(range->first), upper(range->last),
				 UINT64_MAX);
		fputs(" && ", writer->out);
		put_scalar_range(writer, low, lower(range->first), lower(range->last), UINT64_MAX);
	} else {
		if (above)
			put_wide_bound(writer, ">", range->first, 0);
		fputs(above && below ? " && " : "", writer->out);
		if (below)
			put_wide_bound(writer, "<", range->last, UINT64_MAX);
	}
	fputs(")", writer->out);
}

static bool is_wide(const struct writer *writer)
{
	return writer->row->kinds[writer->kind].lower != NULL;
}

static void put_range(const struct writer *writer, const struct range *range)
{
	if (is_wide(writer))
		put_wide_range(writer, range);
	else
		put_scalar_range(writer, value_of(writer), (uint64_t)range->first,
				 (uint64_t)range->last, writer->row->kinds[writer->kind].max);
	comment(writer, range);
}

static void put_list(struct writer *writer, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			fputs(" ||", writer->out);
			new_line(writer);
		}
		put_range(writer, &ranges[i]);
	}
}

/* Binary search: a thousand ranges take ten comparisons. */
static void put_tree(struct writer *writer, const struct range *ranges, size_t count)
{
	const struct range *middle = &ranges[count / 2];

	if (count == 1) {
		put_range(writer, ranges);
		return;
	}
	fputs("(", writer->out);
	if (is_wide(writer)) {
		put_wide_bound(writer, "<", middle->first - 1, UINT64_MAX);
	} else {
		fprintf(writer->out, "%s < ", value_of(writer));
		put_number(writer, (uint64_t)middle->first);
	}
	writer->depth++;
	fputs(" ?", writer->out);
	new_line(writer);
	put_tree(writer, ranges, count / 2);
	fputs(" :", writer->out);
	new_line(writer);
	put_tree(writer, middle, count - count / 2);
	fputs(")", writer->out);
	writer->depth--;
}

static void put_numbers(struct writer *writer, const struct ranges *numbers)
{
	if (numbers->count <= LIST_MAX)
		put_list(writer, numbers->items, numbers->count);
	else
		put_tree(writer, numbers->items, numbers->count);
}

/* Names and bits */

static void put_item(const struct writer *writer, size_t index, const struct filter_item *item)
{
	if (writer->row->value == FILTER_VALUE_TCP_FLAGS) {
		/* A packet without TCP flags matches only if none must be on. */
		fprintf(writer->out, "%s(%s & 0x%02x) == 0x%02x",
			item->value ? "has_tcp_flags && " : "!has_tcp_flags || ", value_of(writer),
			item->mask, item->value);
	} else if (!item->text) {
		fprintf(writer->out, "(%s & 0x%x) == 0x%x", value_of(writer), item->mask,
			item->value);
	} else {
		pattern_emit_test(writer->row->flag, index, item->text, value_of(writer),
				  writer->out);
	}
}

/* The first `count` items: each adds to the items before it or, if excluded, removes from them. */
static void put_items(struct writer *writer, const struct filter_set *set, size_t count)
{
	const struct filter_item *item = &set->items[count - 1];

	fputs(item->excluded ? "((" : "", writer->out);
	if (count > 1) {
		put_items(writer, set, count - 1);
		fputs(item->excluded ? ") &&" : " ||", writer->out);
		new_line(writer);
	}
	fputs(item->excluded ? "!" : "", writer->out);
	fputs("(", writer->out);
	put_item(writer, count - 1, item);
	fputs(item->excluded ? "))" : ")", writer->out);
}

/* The numbers of both kinds. */
static void put_kinds(struct writer *writer, const struct filter_set *set)
{
	bool both = set->numbers[0].count > 0 && set->numbers[1].count > 0;

	for (writer->kind = 0; writer->kind < FILTER_KINDS; writer->kind++) {
		const char *presence = writer->row->kinds[writer->kind].presence;
		const struct ranges *numbers = &set->numbers[writer->kind];

		if (numbers->count == 0)
			continue;
		if (both && writer->kind > 0) {
			fputs(" ||", writer->out);
			new_line(writer);
		}
		if (presence) {
			fprintf(writer->out, "((%s) && (", presence);
			if (numbers->count > 1) {
				writer->depth++;
				new_line(writer);
			}
		}
		put_numbers(writer, numbers);
		if (presence) {
			fputs("))", writer->out);
			writer->depth -= numbers->count > 1;
		}
	}
}

/* End the program unless one of the values matches or, if negated, when one does. */
static void emit_set(struct writer *writer, const struct filter_set *set)
{
	const char *presence = writer->row->presence;
	bool items = set->item_count > 0 && writer->row->value != FILTER_VALUE_RESOLVED;
	size_t values = items ? set->item_count : set->numbers[0].count + set->numbers[1].count;

	if (writer->row->before)
		fprintf(writer->out, "\t%s\n\n", writer->row->before);
	fprintf(writer->out, "\tif (%s(", set->negated ? "" : "!");
	if (presence)
		fprintf(writer->out, "(%s) && (", presence);
	if (values > 1)
		new_line(writer);
	if (items)
		put_items(writer, set, set->item_count);
	else
		put_kinds(writer, set);
	fprintf(writer->out, "%s))\n\t\treturn 0;\n", presence ? ")" : "");
}

/* -p is tested before the network header is read if it has only EtherTypes. */
static enum filter_stage stage_of(const struct filter *filter, int field)
{
	if (filter_fields[field].value == FILTER_VALUE_PROTOCOL &&
	    filter->sets[field].numbers[FILTER_IP_PROTOCOL].count == 0)
		return FILTER_STAGE_ETHERTYPE;
	return filter_fields[field].stage;
}

static bool is_tested(const struct filter *filter, int field, enum filter_stage stage)
{
	return filter->sets[field].given && stage_of(filter, field) == stage;
}

void filter_emit(const struct filter *filter, enum filter_stage stage, uint32_t not_specified,
		 const struct filter_comments *comments, FILE *out)
{
	/* First what needs no helper call. */
	if (stage == FILTER_STAGE_CALL && filter->valid_reason)
		fprintf(out,
			"\tif (reason == 0 || reason == %u /* NOT_SPECIFIED */)\n"
			"\t\treturn 0;\n",
			not_specified);
	for (int field = 0; field < FILTER_FIELDS; field++) {
		struct writer writer = {
			.out = out,
			.field = (enum filter_field)field,
			.row = &filter_fields[field],
			.comments = comments,
		};

		if (is_tested(filter, field, stage))
			emit_set(&writer, &filter->sets[field]);
	}
}

bool filter_tests(const struct filter *filter, enum filter_stage stage)
{
	for (int field = 0; field < FILTER_FIELDS; field++)
		if (is_tested(filter, field, stage))
			return true;
	return stage == FILTER_STAGE_CALL && filter->valid_reason;
}

void filter_emit_functions(const struct filter *filter, FILE *out)
{
	for (int field = 0; field < FILTER_FIELDS; field++) {
		const struct filter_field_row *row = &filter_fields[field];
		const struct filter_set *set = &filter->sets[field];

		if (row->stage == FILTER_STAGE_READER ||
		    (row->value != FILTER_VALUE_INTERFACE && row->value != FILTER_VALUE_PROCESS))
			continue;
		for (size_t i = 0; i < set->item_count; i++)
			pattern_emit_function(row->flag, i, set->items[i].text, out);
	}
}
