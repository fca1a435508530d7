/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_FILTER_H
#define BYTETRACE_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "filter/ranges.h"

struct error;

enum filter_field {
	FILTER_PROTO,
	FILTER_SADDR,
	FILTER_DADDR,
	FILTER_SPORT,
	FILTER_DPORT,
	FILTER_VLAN,
	FILTER_INTERFACE,
	FILTER_TCP_FLAGS,
	FILTER_LEN,
	FILTER_MARK,
	FILTER_NETNS,
	FILTER_REASON,
	FILTER_LOCATION,
	FILTER_CPU,
	FILTER_PID,
	FILTER_COMM,
	FILTER_FIELDS, /* how many there are */
};

/* A value that is no range of numbers. */
struct filter_item {
	bool excluded; /* takes out what the items before it let in */
	char *text;    /* name or pattern with * and ?; NULL: bits */
	uint32_t value, mask;
};

/* The kinds of numbers in a set: those of two kinds are never compared with each other. */
enum {
	FILTER_IPV4 = 0, /* of an address */
	FILTER_IPV6 = 1,
	FILTER_ETHERTYPE = 0, /* of a protocol */
	FILTER_IP_PROTOCOL = 1,
	FILTER_KINDS = 2,
};

/* What one flag lets in: what is in the set; turned around, all that is not. */
struct filter_set {
	bool given;
	bool negated;
	struct ranges numbers[FILTER_KINDS]; /* fields with one kind of numbers use the first */
	struct filter_item *items;
	size_t item_count;
	char *flag; /* as the user wrote it */
	char *text; /* all arguments of the flag */
};

/* What a drop must look like to be shown. All members zero: every drop. */
struct filter {
	struct filter_set sets[FILTER_FIELDS];
	bool valid_reason;     /* -r */
	bool numeric_protocol; /* every -p value was given as a number */
	bool any_interface;    /* -i any: says that there is no filter */
};

/*
 * Parse `text`, the argument of the flag for `field`: a comma list of values. A '!' in front of the
 * list turns it around; in front of a later value it takes that out of what the ones before it let
 * in. The values add to those of an earlier use of the flag. On failure returns -EINVAL and an
 * error (STATUS_USAGE) that names `flag` and quotes the text.
 */
int filter_parse(struct filter *filter, enum filter_field field, const char *flag, const char *text,
		 struct error *err);

/* Names that only the running kernel can turn into numbers, in one of two ways. */
struct filter_names {
	const char *what;  /* "drop reason" */
	int fnmatch_flags; /* fnmatch(3): FNM_CASEFOLD or 0 */
	void *context;
	/* Hand all names to `take`, each with its numbers. Returns 0 or an error. */
	int (*each)(void *context,
		    int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
		    void *to, struct error *err);
	/* If `each` is NULL: find the number of one name. Returns 0 or -errno. */
	int (*find)(const char *name, uint64_t *number);
};

/*
 * Turn the names and patterns that a set was given into numbers; a number stays one. A name or
 * pattern that nothing has is refused with the nearest names (STATUS_USAGE).
 */
int filter_resolve(struct filter *filter, enum filter_field field, const struct filter_names *names,
		   struct error *err);

/* Refuse flags that no packet can match together, and lists that leave nothing. */
int filter_check(const struct filter *filter, struct error *err);

/*
 * Write -p as a filter expression that every packet matches which -p lets pass, and maybe others;
 * nothing if there is no such expression.
 */
void filter_write_protocols(const struct filter *filter, FILE *out);

/* Whether there is anything to filter by. */
bool filter_given(const struct filter *filter);

/* Whether any of it is about the headers of a packet. */
bool filter_reads_packet(const struct filter *filter);

/* Say in words what passes: "every drop", or "drops with protocol \"tcp\", ...". */
void filter_describe(const struct filter *filter, FILE *out);

/* Free what filter_parse() allocated. */
void filter_free(struct filter *filter);

#endif
