// SPDX-License-Identifier: GPL-2.0-only
#include "explain/show.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "explain/counters.h"
#include "explain/explain.h"
#include "explain/list.h"
#include "kernel/enums.h"
#include "kernel/reasons.h"
#include "kernel/snmp.h"
#include "kernel/symbols.h"
#include "util/error.h"
#include "util/nearest.h"

#define MAX_KEPT 8

/* A search for a name among the reasons of the kernel. */
struct search {
	const char *name; /* NULL: any of the names in `explanation` */
	const struct explanation *explanation;
	bool found;
	uint32_t number;
};

static int take_reason(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct search *search = context;

	(void)last;
	if (search->name ? strcasecmp(search->name, name) != 0
			 : !explain_has_name(search->explanation, name))
		return 0;
	search->found = true;
	search->number = (uint32_t)first;
	return 1; /* before the reasons of subsystems are read, which takes a while */
}

static void put_text(FILE *out, const char *text)
{
	explain_wrap(out, 0, 0, text, strlen(text));
}

/* The names of a case of one kind: locations, or reasons. */
static void put_names(FILE *out, const struct explanation *entry, bool locations)
{
	const char *separator = "  ", *name = NULL;
	size_t length = 0;

	while (explain_next_name(entry, &name, &length)) {
		if ((*name == '@') != locations)
			continue;
		fprintf(out, "%s%.*s", separator, (int)length - locations, name + locations);
		separator = ", ";
	}
	putc('\n', out);
}

/* List what a reason means at certain locations, or a location with certain reasons. */
static void show_cases(const struct show_config *config, const char *reason, const char *location)
{
	const char *at = embedded_cases, *hint;
	struct explanation found;
	bool started = false;
	size_t length;

	while (explain_next_case(&at, reason, location, &found)) {
		if (!started)
			explain_heading(config->file,
					reason ? "At certain locations" : "With certain reasons",
					config->bold);
		started = true;
		put_names(config->file, &found, reason != NULL);
		hint = explain_hint(&found, &length);
		fputs("      ", config->file);
		explain_wrap(config->file, 6, 6, hint, length);
	}
	if (started)
		fputs("  The whole text: bytetrace --explain REASON@LOCATION\n", config->file);
}

/* Show what a reason means at a location. False: nothing else than elsewhere. */
static bool show_case(const struct show_config *config, const char *reason, const char *location)
{
	const char *at = embedded_cases;
	struct explanation found;

	if (!explain_next_case(&at, reason, location, &found))
		return false;
	explain_print(config->file, &found, NULL, config->bold);
	fprintf(config->file, "\nElsewhere: bytetrace --explain %.*s\n", (int)found.name_length,
		found.name);
	return true;
}

static void show_reason(const struct show_config *config, const struct explanation *explanation)
{
	struct search search = { .explanation = explanation };
	char name[EXPLAIN_NAME_SIZE];
	const char *note = NULL;

	if (config->reasons) {
		reasons_each(config->reasons, take_reason, &search);
		if (!search.found)
			note = "This kernel and its loaded subsystems do not have this reason.";
	}
	snprintf(name, sizeof(name), "%.*s", (int)explanation->name_length, explanation->name);
	explain_print(config->file, explanation, note, config->bold);
	show_cases(config, name, NULL);
}

/* Show a location. False: neither it nor a reason at it has a text. */
static bool show_location(const struct show_config *config, const char *name)
{
	const char *at = embedded_cases;
	struct explanation found;
	bool has_text = explain_find(embedded_locations, name, &found);

	if (has_text)
		explain_print(config->file, &found, NULL, config->bold);
	else if (!explain_next_case(&at, NULL, name, &found))
		return false;
	else
		fprintf(config->file, "%.*s: the reason says what it means\n",
			(int)found.location_length, found.location);
	show_cases(config, NULL, name);
	return true;
}

/* Show a reason of the kernel that has no text. False: the kernel has no such reason. */
static bool show_unknown_reason(const struct show_config *config, const char *name)
{
	struct search search = { .name = explain_plain_name(name) };

	if (config->reasons)
		reasons_each(config->reasons, take_reason, &search);
	if (!search.found)
		return false;
	fprintf(config->file, "%s: " SHOW_NO_TEXT "\n\n", search.name);
	put_text(config->file,
		 "A drop reason of this kernel that bytetrace has no text for. A comment in the "
		 "kernel's source explains it: see include/net/dropreason-core.h, or drop.h of "
		 "its subsystem. To see where the kernel reports it:");
	fprintf(config->file, "\n  bytetrace --stack --reason %s\n", search.name);
	return true;
}

