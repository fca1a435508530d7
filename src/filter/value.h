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
	int kind;	      /* of the numbers: FILTER_IPV4 and the like, else 0 */
	bool numeric;	      /* a number was given, not a name for it */
	struct range numbers; /* VALUE_NUMBERS */
	struct {
		uint32_t value, mask;
	} bits;		  /* VALUE_BITS: those of `mask` must be as in `value` */
	const char *name; /* VALUE_NAME: `length` bytes of the text that was parsed */
	size_t length;
};

/* Parse `length` bytes of text as one value for a field. False: it is none. */
bool value_parse(enum filter_field field, const char *text, size_t length, struct value *value);

/*
 * Parse a list of TCP flags, with '!' for those that must be off, as one value. False: the
 * `length` bytes at `bad` are no flag, or say the opposite of another.
 */
bool value_parse_tcp_flags(const char *text, struct value *value, const char **bad, size_t *length);

#endif
