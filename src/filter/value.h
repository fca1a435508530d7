/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_VALUE_H
#define BYTETRACE_FILTER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/filter.h"

/* One value of a filter's list. */
struct value {
	enum { VALUE_NUMBERS, VALUE_BITS, VALUE_NAME } type;
	int kind;	      /* of the numbers: FILTER_IPV4 and so on; 0 if there is only one */
	bool numeric;	      /* given as a number, not as a name */
	struct range numbers; /* VALUE_NUMBERS */
	struct {
		uint32_t value, mask;
	} bits;		  /* VALUE_BITS: the bits in `mask` must be as in `value` */
	const char *name; /* VALUE_NAME: `length` bytes of the parsed text */
	size_t length;
};

/* Parse `length` bytes of text as one value of a field. False: the value is not valid. */
bool value_parse(enum filter_field field, const char *text, size_t length, struct value *value);

enum tcp_flags_result {
	TCP_FLAGS_OK,
	TCP_FLAGS_UNKNOWN,  /* the `length` bytes at `bad` are not a flag */
	TCP_FLAGS_OPPOSITE, /* they are the opposite of an earlier flag */
};

/* Parse a list of TCP flags as one value. A '!' before a flag: it must be clear. */
enum tcp_flags_result value_parse_tcp_flags(const char *text, struct value *value, const char **bad,
					    size_t *length);

#endif
