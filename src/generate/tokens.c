// SPDX-License-Identifier: GPL-2.0-only
#include "generate/tokens.h"

#include <ctype.h>
#include <string.h>

bool token_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool span_is(struct span span, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(span.end - span.start) == length && memcmp(span.start, text, length) == 0;
}

/* Behind the comment that starts at `at`; a line comment ends in front of its newline. */
static const char *skip_comment(const char *at, const char *end)
{
	if (at[1] == '/') {
		while (at < end && *at != '\n')
			at++;
		return at;
	}
	for (at += 2; at < end && !(at[0] == '*' && end - at > 1 && at[1] == '/'); at++)
		;
	return end - at > 2 ? at + 2 : end;
}

static bool is_comment(const char *at, const char *end)
{
	return end - at > 1 && at[0] == '/' && (at[1] == '/' || at[1] == '*');
}

const char *token_skip_blank(const char *at, const char *end)
{
	for (;;) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (!is_comment(at, end))
			return at;
		at = skip_comment(at, end);
	}
}

/* Behind the literal; one that nothing closes ends with its line. */
static const char *skip_literal(const char *at, const char *end)
{
	const char quote = *at;

	for (at++; at < end && *at != quote && *at != '\n'; at++)
		at += *at == '\\' && end - at > 1;
	return at < end && *at == quote ? at + 1 : at;
}

const char *token_skip_directive(const char *at, const char *end)
{
	while (at < end && *at != '\n') {
		if (is_comment(at, end))
			at = skip_comment(at, end);
		else if (*at == '"' || *at == '\'')
			at = skip_literal(at, end);
		else
			at += *at == '\\' && end - at > 1 ? 2 : 1;
	}
	return at;
}

const char *token_skip(const char *at, const char *end)
{
	if (*at == '"' || *at == '\'')
		return skip_literal(at, end);
	if (!token_is_word(*at))
		return at + 1;
	while (at < end && token_is_word(*at))
		at++;
	return at;
}

const char *token_skip_brackets(const char *at, const char *end)
{
	size_t depth = 0;

	for (; (at = token_skip_blank(at, end)) < end; at = token_skip(at, end)) {
		if (strchr("([{", *at))
			depth++;
		else if (strchr(")]}", *at) && --depth == 0)
			return at + 1;
	}
	return NULL;
}

struct span span_trim(struct span text)
{
	struct span inner = { token_skip_blank(text.start, text.end), NULL };

	inner.end = inner.start;
	for (const char *at = inner.start; at < text.end;
	     at = token_skip_blank(inner.end, text.end))
		inner.end = token_skip(at, text.end);
	return inner;
}
