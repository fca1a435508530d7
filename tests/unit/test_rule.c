// SPDX-License-Identifier: GPL-2.0-only
#include "output/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "output/output.h"
#include "record/decode.h"
#include "record/layout.h"

#define TEXT(column, at, bytes)                                                                    \
	{                                                                                          \
		.name = column, .format = "%s", .kind = FIELD_STRING, .in_bytes = true,            \
		.offset = at, .size = bytes                                                        \
	}

static const struct layout layout = {
	.name = "netfilter",
	.fields = { TEXT("nf_by", 0, 12),
		    TEXT("nf_family", 16, 8),
		    TEXT("nf_table", 24, 8),
		    TEXT("nf_chain", 32, 32),
		    { .name = "nf_rule", .format = "%llu", .kind = FIELD_UNSIGNED, .offset = 64 } },
	.field_count = 5,
	.size = 72,
};
static const struct layout other = { .name = "kfree_skb" };

/* The hint on a rule of iptables, which needs no look-up. */
static void iptables(void **state)
{
	static const struct {
		const char *by, *family, *table, *chain;
		uint64_t rule;
		const char *expected;
	} cases[] = {
		{ "iptables", "ip", "raw", "INPUT", 3,
		  "raw INPUT 3: iptables-legacy -t raw -vnL INPUT 3" },
		{ "iptables", "ip6", "filter", "guard", 1,
		  "filter guard 1: ip6tables-legacy -t filter -vnL guard 1" },
		/* Nothing that a shell would take for more than a name. */
		{ "iptables", "ip", "raw", "\x1b[2J", 3, "" },
		{ "iptables", "ip", "raw", "x;reboot", 3, "" },
		{ "iptables", "ip", "raw", "-F", 3, "" },
		{ "iptables", "ip", "raw", "INPUT", 0, "" }, /* not known */
		{ "iptables", "ip", "", "INPUT", 3, "" },
		{ "iptables", "ip", "a_table", "INPUT", 3, "" }, /* may have been cut */
		{ "nftables", "ip", "raw", "INPUT", 3, "" },
	};
	const struct output_context context = { 0 };
	struct drop_event event = { 0 };
	char fields[72] __attribute__((aligned(8)));
	struct drop drop = { .event = &event, .layout = &layout, .fields = fields };
	char hint[256];
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t length;

		memset(fields, 0, sizeof(fields));
		strncpy(fields, cases[i].by, 12);
		strncpy(fields + 16, cases[i].family, 8);
		memcpy(fields + 24, cases[i].table, strlen(cases[i].table));
		strncpy(fields + 32, cases[i].chain, 32);
		memcpy(fields + 64, &cases[i].rule, 8);
		length = rule_hint(hint, sizeof(hint), &id, &context, &drop);
		hint[length] = '\0';
		assert_string_equal(hint, cases[i].expected);
		assert_null(rule_text(&context, &drop));
	}
	drop.layout = &other;
	assert_int_equal(rule_hint(hint, sizeof(hint), &id, &context, &drop), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(iptables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
