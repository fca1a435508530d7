// SPDX-License-Identifier: GPL-2.0-only
#include "generate/columns.h"

#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/code.h"
#include "generate/column_type.h"
#include "generate/source.h"
#include "record/columns.h"
#include "record/layout.h"
#include "util/error.h"

#define MACRO "DROP_FIELD"
#define MAX_FIELDS_SIZE 256 /* they share the BPF stack with the rest of the record */
/* Set the kind by a conversion of the kernel's own printf. False: it does not fit the type. */
static bool take_pointer(struct field *field, char kind)
{
	switch (kind) {
	case '4':
		/* A number in network order: its bytes are the address. */
		if (!field->in_bytes && field->kind == FIELD_UNSIGNED) {
			field->kind = FIELD_IPV4;
			field->swap = 0;
		}
		return field->kind == FIELD_IPV4;
	case '6':
		return field->kind == FIELD_IPV6;
	case 'M':
		return field->kind == FIELD_MAC;
	case 'S':
		if (field->kind != FIELD_UNSIGNED)
			return false;
		field->kind = FIELD_ADDRESS;
		return true;
	default:
		return false;
	}
}

/* The conversion of printf() that shows a column; sets its kind. NULL: it does not fit the type. */
static const char *take_conversion(struct field *field, const char *conversion)
{
	static const char *const numbers[] = { "llu", "llx", "llX", "llo" };
	const bool is_signed = field->kind == FIELD_SIGNED;

	if (*conversion == 'p')
		return take_pointer(field, conversion[strlen(conversion) - 1]) ? "s" : NULL;
	if (*conversion == 's')
		return field->kind == FIELD_STRING ? "s" : NULL;
	if (!is_signed && field->kind != FIELD_UNSIGNED)
		return NULL;
	if (*conversion == 'c') {
		field->kind = FIELD_CHARACTER;
		return "s";
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (*conversion == numbers[i][2])
			return numbers[i];
	return is_signed ? "lld" : "llu";
}

/*
 * Make a format, a literal with one conversion, a format for printf() and the widest value. False:
 * it is something else, or does not fit the type. Escapes could break a row, so there are none.
 */
static bool take_format(struct field *field, struct span literal)
{
#define PLAIN "(([] !#$&-[^-~]|%%)*)"
	static const char pattern[] = "^\"" PLAIN "%([-0-9#+ ]{0,6})"
				      "(p(I4|I6|M|S)|[diuxXocs])" PLAIN "\"$";
	enum { BEFORE = 1, FLAGS = 3, CONVERSION = 4, BEHIND = 6, PARTS = 8 };
	char text[2 * FIELD_FORMAT_SIZE], conversion[4];
	const char *shown;
	regmatch_t parts[PARTS];
	regex_t regex;
	int length = snprintf(text, sizeof(text), "%.*s", (int)(literal.end - literal.start),
			      literal.start);

	if ((size_t)length >= sizeof(text) || regcomp(&regex, pattern, REG_EXTENDED))
		return false;
	length = regexec(&regex, text, PARTS, parts, 0);
	regfree(&regex);
	if (length)
		return false;
#define PART(index) (int)(parts[index].rm_eo - parts[index].rm_so), text + parts[index].rm_so
	snprintf(conversion, sizeof(conversion), "%.*s", PART(CONVERSION));
	shown = take_conversion(field, conversion);
	if (!shown)
		return false;
	length = snprintf(field->format, sizeof(field->format), "%.*s%%%.*s%s%.*s", PART(BEFORE),
			  PART(FLAGS), shown, PART(BEHIND));
	return (size_t)length + 1 < sizeof(field->format);
}

static struct span without_quotes(struct span text)
{
	if (text.end - text.start >= 2 && *text.start == '"' && text.end[-1] == '"')
		return (struct span){ text.start + 1, text.end - 1 };
	return text;
}

static bool take_name(struct field *field, struct span name)
{
	size_t length = (size_t)(name.end - name.start);

	if (length == 0 || length >= sizeof(field->name) || !islower((unsigned char)*name.start))
		return false;
	for (const char *at = name.start; at < name.end; at++)
		if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_')
			return false;
	memcpy(field->name, name.start, length);
	return true;
}

static int refuse(const struct source_line *line, struct span quoted, const char *what,
		  struct error *err)
{
	return code_refuse(line, MACRO, quoted, what, STATUS_COMPILE, err);
}

/* Add one column to the layout: type, name and format of a declaration. */
static int take(void *context, const struct source_line *line, const struct span *arguments,
		struct error *err)
{
	const struct span type = arguments[0], name = arguments[1], format = arguments[2];
	struct layout *layout = context;
	struct field *field = &layout->fields[layout->field_count];

	if (layout->field_count == LAYOUT_MAX_FIELDS)
		return refuse(line, name, "is one column too many: a program can have 16", err);
	memset(field, 0, sizeof(*field));
	if (!column_type_take(field, type))
		return refuse(line, type,
			      "is not a column type: use u8 to u64, s8 to s64, bool, int, __be16, "
			      "__be32, char[N] up to 64, u8[4], u8[6] or u8[16]",
			      err);
	if (!take_name(field, name))
		return refuse(line, name,
			      "is not a column name: use up to 31 lowercase letters, digits and _, "
			      "a letter first",
			      err);
	if (columns_taken(name.start, (size_t)(name.end - name.start)))
		return refuse(line, name, "is the name of a built-in column or key", err);
	if (layout_field(layout, field->name))
		return refuse(line, name, "is the name of two columns", err);
	if (!take_format(field, format))
		return refuse(line, without_quotes(format),
			      "does not fit the type: a format has one conversion, %d %u %x %o %c "
			      "for numbers, %s for char[N], %pI4 %pI6 %pM for addresses, %pS for a "
			      "kernel function",
			      err);
	field->offset = layout->size;
	layout->size += (field->size + 7) / 8 * 8;
	if (layout->size > MAX_FIELDS_SIZE)
		return refuse(line, name, "makes the columns larger than 256 bytes", err);
	layout->field_count++;
	return 0;
}

int columns_find(struct layout *layout, const struct source *source, const char *code,
		 struct error *err)
{
	return code_each(source, code, MACRO, 3, take, layout, err);
}

void columns_write_list(const struct layout *layout, const char *macro, FILE *out)
{
	if (layout->field_count == 0)
		return;
	fprintf(out, "#define %s(number, string, bytes)", macro);
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct field *field = &layout->fields[i];

		if (field->in_bytes)
			fprintf(out, " %s(%s, %zu)",
				field->kind == FIELD_STRING ? "string" : "bytes", field->name,
				field->size);
		else
			fprintf(out, " number(%s)", field->name);
	}
	fputc('\n', out);
}

void columns_write_found(const struct layout *layout, FILE *out)
{
	for (size_t i = 0; i < layout->field_count; i++)
		fprintf(out, "enum { drop_field_begins_its_line_%s };\n", layout->fields[i].name);
}
