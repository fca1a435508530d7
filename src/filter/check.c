// SPDX-License-Identifier: GPL-2.0-only
/* Finds flags that no packet can match together. */
#include "filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/error.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV6 = 0x86dd,
	TCP = 6,
};

/* The protocols whose ports the program reads, as in templates/. */
static const uint8_t with_ports[] = { TCP, 17, 33, 132, 136 };

static int contradiction(const struct filter_set *a, const struct filter_set *b, const char *why,
			 struct error *err)
{
	char first[ERROR_QUOTE_SIZE], second[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_USAGE, EINVAL, "%s %s contradicts %s %s: %s", a->flag,
			 error_quote(first, a->text), b->flag, error_quote(second, b->text), why);
}

/* Whether drops without the field are rejected. */
static bool requires(const struct filter_set *set)
{
	return set->given && !set->negated;
}

/* Whether -p accepts packets of this EtherType, whatever their IP protocol. */
static bool allows_ethertype(const struct filter_set *protocols, uint16_t ethertype)
{
	return !protocols->given || ranges_overlap(&protocols->numbers[FILTER_ETHERTYPE], ethertype,
						   ethertype) != protocols->negated;
}

/* Whether -p accepts packets of this IP protocol, in IPv4 or IPv6. */
static bool allows_ip_protocol(const struct filter_set *protocols, uint8_t protocol)
{
	bool listed = ranges_overlap(&protocols->numbers[FILTER_IP_PROTOCOL], protocol, protocol);
	bool by_ethertype = allows_ethertype(protocols, ETHERTYPE_IPV4) ||
			    allows_ethertype(protocols, ETHERTYPE_IPV6);

	if (!protocols->given)
		return true;
	return protocols->negated ? !listed && by_ethertype : listed || by_ethertype;
}

static bool any_allowed(const struct filter_set *protocols, const uint8_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (allows_ip_protocol(protocols, list[i]))
			return true;
	return false;
}

/* Whether only TCP matches --tcp-flags: each of its lists has a flag that must be on. */
static bool requires_tcp(const struct filter_set *flags)
{
	for (size_t i = 0; i < flags->item_count; i++)
		if (flags->items[i].value == 0)
			return false;
	return flags->given;
}

/* Whether -p accepts packets with addresses of this kind. */
static bool allows_family(const struct filter_set *protocols, int kind)
{
	bool named = protocols->numbers[FILTER_IP_PROTOCOL].count > 0 && !protocols->negated;

	if (named)
		return true;
	return kind == FILTER_IPV4 ? allows_ethertype(protocols, ETHERTYPE_IPV4) ||
					     allows_ethertype(protocols, ETHERTYPE_ARP)
				   : allows_ethertype(protocols, ETHERTYPE_IPV6);
}

static bool has_kind(const struct filter_set *set, int kind)
{
	return !requires(set) || set->numbers[kind].count > 0;
}

static int check_addresses(const struct filter *filter, struct error *err)
{
	const struct filter_set *protocols = &filter->sets[FILTER_PROTO];
	const struct filter_set *source = &filter->sets[FILTER_SADDR];
	const struct filter_set *destination = &filter->sets[FILTER_DADDR];
	const struct filter_set *addresses[] = { source, destination };

	if (requires(source) && requires(destination) &&
	    !(has_kind(source, FILTER_IPV4) && has_kind(destination, FILTER_IPV4)) &&
	    !(has_kind(source, FILTER_IPV6) && has_kind(destination, FILTER_IPV6)))
		return contradiction(source, destination, "one is IPv4, the other IPv6", err);
	for (int i = 0; i < 2; i++)
		if (protocols->given && requires(addresses[i]) &&
		    !(has_kind(addresses[i], FILTER_IPV4) &&
		      allows_family(protocols, FILTER_IPV4)) &&
		    !(has_kind(addresses[i], FILTER_IPV6) && allows_family(protocols, FILTER_IPV6)))
			return contradiction(protocols, addresses[i],
					     "these protocols have no such address", err);
	return 0;
}

static int check_transport(const struct filter *filter, struct error *err)
{
	const struct filter_set *protocols = &filter->sets[FILTER_PROTO];
	const uint8_t tcp = TCP;

	for (int field = FILTER_SPORT; field <= FILTER_DPORT; field++)
		if (requires(&filter->sets[field]) &&
		    !any_allowed(protocols, with_ports, sizeof(with_ports)))
			return contradiction(protocols, &filter->sets[field],
					     "these protocols have no ports", err);
	if (requires_tcp(&filter->sets[FILTER_TCP_FLAGS]) && !any_allowed(protocols, &tcp, 1))
		return contradiction(protocols, &filter->sets[FILTER_TCP_FLAGS],
				     "only TCP has these flags", err);
	return 0;
}

void filter_write_protocols(const struct filter *filter, FILE *out)
{
	/* IPv6 extension headers, after which -p finds the protocol; 44 is the fragment header. */
	static const char chain[] = "0 or ip6 proto 43 or ip6 proto 51 or ip6 proto 60";
	static const char fragment_chain[] = "0 or ip6[40] = 43 or ip6[40] = 51 or ip6[40] = 60";
	const struct filter_set *protocols = &filter->sets[FILTER_PROTO];
	const struct ranges *numbers = protocols->numbers;

	if (!requires(protocols))
		return;
	/* -p also looks behind VLAN tags. */
	fputs("ether proto 0x8100 or ether proto 0x88a8", out);
	for (size_t i = 0; i < numbers[FILTER_ETHERTYPE].count; i++) {
		const struct range *range = &numbers[FILTER_ETHERTYPE].items[i];

		for (unsigned int type = (unsigned int)range->first; type <= range->last; type++)
			fprintf(out, " or ether proto %u", type);
	}
	for (size_t i = 0; i < numbers[FILTER_IP_PROTOCOL].count; i++) {
		const struct range *range = &numbers[FILTER_IP_PROTOCOL].items[i];

		for (unsigned int ip = (unsigned int)range->first; ip <= range->last; ip++)
			fprintf(out,
				" or ip proto %u or ip6 proto %u or ip6 proto %s or "
				"(ip6 proto 44 and (ip6[40] = %u or ip6[40] = %s))",
				ip, ip, chain, ip, fragment_chain);
	}
}

/* Whether a list excludes every value that it names. */
static bool is_empty(const struct filter_set *set)
{
	return requires(set) && set->item_count == 0 && set->numbers[0].count == 0 &&
	       set->numbers[1].count == 0;
}

int filter_check(const struct filter *filter, struct error *err)
{
	const struct filter_set *interfaces = &filter->sets[FILTER_INTERFACE];
	char quoted[ERROR_QUOTE_SIZE];
	int result;

	for (int field = 0; field < FILTER_FIELDS; field++) {
		const struct filter_set *set = &filter->sets[field];

		if (is_empty(set))
			return error_set(err, STATUS_USAGE, EINVAL, "%s: %s matches nothing",
					 set->flag, error_quote(quoted, set->text));
	}
	if (filter->any_interface && interfaces->given)
		return error_set(err, STATUS_USAGE, EINVAL, "%s any contradicts %s %s",
				 interfaces->flag, interfaces->flag,
				 error_quote(quoted, interfaces->text));
	result = check_addresses(filter, err);
	if (result)
		return result;
	return check_transport(filter, err);
}
