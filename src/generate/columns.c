// SPDX-License-Identifier: GPL-2.0-only
#include "generate/columns.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/calls.h"
#include "generate/column_type.h"
#include "generate/reads.h"
#include "generate/source.h"
#include "generate/tokens.h"
#include "record/columns.h"
#include "record/layout.h"
#include "util/error.h"

#define MACRO "DROP_FIELD"
#define MAX_FIELDS_SIZE 256 /* they share the BPF stack with the rest of the record */
#define MAX_EXPRESSION_LENGTH 1024
#define ARGUMENTS 4

/* A declaration. */
struct parser {
	const struct source_line *line;
	struct error *err;
};

static int refuse(const struct parser *parser, struct span quoted, const char *what)
{
	const struct source_line *line = parser->line;
	char text[FIELD_FORMAT_SIZE + FIELD_NAME_SIZE];
	char buffer[ERROR_QUOTE_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)(quoted.end - quoted.start), quoted.start);
	return error_set(parser->err, STATUS_COMPILE, EINVAL, "%s:%u: " MACRO ": %s %s", line->file,
			 line->line, error_quote(buffer, text), what);
}

/* What a conversion of the kernel's own printf makes of a type. False: it does not fit. */
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

/*
 * A format with one conversion, made one for printf with a value as wide as they get. False: it is
 * none, or not one for the type.
 */
static bool take_format(struct field *field, struct span literal)
{
	FILE *out = fmemopen(field->format, sizeof(field->format), "w");
	bool found = false, good = out && literal.end - literal.start >= 2 &&
				   *literal.start == '"' && literal.end[-1] == '"';

	for (const char *at = literal.start + 1; good && at < literal.end - 1; at++) {
		const size_t left = (size_t)(literal.end - 1 - at);
		size_t flags;

		/* No escapes: they could break a row. A quote: it is more than one literal. */
		if (strchr("\\\"", *at) || *at < 0x20 || *at > 0x7e) {
			good = false;
		} else if (*at != '%') {
			fputc(*at, out);
		} else if (left > 1 && at[1] == '%') {
			fputs("%%", out);
			at++;
		} else {
			good = !found;
			found = true;
			flags = strspn(at + 1, "0123456789#-+ ");
			if (flags > 6 || flags + 1 >= left)
				good = false;
			fprintf(out, "%.*s", (int)flags + 1, at);
			at += flags + 1;
			if (!good)
				break;
			if (*at == 'p') {
				const bool ip = left > flags + 3 && at[1] == 'I';

				at += ip ? 2 : 1;
				good = at < literal.end - 1 && strchr(ip ? "46" : "MS", *at) &&
				       take_pointer(field, *at);
				fputc('s', out);
			} else if (strchr("di", *at)) {
				good = field->kind == FIELD_SIGNED || field->kind == FIELD_UNSIGNED;
				fprintf(out, "ll%c", field->kind == FIELD_SIGNED ? 'd' : 'u');
			} else if (strchr("uxXo", *at)) {
				good = field->kind == FIELD_SIGNED || field->kind == FIELD_UNSIGNED;
				fprintf(out, "ll%c", *at);
			} else if (*at == 'c') {
				good = field->kind == FIELD_SIGNED || field->kind == FIELD_UNSIGNED;
				field->kind = FIELD_CHARACTER;
				fputc('s', out);
			} else {
				good = *at == 's' && field->kind == FIELD_STRING;
				fputc('s', out);
			}
		}
	}
	if (out && fclose(out))
		good = false;
	/* fmemopen() says nothing when the room is used up. */
	return good && found &&
	       strnlen(field->format, sizeof(field->format)) + 1 < sizeof(field->format);
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

/* The parts of a declaration between its brackets; what is behind the third comma is one part. */
static size_t split(struct span text, struct span *parts)
{
	const char *at = text.start, *next;
	size_t count = 0;

	parts[0].start = at;
	for (; (at = token_skip_blank(at, text.end)) < text.end; at = next) {
		next = strchr("([{", *at) ? token_skip_brackets(at, text.end)
					  : token_skip(at, text.end);
		if (*at != ',' || count == ARGUMENTS - 1)
			continue;
		parts[count++].end = at;
		parts[count].start = next;
	}
	parts[count++].end = text.end;
	for (size_t i = 0; i < count; i++)
		parts[i] = span_trim(parts[i]);
	return count;
}

/* Take one declaration, whose arguments are `text`, and write what becomes of it. */
static int take(void *context, const struct source_line *line, struct span text, FILE *out,
		struct error *err)
{
	const struct parser whole = { line, err }, *parser = &whole;
	struct layout *layout = context;
	struct field *field = &layout->fields[layout->field_count];
	struct span parts[ARGUMENTS] = { { NULL, NULL } };
	char *value;

	if (split(text, parts) < ARGUMENTS || parts[3].start == parts[3].end)
		return refuse(parser, text, "is not TYPE, NAME, \"FORMAT\", EXPRESSION");
	if (layout->field_count == LAYOUT_MAX_FIELDS)
		return refuse(parser, parts[1], "is one column too many: there may be 16");
	memset(field, 0, sizeof(*field));
	if (!column_type_take(field, parts[0]))
		return refuse(
			parser, parts[0],
			"is not a type that a column may have: u8 to u64, s8 to s64, bool, int, "
			"__be16, __be32, char[N] up to 64, u8[4], u8[6], u8[16]");
	if (!take_name(field, parts[1]))
		return refuse(parser, parts[1],
			      "is not a name of small letters, digits and _, up to 31");
	if (columns_taken(parts[1].start, (size_t)(parts[1].end - parts[1].start)))
		return refuse(parser, parts[1], "is the name of a column that bytetrace has");
	if (layout_field(layout, field->name))
		return refuse(parser, parts[1], "is the name of an earlier column");
	if (!take_format(field, parts[2]))
		return refuse(
			parser, without_quotes(parts[2]),
			"is not a format with one conversion for that type: %d %u %x %o %c for "
			"numbers, %s for char[N], %pI4 %pI6 %pM for addresses, %pS for a place "
			"in the kernel");
	if (parts[3].end - parts[3].start > MAX_EXPRESSION_LENGTH)
		return refuse(parser, parts[1], "has an expression of more than 1024 bytes");
	field->offset = layout->size;
	layout->size += (field->size + 7) / 8 * 8;
	if (layout->size > MAX_FIELDS_SIZE)
		return refuse(parser, parts[1], "makes the columns larger than 256 bytes");
	layout->field_count++;

	value = reads_rewrite(parts[3], field->in_bytes);
	if (!value)
		return error_nomem(err);
	if (field->in_bytes)
		fprintf(out, MACRO "_BYTES(%s, %s)", field->name, value);
	else
		fprintf(out, MACRO "_NUMBER(%.*s, %s, %s)", (int)(parts[0].end - parts[0].start),
			parts[0].start, field->name, value);
	free(value);
	return 0;
}

int columns_take(struct layout *layout, struct source *source, struct error *err)
{
	return calls_replace(source, MACRO, take, layout, err);
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
