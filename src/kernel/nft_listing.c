// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nft_listing.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HANDLE " # handle "

/* Cut the line's handle off, and return it; 0: it has none. */
static uint64_t cut_handle(char *line)
{
	char *found = NULL, *end;
	uint64_t handle;

	/* The last one: a comment of the rule can contain another. */
	for (char *at = line; (at = strstr(at, HANDLE)); at += strlen(HANDLE))
		found = at;
	if (!found)
		return 0;
	handle = (uint64_t)strtoull(found + strlen(HANDLE), &end, 10);
	if (*end)
		return 0;
	*found = '\0';
	return handle;
}

/* The word that ends at the next space, with a NUL there. Returns where the rest of the line is. */
static char *cut_word(char *at, const char **word)
{
	*word = at;
	at += strcspn(at, " ");
	if (*at)
		*at++ = '\0';
	return at;
}

static int add(struct nft_listing *listing, const struct nft_rule *rule)
{
	struct nft_rule *rules;

	/* Grows at each power of two. */
	if ((listing->count & (listing->count - 1)) == 0) {
		rules = realloc(listing->rules,
				(listing->count ? 2 * listing->count : 1) * sizeof(*rules));
		if (!rules)
			return -ENOMEM;
		listing->rules = rules;
	}
	listing->rules[listing->count++] = *rule;
	return 0;
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = *text == '\t' ? ' ' : '?';
}

/* A line of a chain that is no rule, and so has no handle: its hook and policy, or its comment. */
static bool is_property(const char *line)
{
	const size_t length = strlen(line);

	return (strncmp(line, "type ", 5) == 0 && line[length - 1] == ';') ||
	       (strncmp(line, "comment \"", 9) == 0 && line[length - 1] == '"');
}

/*
 * The depth of a line in tabs says what it is: 0 a table, 1 a chain, a set or alike, 2 in a chain a
 * rule, which ends with its handle, on this line or on a later one.
 */
int nft_listing_parse(struct nft_listing *listing, char *text)
{
	struct nft_rule rule = { NULL };
	char *line = text, *next, *start = NULL;
	const char *kind;

	*listing = (struct nft_listing){ .text = text };
	for (; line; line = next) {
		char *at = line + strspn(line, "\t");

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		make_printable(start ? line : at);
		if (!start && at == line && strncmp(at, "table ", 6) == 0) {
			cut_word(cut_word(at + 6, &rule.family), &rule.table);
			rule.chain = NULL;
		} else if (!start && at == line + 1 && rule.table) {
			cut_word(cut_word(at, &kind), &rule.chain);
			if (strcmp(kind, "chain") != 0)
				rule.chain = NULL;
		} else if (start || (at == line + 2 && rule.chain && !is_property(at))) {
			rule.text = start ? start : at;
			rule.handle = cut_handle(at);
			start = NULL;
			if (!rule.handle && next) {
				start = (char *)rule.text;
				next[-1] = ' '; /* the rule goes on */
			} else if (rule.handle && add(listing, &rule)) {
				nft_listing_free(listing);
				return -ENOMEM;
			}
		}
	}
	return 0;
}

void nft_listing_free(struct nft_listing *listing)
{
	free(listing->rules);
	free(listing->text);
	*listing = (struct nft_listing){ NULL };
}

const char *nft_listing_find(const struct nft_listing *listing, const char *family,
			     const char *table, const char *chain, uint64_t handle)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct nft_rule *rule = &listing->rules[i];

		if (rule->handle == handle && strcmp(rule->chain, chain) == 0 &&
		    strcmp(rule->table, table) == 0 && strcmp(rule->family, family) == 0)
			return rule->text;
	}
	return NULL;
}
