// SPDX-License-Identifier: GPL-2.0-only
#include "generate/reads.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/column_type.h"

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
	return words > 0 && (words > 1 || stars || column_type_is_number(word) ||
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

char *reads_rewrite(struct span expression, bool address)
{
	return rewrite(expression, address ? ARROW_ADDRESS : ARROW_READ);
}
