// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters as C text: what is written here stands in the generated program, so only numbers, and
 * names spelled out of validated values in comments, go into it.
 */
#include "filter/filter.h"

#include <arpa/inet.h>
#include <string.h>

#include "util/protocols.h"
#include "util/text.h"

/* How deep the values of a list are indented below their `if`. */
#define VALUE_INDENT "\t       "

static void emit_protocol(const struct filter_protocol *protocol, FILE *out)
{
	const char *name = protocol->ethertype ? protocol_ethertype_name(protocol->number)
					       : protocol_ip_name((uint8_t)protocol->number);

	if (protocol->ethertype)
		fprintf(out, "event->ethertype == 0x%04x", protocol->number);
	else
		fprintf(out, "((event->flags & DROP_HAS_L4) && event->l4_protocol == %u)",
			protocol->number);
	if (name)
		fprintf(out, " /* %s */", name);
}

/* One 32-bit word of an address, as far as the prefix covers it. */
static void emit_word(const char *member, int word, uint32_t value, unsigned int bits, FILE *out)
{
	if (bits >= 32)
		fprintf(out, "event->%s.words[%d] == bpf_htonl(0x%08x)", member, word, value);
	else
		fprintf(out, "(event->%s.words[%d] & bpf_htonl(0x%08x)) == bpf_htonl(0x%08x)",
			member, word, ~(UINT32_MAX >> bits), value);
}

static void emit_prefix(const struct filter_prefix *prefix, const char *member, FILE *out)
{
	char address[INET6_ADDRSTRLEN] = "";

	fprintf(out, "(event->ethertype %s ETHERTYPE_IPV6",
		prefix->family == AF_INET6 ? "==" : "!=");
	for (unsigned int word = 0; word * 32 < prefix->bits; word++) {
		uint32_t value;

		memcpy(&value, prefix->bytes + word * 4, sizeof(value));
		fputs(" &&\n" VALUE_INDENT " ", out);
		emit_word(member, (int)word, ntohl(value), prefix->bits - word * 32, out);
	}
	inet_ntop(prefix->family, prefix->bytes, address, sizeof(address));
	fprintf(out, ") /* %s/%u */", address, prefix->bits);
}

/* Without a comparison that is always true: compilers warn of those. */
static void emit_range(const struct filter_range *range, const char *member, FILE *out)
{
	if (range->first == range->last)
		fprintf(out, "event->%s == %u", member, range->first);
	else if (range->first == 0 && range->last == UINT16_MAX)
		fputs("1 /* any */", out);
	else if (range->first == 0)
		fprintf(out, "event->%s <= %u", member, range->last);
	else if (range->last == UINT16_MAX)
		fprintf(out, "event->%s >= %u", member, range->first);
	else
		fprintf(out, "(event->%s >= %u && event->%s <= %u)", member, range->first, member,
			range->last);
}

/* The program runs on this host, so the bytes of a name are compared as this host's words. */
static void emit_interface(const char *interface, FILE *out)
{
	char name[4 * 16 + 1];
	uint64_t words[2];

	memcpy(words, interface, sizeof(words));
	text_escape(name, sizeof(name), interface, strnlen(interface, 16), "*/", NULL);
	fprintf(out,
		"(event->ifname_words[0] == 0x%016llx &&\n" VALUE_INDENT
		" event->ifname_words[1] == 0x%016llx) /* %s */",
		(unsigned long long)words[0], (unsigned long long)words[1], name);
}

static void emit_value(enum filter_field field, const union filter_value *value, FILE *out)
{
	switch (field) {
	case FILTER_PROTO:
		emit_protocol(&value->protocol, out);
		break;
	case FILTER_SADDR:
		emit_prefix(&value->prefix, "saddr", out);
		break;
	case FILTER_DADDR:
		emit_prefix(&value->prefix, "daddr", out);
		break;
	case FILTER_SPORT:
		emit_range(&value->range, "sport", out);
		break;
	case FILTER_DPORT:
		emit_range(&value->range, "dport", out);
		break;
	case FILTER_VLAN:
		emit_range(&value->range, "vlan", out);
		break;
	case FILTER_INTERFACE:
		emit_interface(value->interface, out);
		break;
	case FILTER_FIELDS:
		break;
	}
}

/* The flag of a record that says that it has the field; NULL: the conditions look themselves. */
static const char *const presence[FILTER_FIELDS] = {
	[FILTER_SADDR] = "DROP_HAS_ADDRESSES", [FILTER_DADDR] = "DROP_HAS_ADDRESSES",
	[FILTER_SPORT] = "DROP_HAS_PORTS",     [FILTER_DPORT] = "DROP_HAS_PORTS",
	[FILTER_VLAN] = "DROP_HAS_VLAN",       [FILTER_INTERFACE] = "DROP_HAS_DEVICE",
};

/* Leave unless one of the values matches; or, negated, if one does. A list has a line a value. */
static void emit_set(const struct filter *filter, enum filter_field field, FILE *out)
{
	const struct filter_set *set = &filter->sets[field];
	bool listed = set->count > 1;

	if (set->count == 0)
		return;
	fprintf(out, "\tif (%s(", set->negated ? "" : "!");
	if (presence[field])
		fprintf(out, "(event->flags & %s) &&%s", presence[field], listed ? " (" : " ");
	for (size_t i = 0; i < set->count; i++) {
		if (listed)
			fputs(i > 0 ? " ||\n" VALUE_INDENT : "\n" VALUE_INDENT, out);
		emit_value(field, &set->values[i], out);
	}
	fprintf(out, "%s))\n\t\treturn 0;\n", presence[field] && listed ? ")" : "");
}

/* Whether a -p list can be decided by the EtherType alone. */
static bool only_ethertypes(const struct filter_set *protocols)
{
	for (size_t i = 0; i < protocols->count; i++)
		if (!protocols->values[i].protocol.ethertype)
			return false;
	return true;
}

void filter_emit(const struct filter *filter, enum filter_stage stage, uint32_t not_specified,
		 FILE *out)
{
	bool early = only_ethertypes(&filter->sets[FILTER_PROTO]);

	switch (stage) {
	case FILTER_STAGE_REASON:
		if (filter->valid_reason)
			fprintf(out,
				"\tif (reason == 0 || reason == %u /* NOT_SPECIFIED */)\n"
				"\t\treturn 0;\n",
				not_specified);
		break;
	case FILTER_STAGE_DEVICE:
		emit_set(filter, FILTER_INTERFACE, out);
		break;
	case FILTER_STAGE_VLAN:
		emit_set(filter, FILTER_VLAN, out);
		break;
	case FILTER_STAGE_ETHERTYPE:
		if (early)
			emit_set(filter, FILTER_PROTO, out);
		break;
	case FILTER_STAGE_NETWORK:
		if (!early)
			emit_set(filter, FILTER_PROTO, out);
		emit_set(filter, FILTER_SADDR, out);
		emit_set(filter, FILTER_DADDR, out);
		break;
	case FILTER_STAGE_TRANSPORT:
		emit_set(filter, FILTER_SPORT, out);
		emit_set(filter, FILTER_DPORT, out);
		break;
	case FILTER_STAGES:
		break;
	}
}
