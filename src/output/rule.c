// SPDX-License-Identifier: GPL-2.0-only
#include "output/rule.h"

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "kernel/netns.h"
#include "kernel/nft_rules.h"
#include "output/field.h"
#include "output/output.h"
#include "record/decode.h"
#include "record/layout.h"

#define NAME_SIZE (FIELD_MAX_SIZE + 1)

struct rule {
	char by[NAME_SIZE], family[NAME_SIZE], table[NAME_SIZE], chain[NAME_SIZE];
	uint64_t number;
};

/* Read a column of text. False: the program lacks it, it is empty, or may have been cut. */
static bool read_name(char name[NAME_SIZE], const struct drop *drop, const char *column)
{
	const struct field *field = layout_field(drop->layout, column);
	size_t length;

	if (!field || field->kind != FIELD_STRING)
		return false;
	length = strnlen(drop->fields + field->offset, field->size);
	memcpy(name, drop->fields + field->offset, length);
	name[length] = '\0';
	return length > 0 && length + 1 < field->size;
}

static bool read_rule(struct rule *rule, const struct drop *drop)
{
	const struct field *field = layout_field(drop->layout, "nf_rule");
	int64_t number;

	if (!field || !field_number(field, drop->fields, &number) || number == 0)
		return false;
	rule->number = (uint64_t)number;
	return read_name(rule->by, drop, "nf_by") && read_name(rule->family, drop, "nf_family") &&
	       read_name(rule->table, drop, "nf_table") && read_name(rule->chain, drop, "nf_chain");
}

static const char *find_text(const struct rule *rule, const struct output_context *context,
			     const struct drop *drop)
{
	if (!context->nft_rules || strcmp(rule->by, "nftables") != 0 ||
	    !(drop->event->flags & DROP_HAS_NETNS))
		return NULL;
	return nft_rules_find(context->nft_rules, drop->event->netns, rule->family, rule->table,
			      rule->chain, rule->number);
}

const char *rule_text(const struct output_context *context, const struct drop *drop)
{
	struct rule rule;

	return read_rule(&rule, drop) ? find_text(&rule, context, drop) : NULL;
}

static uint64_t hash(uint64_t seed, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		seed = (seed ^ (unsigned char)text[i]) * 0x100000001b3;
	return seed;
}

/* Whether a name can stand in a command: whoever made the chain chose it. */
static bool is_plain(const char *name)
{
	return name[0] != '-' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "._-")] == '\0';
}

/* The command that shows a rule of iptables, and where to run it if that is not here. */
static int write_command(char *to, size_t size, const struct rule *rule,
			 const struct drop_event *event)
{
	uint64_t here = 0;
	char where[48] = "";

	if (event->flags & DROP_HAS_NETNS && netns_find("/proc/self/ns/net", &here) == 0 &&
	    here != event->netns)
		snprintf(where, sizeof(where), " (in network namespace %u)", event->netns);
	return snprintf(to, size, "%s %s %llu: %s-legacy -t %s -vnL %s %llu%s", rule->table,
			rule->chain, (unsigned long long)rule->number,
			strcmp(rule->family, "ip6") == 0 ? "ip6tables" : "iptables", rule->table,
			rule->chain, (unsigned long long)rule->number, where);
}

size_t rule_hint(char *to, size_t size, uint64_t *id, const struct output_context *context,
		 const struct drop *drop)
{
	struct rule rule;
	const char *text;
	int written;

	if (!read_rule(&rule, drop))
		return 0;
	text = find_text(&rule, context, drop);
	if (text)
		written = snprintf(to, size, "%s %s %s handle %llu: %s", rule.family, rule.table,
				   rule.chain, (unsigned long long)rule.number, text);
	else if (strcmp(rule.by, "iptables") == 0 && is_plain(rule.table) && is_plain(rule.chain))
		written = write_command(to, size, &rule, drop->event);
	else
		return 0;
	if ((size_t)written >= size)
		written = (int)size - 1;
	for (int i = 0; i < written; i++)
		if (to[i] < ' ' || to[i] > '~')
			to[i] = '?';
	*id = hash(0xcbf29ce484222325 ^ drop->event->netns, to, (size_t)written);
	return (size_t)written;
}