/* Functions with the same name: there may be several static ones. */
struct functions {
	const char *name;
	size_t count; /* of all; only the first ones are kept */
	struct {
		uint64_t first, last;
	} kept[MAX_KEPT];
};

static int take_function(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct functions *functions = context;

	if (strcmp(functions->name, name) != 0)
		return 0;
	if (functions->count < MAX_KEPT) {
		functions->kept[functions->count].first = first;
		functions->kept[functions->count].last = last;
	}
	functions->count++;
	return 0;
}

static void list_functions(const struct show_config *config, const struct functions *functions)
{
	for (size_t i = 0; i < functions->count && i < MAX_KEPT; i++) {
		struct symbol symbol;

		fprintf(config->file, "  0x%" PRIx64 " to 0x%" PRIx64, functions->kept[i].first,
			functions->kept[i].last);
		if (symbols_find(config->symbols, functions->kept[i].first, &symbol) &&
		    symbol.module)
			fprintf(config->file, " in the module %s", symbol.module);
		putc('\n', config->file);
	}
	if (functions->count > MAX_KEPT)
		fprintf(config->file, "  and %zu more with this name\n",
			functions->count - MAX_KEPT);
}

/* Show a function of the kernel that has no text. False: the kernel has no such function. */
static bool show_unknown_function(const struct show_config *config, const char *text)
{
	char name[EXPLAIN_NAME_SIZE];
	struct functions functions = { .name = name };

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "+ \t"), text);
	symbols_each(config->symbols, take_function, &functions);
	if (functions.count == 0)
		return false;
	fprintf(config->file, "%s: a function of this kernel, " SHOW_NO_TEXT "\n\n", name);
	list_functions(config, &functions);
	putc('\n', config->file);
	put_text(config->file, "To see its callers when it drops, and to find it in the source:");
	fprintf(config->file,
		"\n  bytetrace --stack --location %s\n"
		"  grep -rnw %.*s net drivers/net   # in the kernel's source\n",
		name, (int)strcspn(name, "."), name);
	return true;
}

/* A drop that a counter counts. */
static void show_drop(void *context, const struct counted_drop *drop)
{
	const struct show_config *config = context;
	char title[EXPLAIN_TITLE_SIZE];
	size_t length, column = explain_title(title, drop->entry);
	const char *hint = explain_hint(drop->entry, &length);

	fprintf(config->file, "  %s: ", title);
	explain_wrap(config->file, column + 4, 6, hint, length);
	if (drop->note) {
		fputs("      ", config->file);
		explain_wrap(config->file, 6, 6, drop->note, drop->note_length);
	}
}

/* `entry`, or NULL, is the text of the counter. */
static void show_counter(const struct show_config *config, const char *name,
			 const struct explanation *entry)
{
	if (entry)
		explain_print(config->file, entry, NULL, config->bold);
	else
		fprintf(config->file, "%s: a counter of the drops below\n", name);
	if (!entry || !counters_has_command(entry)) {
		explain_heading(config->file, "How to read it", config->bold);
		fprintf(config->file, "  nstat -az %.*s\n",
			entry ? (int)entry->name_length : (int)strlen(name),
			entry ? entry->name : name);
	}
	explain_heading(config->file, "Drops that increase it", config->bold);
	if (counters_each_drop(name, entry, show_drop, (void *)config) == 0)
		fputs("  None: the kernel does not report a drop when this counter increases.\n",
		      config->file);
}

/* Whether one of the first `count` counters has the same text, and the name that is shown. */
static bool is_shown(const struct enums *known, size_t count, const char *name,
		     const struct explanation *entry)
{
	for (size_t i = 0; i < count; i++)
		if (counters_same(known->entries[i].name, name) &&
		    explain_has_name(entry, known->entries[i].name))
			return true;
	return false;
}

/* Show each counter with that name: there may be one of several protocols. False: none. */
static bool show_counters(const struct show_config *config, const char *name)
{
	struct enums known = { 0 };
	bool shown = false;

	/* Without memory, fewer counters are known. */
	counters_each(list_take_once, &known);
	for (size_t i = 0; i < known.count; i++) {
		const char *counter = known.entries[i].name;
		struct explanation entry;
		bool has_text;

		if (!counters_same(counter, name))
			continue;
		has_text = explain_find(embedded_counters, counter, &entry);
		if (has_text && is_shown(&known, i, name, &entry))
			continue;
		if (shown)
			putc('\n', config->file);
		show_counter(config, has_text ? name : counter, has_text ? &entry : NULL);
		shown = true;
	}
	enums_free(&known);
	return shown;
}

