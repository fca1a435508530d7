/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_FIELDS_H
#define BYTETRACE_FILTER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/emit.h"
#include "filter/filter.h"

/* What the values of a field are. */
enum filter_value {
	FILTER_VALUE_PROTOCOL,	/* of link or IP: a name or a number */
	FILTER_VALUE_PREFIX,	/* an IP address with or without a prefix length */
	FILTER_VALUE_RANGE,	/* a number or FIRST-LAST, up to `limit` */
	FILTER_VALUE_BITS,	/* N or N/MASK */
	FILTER_VALUE_TCP_FLAGS, /* the whole argument is one value */
	FILTER_VALUE_INTERFACE, /* a name or a pattern, matched in the kernel as text */
	FILTER_VALUE_PROCESS,	/* the same */
	FILTER_VALUE_RESOLVED,	/* a name or a pattern, which filter_resolve() makes numbers */
};

/* A field: its flag, its values, and its test in the program. One row of filter_fields. */
struct filter_field_row {
	/* The flag. */
	int letter; /* 0: no short form */
	const char *flag, *argument, *help;
	const char *word; /* what --print-filter calls it */

	/* Its values. */
	enum filter_value value;
	uint64_t limit;	      /* of numbers that are given */
	const char *prefix;   /* that may stand in front of a name, or NULL */
	const char *expected; /* what a value must be, to go on "is not ..." */
	bool of_packet;	      /* it is in the headers of the packet */

	/* Its test in the program (templates/). */
	enum filter_stage stage; /* what it costs to know it: cheap stages come first */
	const char *before;	 /* a statement in front of the test, or NULL */
	const char *presence;	 /* condition, or NULL: every packet has it */
	struct {
		const char *presence; /* of numbers of this kind, or NULL */
		const char *term;     /* C, of the value; of an IPv6 address: the upper half */
		const char *lower;    /* the lower half, or NULL */
		uint64_t max;	      /* the highest number that the term's type holds */
		int hex;	      /* digits of a hexadecimal number at least; 0: decimal */
	} kinds[FILTER_KINDS];
};

/* By enum filter_field, in the order of --help and of tests within a stage. */
extern const struct filter_field_row filter_fields[FILTER_FIELDS];

#endif
