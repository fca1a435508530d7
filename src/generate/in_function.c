// SPDX-License-Identifier: GPL-2.0-only
#include "generate/in_function.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/ranges.h"
#include "generate/calls.h"
#include "generate/source.h"
#include "generate/tokens.h"
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

/* The definitions of what the calls become. */
struct definitions {
	const struct filter_names *functions;
	FILE *out;
	size_t count;
};

/* The arguments of one, and its definition. */
static int take(void *context, const struct source_line *line, struct span arguments, FILE *out,
		struct error *err)
{
	struct definitions *definitions = context;
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
		return error_set(err, STATUS_COMPILE, EINVAL,
				 "%s:%u: " MACRO " takes an address, and names of functions "
				 "between double quotes",
				 line->file, line->line);
	result = definitions->functions->each(definitions->functions->context, take_matching,
					      &search, err);
	if (!result && search.found.count == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)(literal.end - literal.start - 2),
			 literal.start + 1);
		result = error_set(err, STATUS_ENVIRONMENT, ENOENT,
				   "%s:%u: " MACRO ": this kernel has no function %s: its module "
				   "may not be loaded",
				   line->file, line->line, error_quote(quoted, text));
	}
	if (!result) {
		fprintf(definitions->out, "#define drop_in_function_%zu(address) (",
			definitions->count);
		for (size_t i = 0; i < search.found.count; i++)
			fprintf(definitions->out, "%s(u64)(address) - 0x%llxull <= 0x%llxull",
				i ? " || " : "", (unsigned long long)search.found.items[i].first,
				(unsigned long long)(search.found.items[i].last -
						     search.found.items[i].first));
		fputs(")\n", definitions->out);
		fprintf(out, "drop_in_function_%zu(%.*s)", definitions->count++,
			(int)(comma - arguments.start), arguments.start);
	}
	ranges_free(&search.found);
	return result;
}

int in_function_take(struct source *source, const struct filter_names *functions, FILE *out,
		     struct error *err)
{
	struct definitions definitions = { .functions = functions, .out = out };

	return calls_replace(source, MACRO, take, &definitions, err);
}
