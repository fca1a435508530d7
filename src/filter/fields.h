/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_FIELDS_H
#define BYTETRACE_FILTER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/emit.h"
#include "filter/filter.h"

/* Kinds of values. */
enum filter_value {
	FILTER_VALUE_PROTOCOL,	/* name or number of a link or IP protocol */
	FILTER_VALUE_PREFIX,	/* IP address with or without a prefix length */
	FILTER_VALUE_RANGE,	/* number or FIRST-LAST, up to `limit` */
	FILTER_VALUE_BITS,	/* N or N/MASK */
	FILTER_VALUE_TCP_FLAGS, /* list of flags; the whole argument is one value */
	FILTER_VALUE_INTERFACE, /* name or pattern, which the program compares as text */
	FILTER_VALUE_PROCESS,	/* name or pattern, which the program compares as text */
	FILTER_VALUE_RESOLVED,	/* name or pattern, which filter_resolve() turns into numbers */
};

/* A field: its flag, its values, and its test in the program. */
struct filter_field_row {
	/* The flag. */
	int letter; /* 0: no short form */
	const char *flag, *argument, *help;
	const char *word; /* what --print-filter calls it */

	/* Its values. */
	enum filter_value value;
	uint64_t limit;		     /* FILTER_VALUE_RANGE: the highest number */
	enum filter_name_kind names; /* FILTER_VALUE_RESOLVED */
	const char *list;	     /* flag or file that lists all names, or NULL */
	const char *prefix;	     /* optional before a name, or NULL */
	const char *expected;	     /* end of the sentence "... is not ..." */
	bool of_packet;		     /* read from the headers of the packet */

	/* Its test in the program (templates/). */
	enum filter_stage stage; /* where the value is known: the cheap stages come first */
	const char *before;	 /* statements before the test, or NULL */
	const char *presence;	 /* C condition; NULL: every drop has a value */
	struct {
		const char *presence; /* C condition for numbers of this kind, or NULL */
		const char *term;     /* C expression of the value; IPv6: of its upper half */
		const char *lower;    /* C expression of its lower half, or NULL */
		uint64_t max;	      /* the highest number of the term's C type */
		int hex;	      /* minimum of hexadecimal digits; 0: decimal */
	} kinds[FILTER_KINDS];
};

/*
 * Indexed by enum filter_field. The order is that of --help, of --print-filter and of the tests
 * within a stage.
 */
extern const struct filter_field_row filter_fields[FILTER_FIELDS];

#endif
