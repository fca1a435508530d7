// SPDX-License-Identifier: GPL-2.0-only
#include "filter/filter.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/protocols.h"
#include "util/text.h"

#define FIRST_ETHERTYPE 0x600
#define MAX_VLAN 4094

static bool parse_protocol(const char *text, size_t length, union filter_value *value,
			   bool *numeric)
{
	struct filter_protocol *protocol = &value->protocol;
	uint64_t number;
	uint8_t ip;

	*numeric = text_number(text, length, UINT16_MAX, &number);
	if (*numeric) {
		protocol->ethertype = number >= FIRST_ETHERTYPE;
		protocol->number = (uint16_t)number;
		return number <= UINT8_MAX || protocol->ethertype;
	}
	/* "ip", "ipv6" and "arp" are both: the network protocol is what people mean. */
	protocol->ethertype = protocol_ethertype_number(text, length, &protocol->number);
	if (protocol->ethertype)
		return true;
	if (!protocol_ip_number(text, length, &ip))
		return false;
	protocol->number = ip;
	return true;
}

static bool parse_prefix(const char *text, size_t length, union filter_value *value)
{
	struct filter_prefix *prefix = &value->prefix;
	const char *slash = memchr(text, '/', length);
	size_t address_length = slash ? (size_t)(slash - text) : length;
	char address[INET6_ADDRSTRLEN];
	unsigned int all_bits = 32;
	uint64_t bits;

	if (address_length >= sizeof(address))
		return false;
	memcpy(address, text, address_length);
	address[address_length] = '\0';
	prefix->family = AF_INET;
	if (inet_pton(AF_INET, address, prefix->bytes) != 1) {
		prefix->family = AF_INET6;
		all_bits = 128;
		if (inet_pton(AF_INET6, address, prefix->bytes) != 1)
			return false;
	}
	bits = all_bits;
	if (slash && !text_number(slash + 1, length - address_length - 1, all_bits, &bits))
		return false;
	prefix->bits = (uint8_t)bits;
	for (unsigned int bit = prefix->bits; bit < all_bits; bit++)
		prefix->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return true;
}

static bool parse_range(const char *text, size_t length, uint16_t max, union filter_value *value)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash ? (size_t)(dash - text) : length;
	uint64_t first, last;

	if (!text_number(text, first_length, max, &first))
		return false;
	last = first;
	if (dash && !text_number(dash + 1, length - first_length - 1, max, &last))
		return false;
	value->range.first = (uint16_t)first;
	value->range.last = (uint16_t)last;
	return first <= last;
}

/* What the kernel takes for a device's name: any bytes but these. */
static bool parse_interface(const char *text, size_t length, union filter_value *value)
{
	if (length >= sizeof(value->interface))
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '/' || text[i] == ':' || isspace((unsigned char)text[i]))
			return false;
	memcpy(value->interface, text, length);
	return !(length == 1 && text[0] == '.') && !(length == 2 && memcmp(text, "..", 2) == 0);
}

static bool parse_value(enum filter_field field, const char *text, size_t length,
			union filter_value *value, bool *numeric)
{
	memset(value, 0, sizeof(*value));
	*numeric = true;
	if (length == 0)
		return false;
	switch (field) {
	case FILTER_PROTO:
		return parse_protocol(text, length, value, numeric);
	case FILTER_SADDR:
	case FILTER_DADDR:
		return parse_prefix(text, length, value);
	case FILTER_SPORT:
	case FILTER_DPORT:
		return parse_range(text, length, UINT16_MAX, value);
	case FILTER_VLAN:
		return parse_range(text, length, MAX_VLAN, value);
	case FILTER_INTERFACE:
		return parse_interface(text, length, value);
	case FILTER_FIELDS:
		break;
	}
	return false;
}

static const char *const expected[FILTER_FIELDS] = {
	[FILTER_PROTO] = "a protocol (a name, an IP protocol 0-255, an EtherType from 0x600 on)",
	[FILTER_SADDR] = "an IPv4 or IPv6 address or prefix",
	[FILTER_DADDR] = "an IPv4 or IPv6 address or prefix",
	[FILTER_SPORT] = "a port or a range of ports (0-65535)",
	[FILTER_DPORT] = "a port or a range of ports (0-65535)",
	[FILTER_VLAN] = "a VLAN ID or a range of them (0-4094)",
	[FILTER_INTERFACE] = "an interface name (1 to 15 bytes, no space, '/' or ':')",
};

static int bad_item(enum filter_field field, const char *flag, const char *text, const char *item,
		    size_t length, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	char whole[ERROR_QUOTE_SIZE];
	char copy[ERROR_QUOTE_SIZE];

	snprintf(copy, sizeof(copy), "%.*s", (int)length, item);
	if (strlen(text) == length)
		return error_set(err, STATUS_USAGE, EINVAL, "%s: %s is not %s", flag,
				 error_quote(quoted, copy), expected[field]);
	return error_set(err, STATUS_USAGE, EINVAL, "%s: %s in %s is not %s", flag,
			 error_quote(quoted, copy), error_quote(whole, text), expected[field]);
}

int filter_parse(struct filter *filter, enum filter_field field, const char *flag, const char *text,
		 struct error *err)
{
	struct filter_set *set = &filter->sets[field];
	bool negated = text[0] == '!';
	const char *item = text + negated;
	char quoted[ERROR_QUOTE_SIZE];

	if (set->count > 0 && set->negated != negated)
		return error_set(err, STATUS_USAGE, EINVAL,
				 "%s: %s cannot be combined with an earlier %s: one list is "
				 "negated, the other is not",
				 flag, error_quote(quoted, text), flag);
	set->negated = negated;
	if (field == FILTER_PROTO && set->count == 0)
		filter->numeric_protocol = true;

	for (;;) {
		size_t length = strcspn(item, ",");
		union filter_value value;
		union filter_value *values;
		bool numeric;

		if (!parse_value(field, item, length, &value, &numeric))
			return bad_item(field, flag, text, item, length, err);
		if (field == FILTER_PROTO && !numeric)
			filter->numeric_protocol = false;
		values = reallocarray(set->values, set->count + 1, sizeof(*values));
		if (!values)
			return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		set->values = values;
		set->values[set->count++] = value;
		if (!item[length])
			return 0;
		item += length + 1;
	}
}

void filter_free(struct filter *filter)
{
	for (int field = 0; field < FILTER_FIELDS; field++)
		free(filter->sets[field].values);
	memset(filter, 0, sizeof(*filter));
}
