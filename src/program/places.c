// SPDX-License-Identifier: GPL-2.0-only
#include "program/places.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/ranges.h"
#include "program/template.h"
#include "program/tokens.h"
#include "util/error.h"

#define MACRO "DROP_IN_FUNCTION"
#define MAX_PATTERNS 256 /* the length of all of them */

/* One pass over the functions of the kernel. */
struct search {
	const char *patterns; /* each ends with a NUL, the last one with two */
	struct ranges found;
};

static int take_matching(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct search *search = context;

	for (const char *pattern = search->patterns; *pattern; pattern += strlen(pattern) + 1)
		if (fnmatch(pattern, name, 0) == 0)
			return ranges_add(&search->found, first, last);
	return 0;
}

/* "a*, b" as the patterns of a search. False: there are none, or too many. */
static bool split(char *patterns, struct span text)
{
	size_t length = 0;

	for (; text.start < text.end; text.start++) {
		if (length + 2 >= MAX_PATTERNS)
			return false;
		if (*text.start == ',' && length > 0 && patterns[length - 1])
			patterns[length++] = '\0';
		else if (*text.start != ',' && *text.start != ' ')
			patterns[length++] = *text.start;
	}
	patterns[length] = patterns[length + 1] = '\0';
	return length > 0;
}

struct walk {
	const struct source *source;
	const struct filter_names *functions;
	FILE *text, *out;
	size_t line;  /* index into source->lines */
	size_t count; /* of definitions */
	struct error *err;
};

/* The arguments of one, and its definition. */
static int take(struct walk *walk, struct span arguments)
{
	const struct source_line *line = &walk->source->lines[walk->line];
	struct span literal = span_trim(arguments);
	char patterns[MAX_PATTERNS], quoted[ERROR_QUOTE_SIZE], text[MAX_PATTERNS];
	struct search search = { .patterns = patterns };
	const char *comma = NULL, *next;
	int result;

	for (const char *at = arguments.start;
	     (at = token_skip_blank(at, arguments.end)) < arguments.end; at = next) {
		next = strchr("([{", *at) ? token_skip_brackets(at, arguments.end)
					  : token_skip(at, arguments.end);
		if (*at == ',')
			comma = at;
	}
	if (comma)
		literal = span_trim((struct span){ comma + 1, arguments.end });
	if (!comma || literal.end - literal.start < 3 || *literal.start != '"' ||
	    literal.end[-1] != '"' ||
	    !split(patterns, (struct span){ literal.start + 1, literal.end - 1 }))
		return error_set(walk->err, STATUS_COMPILE, EINVAL,
				 "%s:%u: " MACRO " takes an address, and names of functions "
				 "between double quotes",
				 line->file, line->line);
	result = walk->functions->each(walk->functions->context, take_matching, &search, walk->err);
	if (!result && search.found.count == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)(literal.end - literal.start - 2),
			 literal.start + 1);
		result = error_set(walk->err, STATUS_ENVIRONMENT, ENOENT,
				   "%s:%u: " MACRO ": this kernel has no function %s: its module "
				   "may not be loaded",
				   line->file, line->line, error_quote(quoted, text));
	}
	if (!result) {
		fprintf(walk->out, "#define drop_in_function_%zu(address) (", walk->count);
		for (size_t i = 0; i < search.found.count; i++)
			fprintf(walk->out, "%s(u64)(address) - 0x%llxull <= 0x%llxull",
				i ? " || " : "", (unsigned long long)search.found.items[i].first,
				(unsigned long long)(search.found.items[i].last -
						     search.found.items[i].first));
		fputs(")\n", walk->out);
		fprintf(walk->text, "drop_in_function_%zu(%.*s)", walk->count++,
			(int)(comma - arguments.start), arguments.start);
	}
	ranges_free(&search.found);
	return result;
}

static int walk_text(struct walk *walk, struct span text)
{
	const char *at = text.start, *next, *copied = text.start, *open, *close;
	int result = 0;

	for (; at < text.end && !result; at = next) {
		next = token_skip_blank(at, text.end);
		for (const char *c = at; c < next; c++)
			walk->line += *c == '\n';
		if (next > at)
			continue;
		next = token_skip(at, text.end);
		if (!span_is((struct span){ at, next }, MACRO))
			continue;
		open = token_skip_blank(next, text.end);
		close = open < text.end && *open == '(' ? token_skip_brackets(open, text.end)
							: NULL;
		if (!close)
			open = close = next; /* no arguments: refused as such */
		fwrite(copied, 1, (size_t)(at - copied), walk->text);
		result = take(walk, close > next ? (struct span){ open + 1, close - 1 }
						 : (struct span){ next, next });
		for (; at < close; at++) {
			if (*at != '\n')
				continue;
			fputc('\n', walk->text);
			walk->line++;
		}
		copied = next = close;
	}
	fwrite(copied, 1, (size_t)(text.end - copied), walk->text);
	return result;
}

int places_take(struct source *source, const struct filter_names *functions, FILE *out,
		struct error *err)
{
	char *text = NULL;
	size_t length;
	struct walk walk = {
		.source = source,
		.functions = functions,
		.text = open_memstream(&text, &length),
		.out = out,
		.err = err,
	};
	int result;

	if (!walk.text)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	result = walk_text(&walk, (struct span){ source->text, source->text + source->length });
	if (fclose(walk.text) && !result)
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	if (result) {
		free(text);
		return result;
	}
	free(source->text);
	source->text = text;
	source->length = length;
	return 0;
}
