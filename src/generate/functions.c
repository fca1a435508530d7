// SPDX-License-Identifier: GPL-2.0-only
#include "generate/functions.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/ranges.h"
#include "generate/code.h"
#include "generate/source.h"
#include "util/error.h"

#define MACRO "DROP_FUNCTIONS"
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

/* Split "a*, b", between its quotes, into patterns. False: it has none, or is too long. */
static bool split(char *patterns, struct span literal)
{
	size_t length = 0;

	if (literal.end - literal.start < 2 || *literal.start != '"' || literal.end[-1] != '"')
		return false;
	for (const char *at = literal.start + 1; at < literal.end - 1; at++) {
		if (length + 2 >= MAX_PATTERNS || *at == '"')
			return false;
		if (*at == ',' && length > 0 && patterns[length - 1])
			patterns[length++] = '\0';
		else if (*at != ',' && *at != ' ')
			patterns[length++] = *at;
	}
	patterns[length] = patterns[length + 1] = '\0';
	return length > 0;
}

/* The name becomes a part of a macro's: it must not be more than that. */
static bool is_identifier(struct span name)
{
	for (const char *at = name.start; at < name.end; at++)
		if (!isalnum((unsigned char)*at) && *at != '_')
			return false;
	return name.end > name.start;
}

static void write_macro(struct span name, const struct ranges *ranges, FILE *out)
{
	fprintf(out, "#define drop_functions_%.*s(address) (", (int)(name.end - name.start),
		name.start);
	for (size_t i = 0; i < ranges->count; i++)
		fprintf(out, "%s(u64)(address) - 0x%llxull <= 0x%llxull", i ? " || " : "",
			(unsigned long long)ranges->items[i].first,
			(unsigned long long)(ranges->items[i].last - ranges->items[i].first));
	fputs(")\n", out);
}

struct definitions {
	const struct filter_names *functions;
	FILE *out;
};

static int take(void *context, const struct source_line *line, const struct span *arguments,
		struct error *err)
{
	const struct definitions *definitions = context;
	const struct span name = arguments[0], literal = arguments[1];
	char patterns[MAX_PATTERNS];
	struct search search = { .patterns = patterns };
	int result;

	if (!is_identifier(name))
		return code_refuse(line, MACRO, name, "is not a name: use letters, digits and _",
				   STATUS_COMPILE, err);
	if (!split(patterns, literal))
		return code_refuse(line, MACRO, literal,
				   "is not a comma list of function names between double quotes",
				   STATUS_COMPILE, err);
	result = definitions->functions->each(definitions->functions->context, take_matching,
					      &search, err);
	if (!result && search.found.count == 0)
		result = code_refuse(line, MACRO,
				     (struct span){ literal.start + 1, literal.end - 1 },
				     "matches no function of this kernel; is the module loaded?",
				     STATUS_ENVIRONMENT, err);
	if (!result)
		write_macro(name, &search.found, definitions->out);
	ranges_free(&search.found);
	return result;
}

int functions_define(const struct source *source, const char *code,
		     const struct filter_names *functions, FILE *out, struct error *err)
{
	struct definitions definitions = { .functions = functions, .out = out };

	return code_each(source, code, MACRO, 2, take, &definitions, err);
}
