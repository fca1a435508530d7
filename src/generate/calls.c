// SPDX-License-Identifier: GPL-2.0-only
#include "generate/calls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "generate/source.h"
#include "util/error.h"

static size_t count_lines(const char *at, const char *end)
{
	size_t count = 0;

	for (; at < end; at++)
		count += *at == '\n';
	return count;
}

/* Write the text of a program with what becomes of the calls in it. */
static int write_replaced(const struct source *source, const char *macro, calls_take *take,
			  void *context, FILE *out, struct error *err)
{
	const char *at = source->text, *end = at + source->length, *copied = at, *next;
	bool line_start = true;
	size_t line = 0; /* index into source->lines */
	int result = 0;

	while (at < end && !result) {
		size_t lines;

		next = token_skip_blank(at, end);
		lines = count_lines(at, next);
		line += lines;
		line_start |= lines > 0;
		at = next;
		if (at == end)
			break;
		/* The definition of the macro is none of its uses. */
		next = *at == '#' && line_start ? token_skip_directive(at, end)
						: token_skip(at, end);
		if (span_is((struct span){ at, next }, macro)) {
			const char *open = token_skip_blank(next, end);
			const char *close =
				open < end && *open == '(' ? token_skip_brackets(open, end) : NULL;

			if (!close)
				return error_set(err, STATUS_COMPILE, EINVAL,
						 "%s:%u: %s has no arguments between brackets",
						 source->lines[line].file, source->lines[line].line,
						 macro);
			fwrite(copied, 1, (size_t)(at - copied), out);
			result = take(context, &source->lines[line],
				      (struct span){ open + 1, close - 1 }, out, err);
			copied = next = close;
			for (lines = count_lines(at, close); lines > 0; lines--)
				fputc('\n', out);
		}
		line += count_lines(at, next);
		line_start = false;
		at = next;
	}
	fwrite(copied, 1, (size_t)(end - copied), out);
	return result;
}

int calls_replace(struct source *source, const char *macro, calls_take *take, void *context,
		  struct error *err)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int result;

	if (!out)
		return error_nomem(err);
	result = write_replaced(source, macro, take, context, out, err);
	if (fclose(out) && !result)
		result = error_nomem(err);
	if (result) {
		free(text);
		return result;
	}
	free(source->text);
	source->text = text;
	source->length = length;
	return 0;
}
