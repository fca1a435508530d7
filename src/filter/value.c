// SPDX-License-Identifier: GPL-2.0-only
#include "filter/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "filter/fields.h"
#include "util/protocols.h"
#include "util/text.h"

#define FIRST_ETHERTYPE 0x600
#define NAME_SIZE 16 /* IFNAMSIZ, TASK_COMM_LEN: including the NUL */
#define MAX_PATTERN 255

static bool parse_protocol(const char *text, size_t length, struct value *value)
{
	uint64_t given;
	uint16_t ethertype = 0;
	uint8_t ip = 0;

	value->numeric = text_number(text, length, UINT16_MAX, &given);
	if (value->numeric) {
		value->kind = given >= FIRST_ETHERTYPE ? FILTER_ETHERTYPE : FILTER_IP_PROTOCOL;
		value->numbers = (struct range){ given, given };
		return given <= UINT8_MAX || given >= FIRST_ETHERTYPE;
	}
	/* A few names (nsh, ptp, pup, vines) are in both lists: the EtherType wins. */
	if (protocol_ethertype_number(text, length, &ethertype)) {
		value->kind = FILTER_ETHERTYPE;
		value->numbers = (struct range){ ethertype, ethertype };
		return true;
	}
	value->kind = FILTER_IP_PROTOCOL;
	if (!protocol_ip_number(text, length, &ip))
		return false;
	value->numbers = (struct range){ ip, ip };
	return true;
}

static bool parse_prefix(const char *text, size_t length, struct value *value)
{
	const char *slash = memchr(text, '/', length);
	size_t address_length = slash ? (size_t)(slash - text) : length;
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	unsigned int all_bits = 32;
	uint64_t bits;
	wide rest;

	if (address_length >= sizeof(address))
		return false;
	memcpy(address, text, address_length);
	address[address_length] = '\0';
	value->kind = FILTER_IPV4;
	if (inet_pton(AF_INET, address, bytes) != 1) {
		value->kind = FILTER_IPV6;
		all_bits = 128;
		if (inet_pton(AF_INET6, address, bytes) != 1)
			return false;
	}
	bits = all_bits;
	if (slash && !text_number(slash + 1, length - address_length - 1, all_bits, &bits))
		return false;
	/* The bits after the prefix. C does not define a shift by all bits of a type. */
	rest = bits == 0 ? ~(wide)0 >> (128 - all_bits) : ((wide)1 << (all_bits - bits)) - 1;
	for (unsigned int i = 0; i < all_bits / 8; i++)
		value->numbers.first = value->numbers.first << 8 | bytes[i];
	value->numbers.first &= ~rest;
	value->numbers.last = value->numbers.first | rest;
	return true;
}

static bool parse_range(const char *text, size_t length, uint64_t max, struct value *value)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash ? (size_t)(dash - text) : length;
	uint64_t first, last;

	if (!text_number(text, first_length, max, &first))
		return false;
	last = first;
	if (dash && !text_number(dash + 1, length - first_length - 1, max, &last))
		return false;
	value->numbers = (struct range){ first, last };
	return first <= last;
}

/* N or N/MASK. A bit of N outside the mask could never match. */
static bool parse_mark(const char *text, size_t length, struct value *value)
{
	const char *slash = memchr(text, '/', length);
	size_t number_length = slash ? (size_t)(slash - text) : length;
	uint64_t mark, mask = UINT32_MAX;

	if (!text_number(text, number_length, UINT32_MAX, &mark) ||
	    (slash && !text_number(slash + 1, length - number_length - 1, UINT32_MAX, &mask)))
		return false;
	value->type = VALUE_BITS;
	value->bits.value = (uint32_t)mark;
	value->bits.mask = (uint32_t)mask;
	return (mark & ~mask) == 0;
}

static bool parse_name(const char *text, size_t length, size_t max, struct value *value)
{
	value->type = VALUE_NAME;
	value->name = text;
	value->length = length;
	return length <= max;
}

/* Names that the kernel accepts for a device, where * and ? make a pattern. */
static bool parse_interface(const char *text, size_t length, struct value *value)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '/' || text[i] == ':' || isspace((unsigned char)text[i]))
			return false;
	/* filter_parse() handles "any", which has no meaning in a list. */
	if (length == 3 && memcmp(text, "any", 3) == 0)
		return false;
	return !(length == 1 && text[0] == '.') && !(length == 2 && memcmp(text, "..", 2) == 0) &&
	       parse_name(text, length, NAME_SIZE - 1, value);
}

bool value_parse(enum filter_field field, const char *text, size_t length, struct value *value)
{
	const struct filter_field_row *row = &filter_fields[field];
	size_t prefix;

	memset(value, 0, sizeof(*value));
	value->numeric = true;
	if (length == 0)
		return false;
	switch (row->value) {
	case FILTER_VALUE_PROTOCOL:
		return parse_protocol(text, length, value);
	case FILTER_VALUE_PREFIX:
		return parse_prefix(text, length, value);
	case FILTER_VALUE_RANGE:
		return parse_range(text, length, row->limit, value);
	case FILTER_VALUE_BITS:
		return parse_mark(text, length, value);
	case FILTER_VALUE_INTERFACE:
		return parse_interface(text, length, value);
	case FILTER_VALUE_PROCESS:
		return parse_name(text, length, NAME_SIZE - 1, value);
	case FILTER_VALUE_RESOLVED:
		prefix = row->prefix ? strlen(row->prefix) : 0;
		if (prefix && length > prefix && memcmp(text, row->prefix, prefix) == 0) {
			text += prefix;
			length -= prefix;
		}
		return parse_name(text, length, MAX_PATTERN, value);
	case FILTER_VALUE_TCP_FLAGS:
		break;
	}
	return false;
}

enum tcp_flags_result value_parse_tcp_flags(const char *text, struct value *value, const char **bad,
					    size_t *length)
{
	/* In the order of their bits (RFC 9293, section 3.1). */
	static const char *const names[] = {
		"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"
	};

	*value = (struct value){ .type = VALUE_BITS };
	for (;; text += *length + 1) {
		bool on = *text != '!';
		uint32_t bit = 0;

		*bad = text;
		*length = strcspn(text, ",");
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (*length == !on + strlen(names[i]) &&
			    strncasecmp(text + !on, names[i], *length - !on) == 0)
				bit = 1u << i;
		if (bit == 0)
			return TCP_FLAGS_UNKNOWN;
		if (value->bits.mask & bit && !(value->bits.value & bit) == on)
			return TCP_FLAGS_OPPOSITE;
		value->bits.mask |= bit;
		value->bits.value |= on ? bit : 0;
		if (!text[*length])
			return TCP_FLAGS_OK;
	}
}
