// SPDX-License-Identifier: GPL-2.0-only
#include "program/fields.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/calls.h"
#include "program/template.h"
#include "program/tokens.h"
#include "stream/layout.h"
#include "util/error.h"
#include "util/text.h"

#define MACRO "DROP_FIELD"
#define MAX_FIELDS_SIZE 256 /* they share the BPF stack with the rest of the record */
#define MAX_EXPRESSION_LENGTH 1024
#define ARGUMENTS 4

/* A declaration. */
struct parser {
	const struct source_line *line;
	struct error *err;
};

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

/*
 * What a column cannot be called: the keys of JSON, the titles of the tables in small letters, and
 * the keys of --summary.
 */
static const char *const taken_names[] = {
	"time",	       "cpu",	"pid",	  "comm",	 "netns",     "interface",
	"ifindex",     "mark",	"tunnel", "vlan",	 "ethertype", "ethertype_name",
	"saddr",       "daddr", "source", "destination", "protocol",  "protocol_name",
	"sport",       "dport", "len",	  "length",	 "location",  "reason",
	"reason_name", "stack", "probe",  "iface",	 "proto",     "other",
	"count",       "share", "rate",
};

static const struct number_type *find_number_type(struct span type)
{
	for (size_t i = 0; i < sizeof(number_types) / sizeof(*number_types); i++)
		if (span_is(type, number_types[i].name))
			return &number_types[i];
	return NULL;
}

static int refuse(const struct parser *parser, struct span quoted, const char *what)
{
	const struct source_line *line = parser->line;
	char text[FIELD_FORMAT_SIZE + FIELD_NAME_SIZE];
	char buffer[ERROR_QUOTE_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)(quoted.end - quoted.start), quoted.start);
	return error_set(parser->err, STATUS_COMPILE, EINVAL, "%s:%u: " MACRO ": %s %s", line->file,
			 line->line, error_quote(buffer, text), what);
}

