// SPDX-License-Identifier: GPL-2.0-only
#include "generate/code.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "generate/source.h"

bool span_is(struct span span, const char *text)
{
	const size_t length = strlen(text);

	return (size_t)(span.end - span.start) == length && memcmp(span.start, text, length) == 0;
}

struct span span_trim(struct span span)
{
	while (span.start < span.end && isspace((unsigned char)*span.start))
		span.start++;
	while (span.end > span.start && isspace((unsigned char)span.end[-1]))
		span.end--;
	return span;
}

/* Behind a string or character literal; one without an end stops at the end of its line. */
static const char *skip_literal(const char *at)
{
	const char quote = *at++;

	while (*at && *at != '\n' && *at != quote)
		at += at[0] == '\\' && at[1] && at[1] != '\n' ? 2 : 1;
	return at + (*at == quote);
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* Bytes of the comment that starts here; 0: none does. */
static size_t comment_length(const char *at)
{
	const char *end;

	if (strncmp(at, "//", 2) == 0)
		return strcspn(at, "\n");
	if (strncmp(at, "/*", 2) != 0)
		return 0;
	end = strstr(at + 2, "*/");
	return end ? (size_t)(end + 2 - at) : strlen(at);
}

char *code_strip(const char *text)
{
	char *code = strdup(text);

	for (char *at = code; at && (at = strstr(at, "\\\n")); at += 2)
		memset(at, ' ', 2);
	for (char *at = code; at && *at;) {
		const size_t comment = comment_length(at);

		memset(at, ' ', comment);
		if (is_quote(*at))
			at += skip_literal(at) - at;
		else
			at += comment ? comment : 1;
	}
	return code;
}

/* The comma or closing bracket that ends the argument at `at`; NULL: none does. */
static const char *argument_end(const char *at)
{
	size_t depth = 0;

	while (*at) {
		if (depth == 0 && strchr(",)", *at))
			return at;
		if (strchr("([{", *at))
			depth++;
		else if (strchr(")]}", *at) && depth-- == 0)
			return NULL;
		at = is_quote(*at) ? skip_literal(at) : at + 1;
	}
	return NULL;
}

/*
 * Split what follows an opening bracket. *count gets the number of arguments, of which the first
 * ones go to `arguments`. Returns the closing bracket; NULL: there is none.
 */
static const char *split_arguments(const char *at, struct span *arguments, size_t *count)
{
	for (*count = 0;; at++) {
		const char *end = argument_end(at);

		if (!end)
			return NULL;
		if (*count < CODE_MAX_ARGUMENTS)
			arguments[*count] = span_trim((struct span){ at, end });
		++*count;
		at = end;
		if (*at == ')')
			return at;
	}
}

/* Behind the bracket that follows `word` here; NULL: something else stands here. */
static const char *find_bracket(const char *at, const char *word)
{
	const size_t length = strlen(word);

	if (strncmp(at, word, length) != 0)
		return NULL;
	at = skip_space(at + length);
	return *at == '(' ? at + 1 : NULL;
}

int code_each(const struct source *source, const char *code, const char *macro, size_t count,
	      code_take *take, void *context, struct error *err)
{
	size_t line = 0; /* index into source->lines of what `counted` points at */
	const char *counted = code;

	for (const char *at = code; *at;) {
		struct span arguments[CODE_MAX_ARGUMENTS];
		const char *start = at + strspn(at, " \t");
		const char *bracket = find_bracket(start, macro);
		size_t found;
		int result;

		if (!bracket) {
			at = start + strcspn(start, "\n");
			at += *at == '\n';
			continue;
		}
		at = split_arguments(bracket, arguments, &found);
		if (!at)
			return 0;
		for (; counted < start; counted++)
			line += source->text[counted - code] == '\n';
		if (found < count)
			continue;
		result = take(context, &source->lines[line], arguments, err);
		if (result)
			return result;
	}
	return 0;
}

int code_refuse(const struct source_line *line, const char *macro, struct span quoted,
		const char *what, enum status status, struct error *err)
{
	char text[ERROR_QUOTE_SIZE], quote[ERROR_QUOTE_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)(quoted.end - quoted.start), quoted.start);
	return error_set(err, status, EINVAL, "%s:%u: %s: %s %s", line->file, line->line, macro,
			 error_quote(quote, text), what);
}

/* Whether a line calls or defines a function. */
static bool line_names(const char *code, const char *function, bool definition)
{
	const size_t length = strlen(function);

	for (const char *at = code; *at && *at != '\n';) {
		const char *word = at;

		if (is_quote(*at)) {
			at = skip_literal(at);
			continue;
		}
		while (is_word(*at))
			at++;
		if ((size_t)(at - word) == length && memcmp(word, function, length) == 0) {
			const char *bracket = skip_space(at);

			/* A definition goes on with the type of its first parameter. */
			if (*bracket == '(' &&
			    definition == (strncmp(skip_space(bracket + 1), "void", 4) == 0))
				return true;
		}
		at += at == word;
	}
	return false;
}

bool code_line_calls(const char *code, const char *function)
{
	return line_names(code, function, false);
}

bool code_line_defines(const char *code, const char *function)
{
	return line_names(code, function, true);
}