/* Show a counter of the kernel that no text names. False: the kernel has no such counter. */
static bool show_unknown_counter(const struct show_config *config, const char *name)
{
	struct enums known = { 0 };
	bool shown = false;

	snmp_each("/proc/net", list_take_once, &known);
	for (size_t i = 0; i < known.count && !shown; i++) {
		const char *counter = known.entries[i].name;

		shown = counters_same(counter, name);
		if (!shown)
			continue;
		fprintf(config->file, "%s: a counter of this kernel, " SHOW_NO_TEXT "\n\n",
			counter);
		put_text(config->file,
			 "bytetrace does not know a drop that increases it. Most counters count "
			 "packets, connections or events that are not drops. To see whether it "
			 "increases while packets are dropped:");
		fprintf(config->file, "\n  nstat -az %s\n", counter);
	}
	enums_free(&known);
	return shown;
}

/* Offer a counter as the nearest name, also without its prefix. */
static int take_counter(void *context, const char *name, uint64_t first, uint64_t last)
{
	nearest_take(context, name, first, last);
	return nearest_take(context, counters_plain_name(name), first, last);
}

static int refuse(const struct show_config *config, const char *name, struct error *err)
{
	const bool is_pattern = list_is_pattern(name);
	char plain[EXPLAIN_NAME_SIZE];
	struct nearest nearest = { .text = plain };
	char quoted[ERROR_QUOTE_SIZE];
	char list[NEAREST_LIST_SIZE];
	size_t length = 0;

	for (const char *from = explain_plain_name(name); *from && length < sizeof(plain) - 1;
	     from++)
		if (!is_pattern || !strchr(LIST_WILDCARDS, *from))
			plain[length++] = *from;
	plain[length] = '\0';
	explain_each(embedded_reasons, nearest_take, &nearest);
	explain_each(embedded_locations, nearest_take, &nearest);
	counters_each(take_counter, &nearest);
	if (config->reasons)
		reasons_each(config->reasons, nearest_take, &nearest);
	if (is_pattern)
		return error_set(
			err, STATUS_USAGE, EINVAL,
			"--explain: no drop reason, location or counter with a text matches %s; "
			"did you mean %s?",
			error_quote(quoted, name), nearest_list(list, &nearest));
	symbols_each(config->symbols, nearest_take, &nearest);
	return error_set(
		err, STATUS_USAGE, EINVAL,
		"--explain: unknown drop reason, function or counter %s%s; did you mean %s?",
		error_quote(quoted, name),
		symbols_restricted(config->symbols)
			? " (the kernel shows its functions only to root)"
			: "",
		nearest_list(list, &nearest));
}

static int show_name(const struct show_config *config, const char *name, struct error *err)
{
	struct explanation found;

	if (explain_find(embedded_reasons, name, &found))
		show_reason(config, &found);
	else if (!show_location(config, name) && !show_counters(config, name) &&
		 !show_unknown_reason(config, name) && !show_unknown_counter(config, name) &&
		 !show_unknown_function(config, name))
		return refuse(config, name, err);
	return 0;
}

/* A line for each of many matches, the whole text of a single one. */
static int show_matches(const struct show_config *config, const char *pattern, struct error *err)
{
	struct enums matches = { 0 };
	int result = list_match(&matches, pattern, config->reasons, err);

	if (!result && matches.count == 0)
		result = refuse(config, pattern, err);
	else if (!result && matches.count == 1)
		result = show_name(config, matches.entries[0].name, err);
	else if (!result)
		list_print(config, &matches);
	enums_free(&matches);
	return result;
}

static bool is_pair(const char *name)
{
	const char *mark = strchr(name, '@');

	return mark && mark > name && mark[1];
}

/* REASON@LOCATION: the case, or both names if there is nothing special about them. */
static int show_pair(const struct show_config *config, const char *text, struct error *err)
{
	const char *location = strchr(text, '@') + 1;
	char reason[EXPLAIN_NAME_SIZE];
	int result;

	snprintf(reason, sizeof(reason), "%.*s", (int)(location - 1 - text), text);
	if (show_case(config, reason, location))
		return 0;
	result = show_name(config, reason, err);
	if (result)
		return result;
	putc('\n', config->file);
	return show_name(config, location, err);
}

int show_names(const struct show_config *config, const char *const *names, size_t count,
	       struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < count && !result; i++) {
		if (i > 0)
			putc('\n', config->file);
		if (list_is_pattern(names[i]))
			result = show_matches(config, names[i], err);
		else if (is_pair(names[i]))
			result = show_pair(config, names[i], err);
		else if (i + 1 < count && show_case(config, names[i], names[i + 1]))
			i++;
		else
			result = show_name(config, names[i], err);
	}
	return result;
}
