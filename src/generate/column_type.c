// SPDX-License-Identifier: GPL-2.0-only
#include "generate/column_type.h"

#include <stdint.h>
#include <string.h>

#include "record/layout.h"
#include "util/text.h"

static const struct number_type {
	const char *name;
	enum field_kind kind;
	unsigned int swap;
} number_types[] = {
	{ "u8", FIELD_UNSIGNED, 0 },
	{ "__u8", FIELD_UNSIGNED, 0 },
	{ "u16", FIELD_UNSIGNED, 0 },
	{ "__u16", FIELD_UNSIGNED, 0 },
	{ "u32", FIELD_UNSIGNED, 0 },
	{ "__u32", FIELD_UNSIGNED, 0 },
	{ "u64", FIELD_UNSIGNED, 0 },
	{ "__u64", FIELD_UNSIGNED, 0 },
	{ "bool", FIELD_UNSIGNED, 0 },
	{ "unsigned int", FIELD_UNSIGNED, 0 },
	{ "unsigned long", FIELD_UNSIGNED, 0 },
	{ "__be16", FIELD_UNSIGNED, 16 },
	{ "__be32", FIELD_UNSIGNED, 32 },
	{ "s8", FIELD_SIGNED, 0 },
	{ "__s8", FIELD_SIGNED, 0 },
	{ "s16", FIELD_SIGNED, 0 },
	{ "__s16", FIELD_SIGNED, 0 },
	{ "s32", FIELD_SIGNED, 0 },
	{ "__s32", FIELD_SIGNED, 0 },
	{ "s64", FIELD_SIGNED, 0 },
	{ "__s64", FIELD_SIGNED, 0 },
	{ "int", FIELD_SIGNED, 0 },
	{ "long", FIELD_SIGNED, 0 },
	{ "char", FIELD_SIGNED, 0 },
};

static const struct number_type *find_number_type(struct span type)
{
	for (size_t i = 0; i < sizeof(number_types) / sizeof(*number_types); i++)
		if (span_is(type, number_types[i].name))
			return &number_types[i];
	return NULL;
}

/* The number between the brackets of "char[16]"; 0: it is not an array of that element. */
static size_t array_size(struct span type, const char *element)
{
	size_t length = strlen(element);
	struct span rest = { type.start + length, type.end };
	uint64_t size;

	if ((size_t)(type.end - type.start) < length || memcmp(type.start, element, length) != 0)
		return 0;
	rest = span_trim(rest);
	if (rest.end - rest.start < 3 || *rest.start != '[' || rest.end[-1] != ']')
		return 0;
	rest = span_trim((struct span){ rest.start + 1, rest.end - 1 });
	return text_number(rest.start, (size_t)(rest.end - rest.start), FIELD_MAX_SIZE, &size)
		       ? (size_t)size
		       : 0;
}

bool column_type_take(struct field *field, struct span type)
{
	const struct number_type *number;

	field->in_bytes = true;
	field->size = array_size(type, "char");
	field->kind = FIELD_STRING;
	if (field->size > 0)
		return true;
	for (size_t i = 0; i < 2 && field->size == 0; i++)
		field->size = array_size(type, i ? "__u8" : "u8");
	field->kind = field->size == 4 ? FIELD_IPV4 : field->size == 16 ? FIELD_IPV6 : FIELD_MAC;
	if (field->size > 0)
		return field->size == 4 || field->size == 16 || field->size == 6;
	number = find_number_type(type);
	if (!number)
		return false;
	field->kind = number->kind;
	field->swap = number->swap;
	field->size = 8;
	field->in_bytes = false;
	return true;
}
