// SPDX-License-Identifier: GPL-2.0-only
#include "explain/show.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "explain/explain.h"
#include "kernel/enums.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "util/error.h"
#include "util/nearest.h"

#define NO_TEXT "no text yet"
#define NAME_WIDTH 26 /* of the names in the list; longer ones get a line of their own */
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
	return 0;
}

static void put_text(FILE *out, const char *text)
{
	explain_wrap(out, 0, 0, text, strlen(text));
}

static void show_reason(const struct show_config *config, const struct explanation *explanation)
{
	struct search search = { .explanation = explanation };
	const char *note = NULL;

	if (config->reasons) {
		reasons_each(config->reasons, take_reason, &search);
		if (!search.found)
			note = "This kernel and its loaded subsystems do not have this reason.";
	}
	explain_print(config->file, explanation, note, config->bold);
}

/* Show a reason of the kernel that has no text. False: the kernel has no such reason. */
static bool show_unknown_reason(const struct show_config *config, const char *name)
{
	struct search search = { .name = explain_plain_name(name) };

	if (!config->reasons || reasons_each(config->reasons, take_reason, &search) ||
	    !search.found)
		return false;
	fprintf(config->file, "%s: " NO_TEXT "\n\n", search.name);
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
	fprintf(config->file, "%s: a function of this kernel, " NO_TEXT "\n\n", name);
	list_functions(config, &functions);
	putc('\n', config->file);
	put_text(config->file, "To see its callers when it drops, and to find it in the source:");
	fprintf(config->file,
		"\n  bytetrace --stack --location %s\n"
		"  grep -rnw %.*s net drivers/net   # in the kernel's source\n",
		name, (int)strcspn(name, "."), name);
	return true;
}

static int refuse(const struct show_config *config, const char *name, struct error *err)
{
	struct nearest nearest = { .text = explain_plain_name(name) };
	char quoted[ERROR_QUOTE_SIZE];
	char list[NEAREST_LIST_SIZE];

	explain_each(embedded_reasons, nearest_take, &nearest);
	explain_each(embedded_locations, nearest_take, &nearest);
	if (config->reasons)
		reasons_each(config->reasons, nearest_take, &nearest);
	symbols_each(config->symbols, nearest_take, &nearest);
	return error_set(err, STATUS_USAGE, EINVAL,
			 "--explain: unknown drop reason or function %s%s; did you mean %s?",
			 error_quote(quoted, name),
			 symbols_restricted(config->symbols)
				 ? " (the kernel shows its functions only to root)"
				 : "",
			 nearest_list(list, &nearest));
}

int show_names(const struct show_config *config, const char *const *names, size_t count,
	       struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct explanation found;

		if (i > 0)
			putc('\n', config->file);
		if (explain_find(embedded_reasons, names[i], &found))
			show_reason(config, &found);
		else if (explain_find(embedded_locations, names[i], &found))
			explain_print(config->file, &found, NULL, config->bold);
		else if (!show_unknown_reason(config, names[i]) &&
			 !show_unknown_function(config, names[i]))
			return refuse(config, names[i], err);
	}
	return 0;
}

/* Add a name once: mac80211 has two enums with the same names. */
static int take_once(void *context, const char *name, uint64_t first, uint64_t last)
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
		hint = NO_TEXT;
		length = strlen(hint);
	}
	if (strlen(name) > NAME_WIDTH)
		fprintf(out, "%s\n%*s  ", name, NAME_WIDTH, "");
	else
		fprintf(out, "%-*s  ", NAME_WIDTH, name);
	explain_wrap(out, NAME_WIDTH + 2, NAME_WIDTH + 2, hint, length);
}

int show_list(const struct show_config *config, struct error *err)
{
	struct enums listed = { 0 };
	int result = config->reasons ? reasons_each(config->reasons, take_once, &listed)
				     : explain_each(embedded_reasons, take_once, &listed);

	for (size_t i = 0; i < listed.count && !result; i++)
		list_reason(config->file, listed.entries[i].name);
	enums_free(&listed);
	return result ? error_nomem(err) : 0;
}
