/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_RULE_H
#define BYTETRACE_OUTPUT_RULE_H

#include <stddef.h>
#include <stdint.h>

struct drop;
struct output_context;

/* The firewall's rule that dropped a packet, as the columns of the probe netfilter name it. */

/*
 * The text of the nftables rule, which lives until the next drop. NULL: another program's record,
 * no rule, or its text is not known.
 */
const char *rule_text(const struct output_context *context, const struct drop *drop);

/*
 * Write the hint on the rule: its text, or for iptables the command that prints it. Printable ASCII
 * without a NUL; returns the length, at most `size`, 0 if there is none. `id` gets a number for the
 * rule.
 */
size_t rule_hint(char *to, size_t size, uint64_t *id, const struct output_context *context,
		 const struct drop *drop);

#endif
