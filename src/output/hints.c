// SPDX-License-Identifier: GPL-2.0-only
#include "output/hints.h"

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "explain/explain.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/names.h"
#include "output/output.h"
#include "output/rule.h"
#include "record/decode.h"

#define SLOT_BITS 11
#define SLOTS (1u << SLOT_BITS)
#define MAX_PAIRS 1000 /* half of the slots, so that a search is short */

struct hints {
	size_t count;
	struct pair {
		uint64_t location; /* where the function starts */
		uint32_t reason;
		bool used;
	} pairs[SLOTS];
};

struct hints *hints_create(void)
{
	return calloc(1, sizeof(struct hints));
}

void hints_free(struct hints *hints)
{
	free(hints);
}

/* Remember a pair. False if it is already known, or if the table is full. */
static bool is_new(struct hints *hints, uint64_t location, uint32_t reason)
{
	uint32_t slot = (uint32_t)(((location ^ (uint64_t)reason << 32) * 0x9e3779b97f4a7c15) >>
				   (64 - SLOT_BITS));
	struct pair *pair;

	for (;; slot = (slot + 1) % SLOTS) {
		pair = &hints->pairs[slot];
		if (!pair->used)
			break;
		if (pair->location == location && pair->reason == reason)
			return false;
	}
	if (hints->count == MAX_PAIRS)
		return false;
	*pair = (struct pair){ location, reason, true };
	hints->count++;
	return true;
}

/* Write "NAME: first words of its explanation"; 0 if it has none. */
static size_t write_hint(char hint[HINT_SIZE], const struct explanation *found)
{
	char title[EXPLAIN_TITLE_SIZE];
	const char *words;
	size_t length;
	int written;

	words = explain_hint(found, &length);
	if (!words)
		return 0;
	explain_title(title, found);
	written = snprintf(hint, HINT_SIZE, "%s: %.*s", title, (int)length, words);
	return written < HINT_SIZE ? (size_t)written : HINT_SIZE - 1;
}

/*
 * The text that fits best: of the reason at this location; without a reason, of the location, which
 * can still tell something; of the reason; for a reason newer than the texts, of the location.
 */
static bool choose(struct explanation *found, const char *reason, const char *location)
{
	const char *cases = embedded_cases;

	if (location && explain_next_case(&cases, reason, location, found))
		return true;
	if (location && strcmp(reason, "NOT_SPECIFIED") == 0 &&
	    explain_find(embedded_locations, location, found))
		return true;
	return explain_find(embedded_reasons, reason, found) ||
	       (location && explain_find(embedded_locations, location, found));
}

size_t hints_write(struct hints *hints, char hint[HINT_SIZE], const struct output_context *context,
		   const struct drop *drop)
{
	const struct drop_event *event = drop->event;
	char buffer[REASON_NAME_SIZE];
	const char *reason = names_reason(context, event->reason, buffer);
	struct symbol symbol = { 0 };
	struct explanation found;
	size_t length;
	uint64_t rule;

	length = rule_hint(hint, HINT_SIZE, &rule, context, drop);
	if (length > 0)
		return is_new(hints, rule, event->reason) ? length : 0;
	if (event->reason == DROP_NO_REASON)
		return 0;
	if (!reason)
		reason = "NOT_SPECIFIED";
	/* If the function is unknown, the offset is 0: the address stands for it. */
	symbols_find(context->symbols, event->location, &symbol);
	if (!is_new(hints, event->location - symbol.offset, event->reason))
		return 0;
	return choose(&found, reason, symbol.name) ? write_hint(hint, &found) : 0;
}
