/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_FILTER_H
#define BYTETRACE_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum filter_field {
	FILTER_PROTO,
	FILTER_SADDR,
	FILTER_DADDR,
	FILTER_SPORT,
	FILTER_DPORT,
	FILTER_VLAN,
	FILTER_INTERFACE,
	FILTER_FIELDS, /* how many there are */
};

struct filter_protocol {
	bool ethertype; /* number is an EtherType, otherwise an IP protocol */
	uint16_t number;
};

struct filter_prefix {
	uint8_t family;	   /* AF_INET or AF_INET6 */
	uint8_t bits;	   /* prefix length, 0..32 or 0..128 */
	uint8_t bytes[16]; /* network order, host bits cleared; IPv4 in the first four */
};

struct filter_range { /* ports or VLAN IDs, both ends included */
	uint16_t first, last;
};

union filter_value {
	struct filter_protocol protocol;
	struct filter_prefix prefix;
	struct filter_range range;
	char interface[16]; /* padded with NUL */
};

/* The values of one flag: a packet passes if it has one of them, or none of them if negated. */
struct filter_set {
	union filter_value *values;
	size_t count; /* 0: the flag was not given */
	bool negated;
};

/* What a drop must look like to be shown. All members zero: every drop. */
struct filter {
	struct filter_set sets[FILTER_FIELDS];
	bool valid_reason;     /* -r */
	bool numeric_protocol; /* every -p value was given as a number */
};

/*
 * The places in the program where conditions are tested, in the order in which a packet's
 * fields become known there (templates/drop.c), cheapest first.
 */
enum filter_stage {
	FILTER_STAGE_REASON,	/* variable: reason */
	FILTER_STAGE_DEVICE,	/* event->ifname */
	FILTER_STAGE_VLAN,	/* event->vlan */
	FILTER_STAGE_ETHERTYPE, /* event->ethertype */
	FILTER_STAGE_NETWORK,	/* event->l4_protocol, event->saddr, event->daddr */
	FILTER_STAGE_TRANSPORT, /* event->sport, event->dport */
	FILTER_STAGES,
};

/*
 * Parse `text`, the argument of the flag for `field`: a comma list of values, a leading '!'
 * negates the list. The values replace those of an earlier use of the flag. On failure
 * returns -EINVAL and an error (STATUS_USAGE) that names `flag` and quotes the text.
 */
int filter_parse(struct filter *filter, enum filter_field field, const char *flag, const char *text,
		 struct error *err);

/*
 * Write the C statements that leave the program for a drop that does not pass at this stage:
 * nothing at all if no flag concerns it. `not_specified` is the number of the reason
 * NOT_SPECIFIED in this kernel. Only numbers and characters of validated values are written.
 */
void filter_emit(const struct filter *filter, enum filter_stage stage, uint32_t not_specified,
		 FILE *out);

/* Free what filter_parse() allocated. */
void filter_free(struct filter *filter);

#endif
