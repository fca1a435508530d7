// SPDX-License-Identifier: GPL-2.0-only
#include "explain/list.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "explain/counters.h"
#include "explain/explain.h"
#include "explain/show.h"
#include "kernel/enums.h"
#include "kernel/reasons.h"
#include "util/error.h"

#define NAME_WIDTH 26 /* of the names in the list; longer ones get a line of their own */

/* mac80211 has two enums with the same names, and texts name a counter several times. */
int list_take_once(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct enums *listed = context;

	(void)last;
	if (enums_by_name(listed, name, strlen(name)))
		return 0;
	return enums_add(listed, (uint32_t)first, name, strlen(name));
}

static void list_reason(FILE *out, const char *name)
{
	struct explanation found;
	const char *hint = NULL;
	size_t length = 0;

	if (explain_find(embedded_reasons, name, &found))
		hint = explain_hint(&found, &length);
	if (!hint) {
		hint = SHOW_NO_TEXT;
		length = strlen(hint);
	}
	if (strlen(name) > NAME_WIDTH)
		fprintf(out, "%s\n%*s  ", name, NAME_WIDTH, "");
	else
		fprintf(out, "%-*s  ", NAME_WIDTH, name);
	explain_wrap(out, NAME_WIDTH + 2, NAME_WIDTH + 2, hint, length);
}

int list_reasons(const struct show_config *config, struct error *err)
{
	struct enums listed = { 0 };
	int result = config->reasons ? reasons_each(config->reasons, list_take_once, &listed)
				     : explain_each(embedded_reasons, list_take_once, &listed);

	for (size_t i = 0; i < listed.count && !result; i++)
		list_reason(config->file, listed.entries[i].name);
	enums_free(&listed);
	return result ? error_nomem(err) : 0;
}

bool list_is_pattern(const char *name)
{
	return strpbrk(name, LIST_WILDCARDS) != NULL;
}

struct matching {
	const char *pattern;
	struct enums *matches;
};

static int take_match(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct matching *matching = context;
	const char *pattern = matching->pattern;

	(void)first;
	(void)last;
	if (fnmatch(pattern, name, FNM_CASEFOLD) != 0 &&
	    fnmatch(pattern, counters_plain_name(name), FNM_CASEFOLD) != 0)
		return 0;
	return list_take_once(matching->matches, name, 0, 0);
}

/* Pass all names of a text, not only the first ones. */
static int take_names(const char *text, struct matching *matching)
{
	struct explanation entry;
	int result = 0;

	while (!result && explain_next(&text, &entry)) {
		const char *word = NULL;
		size_t length = 0;

		while (!result && explain_next_name(&entry, &word, &length)) {
			char name[EXPLAIN_NAME_SIZE];

			snprintf(name, sizeof(name), "%.*s", (int)length, word);
			/* Of a case, the locations; the reasons have a text of their own. */
			result = take_match(matching, name + (*name == '@'), 0, 0);
		}
	}
	return result;
}

int list_match(struct enums *matches, const char *pattern, struct reasons *reasons,
	       struct error *err)
{
	struct matching matching = { explain_plain_name(pattern), matches };
	int result = take_names(embedded_reasons, &matching);

	if (!result && reasons)
		result = reasons_each(reasons, take_match, &matching);
	if (!result)
		result = take_names(embedded_locations, &matching);
	if (!result)
		result = take_names(embedded_cases, &matching);
	if (!result)
		result = counters_each(take_match, &matching);
	return result ? error_nomem(err) : 0;
}

/* The drops of a counter without a text, on one line. */
struct drop_names {
	FILE *file;
	const char *before;
};

static void print_drop(void *context, const struct counted_drop *drop)
{
	struct drop_names *names = context;
	char title[EXPLAIN_TITLE_SIZE];

	explain_title(title, drop->entry);
	fprintf(names->file, "%s%s", names->before, title);
	names->before = ", ";
}

static void print_match(FILE *out, const char *name)
{
	static const char *const texts[] = { embedded_reasons, embedded_locations,
					     embedded_counters };
	struct drop_names names = { out, "counts " };
	const char *cases = embedded_cases, *hint = NULL;
	struct explanation found;
	size_t length = 0;

	for (size_t i = 0; !hint && i < sizeof(texts) / sizeof(*texts); i++)
		if (explain_find(texts[i], name, &found))
			hint = explain_hint(&found, &length);
	if (!hint && explain_next_case(&cases, NULL, name, &found))
		hint = explain_hint(&found, &length);
	fprintf(out, "%s: ", name);
	if (hint)
		fprintf(out, "%.*s", (int)length, hint);
	else if (counters_each_drop(name, NULL, print_drop, &names) == 0)
		fputs(SHOW_NO_TEXT, out);
	putc('\n', out);
}

void list_print(const struct show_config *config, const struct enums *matches)
{
	for (size_t i = 0; i < matches->count; i++)
		print_match(config->file, matches->entries[i].name);
}