/* Replace a text, which is freed, by one that is printed; NULL stays NULL. */
__attribute__((format(printf, 2, 3))) static char *replace(char *old, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (old && vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	free(old);
	return text;
}

#define LENGTH(from, to) ((int)((to) - (from))), (from)

/* What a `->` becomes if it is the last one of an operand. */
enum last_arrow {
	ARROW_READ,
	ARROW_ADDRESS, /* where the text is, if it is also the end of the expression */
	ARROW_KEPT,    /* behind a `&`, for which nothing is read */
};

static char *rewrite(struct span text, enum last_arrow last);

/*
 * Whether this is a type: words and then stars. One word alone may be a variable, unless it is
 * known or ends like the name of a type.
 */
static bool is_type(struct span text)
{
	struct span word = { NULL, NULL };
	size_t words = 0, stars = 0;

	for (const char *at = text.start; (at = token_skip_blank(at, text.end)) < text.end;) {
		const char *next = token_skip(at, text.end);

		if (*at == '*')
			stars++;
		else if (!token_is_word(*at) || isdigit((unsigned char)*at) || stars)
			return false;
		else if (words++ == 0)
			word = (struct span){ at, next };
		at = next;
	}
	return words > 0 && (words > 1 || stars || find_number_type(word) ||
			     (word.end - word.start > 2 && memcmp(word.end - 2, "_t", 2) == 0));
}

/* Behind the cast that starts with the bracket at `at`; NULL: it is none. */
static const char *skip_cast(const char *at, const char *end)
{
	const char *behind = token_skip_brackets(at, end);

	return is_type((struct span){ at + 1, behind - 1 }) ? behind : NULL;
}

/* Add what follows an operand at `at`: a call, an element or a member of it. Frees `value`. */
static char *rewrite_suffix(char *value, const char *at, const char *end, const char **behind)
{
	char *inner;

	if (*at == '.') {
		at = token_skip_blank(at + 1, end);
		*behind = at < end ? token_skip(at, end) : end;
		return replace(value, "%s.%.*s", value, LENGTH(at, *behind));
	}
	*behind = token_skip_brackets(at, end);
	inner = rewrite((struct span){ at + 1, *behind - 1 }, ARROW_READ);
	if (!inner) {
		free(value);
		return NULL;
	}
	value = replace(value, "%s%c%s%c", value, *at, inner, (*behind)[-1]);
	free(inner);
	return value;
}

/* A member that starts at `at`, its own members and elements included. */
static char *rewrite_member(const char *at, const char *end, const char **behind)
{
	char *member;

	*behind = at < end ? token_skip(at, end) : end;
	member = strndup(at, (size_t)(*behind - at));
	while ((at = token_skip_blank(*behind, end)) < end && (*at == '.' || *at == '['))
		member = rewrite_suffix(member, at, end, behind);
	return member;
}

static bool is_arrow(const char *at, const char *end)
{
	return end - at > 1 && at[0] == '-' && at[1] == '>';
}

/* Add a member, at `at`, of what an operand points to. Frees `value`. */
static char *rewrite_arrow(char *value, const char *at, const char *end, const char **behind,
			   enum last_arrow last)
{
	char *member = rewrite_member(at, end, behind);

	at = token_skip_blank(*behind, end);
	if (!member) {
		free(value);
		return NULL;
	}
	if (last == ARROW_KEPT && !is_arrow(at, end) && (at == end || *at != '('))
		value = replace(value, "(%s)->%s", value, member);
	else if (last == ARROW_ADDRESS && at == end)
		value = replace(value, "DROP_ADDRESS(%s, %s)", value, member);
	else
		value = replace(value, "DROP_READ(%s, %s)", value, member);
	free(member);
	return value;
}

/*
 * One operand: a name or something in brackets, and what follows it. Each `->` becomes a read of
 * what stands before it; of the last one `last` tells. NULL: out of memory.
 */
static char *rewrite_operand(struct span text, const char **behind, enum last_arrow last)
{
	const char *at = text.start, *end = text.end;
	char *value;

	if (*at == '(') {
		*behind = token_skip_brackets(at, end);
		value = rewrite((struct span){ at + 1, *behind - 1 },
				token_skip_blank(*behind, end) == end ? last : ARROW_READ);
		value = replace(value, "(%s)", value);
	} else {
		*behind = token_skip(at, end);
		value = span_is((struct span){ at, *behind }, "sk")
				? strdup("DROP_SK")
				: strndup(at, (size_t)(*behind - at));
	}
	while ((at = token_skip_blank(*behind, end)) < end) {
		if (*at == '(' || *at == '[' || *at == '.')
			value = rewrite_suffix(value, at, end, behind);
		else if (is_arrow(at, end))
			value = rewrite_arrow(value, token_skip_blank(at + 2, end), end, behind,
					      last);
		else
			break;
	}
	return value;
}

/* An expression. Its brackets are known to match. NULL: out of memory. */
static char *rewrite(struct span text, enum last_arrow last)
{
	char *result = strdup("");
	const char *at, *next = text.start;
	bool value_before = false; /* so that a `&` is none of an address */
	char *part;

	while (result && (at = token_skip_blank(next, text.end)) < text.end) {
		/* White space between words matters. */
		const char *space = at > next ? " " : "";
		const bool name = isalpha((unsigned char)*at) || *at == '_';
		const char *cast = *at == '(' ? skip_cast(at, text.end) : NULL;

		if (cast) {
			next = cast;
			part = strndup(at, (size_t)(next - at));
		} else if (*at == '(' || name) {
			part = rewrite_operand((struct span){ at, text.end }, &next, last);
			last = ARROW_READ;
			value_before = true;
		} else {
			next = token_skip(at, text.end);
			/* && is one token. */
			if (*at == '&' && next < text.end && *next == '&')
				next++;
			last = *at == '&' && next - at == 1 && !value_before ? ARROW_KEPT
									     : ARROW_READ;
			value_before = token_is_word(*at) || strchr("\"')]}", *at);
			part = strndup(at, (size_t)(next - at));
		}
		if (!part) {
			free(result);
			return NULL;
		}
		result = replace(result, "%s%s%s", result, space, part);
		free(part);
	}
	return result;
}

/* The number between the brackets of "char[16]"; 0: it is no such type. */
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

static bool take_type(struct field *field, struct span type)
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

static bool name_is_taken(struct span name)
{
	for (size_t i = 0; i < sizeof(taken_names) / sizeof(*taken_names); i++)
		if (span_is(name, taken_names[i]))
			return true;
	return false;
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
	if (!take_type(field, parts[0]))
		return refuse(
			parser, parts[0],
			"is not a type that a column may have: u8 to u64, s8 to s64, bool, int, "
			"__be16, __be32, char[N] up to 64, u8[4], u8[6], u8[16]");
	if (!take_name(field, parts[1]))
		return refuse(parser, parts[1],
			      "is not a name of small letters, digits and _, up to 31");
	if (name_is_taken(parts[1]))
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

	value = rewrite(parts[3], field->in_bytes ? ARROW_ADDRESS : ARROW_READ);
	if (!value)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	if (field->in_bytes)
		fprintf(out, MACRO "_BYTES(%s, %s)", field->name, value);
	else
		fprintf(out, MACRO "_NUMBER(%.*s, %s, %s)", LENGTH(parts[0].start, parts[0].end),
			field->name, value);
	free(value);
	return 0;
}

int fields_take(struct layout *layout, struct source *source, struct error *err)
{
	return calls_replace(source, MACRO, take, layout, err);
}

void fields_write_list(const struct layout *layout, const char *macro, FILE *out)
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
