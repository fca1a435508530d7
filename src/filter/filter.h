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
	FILTER_SOCKET,
	FILTER_UID,
	FILTER_PROGRAM,
	FILTER_FIELDS, /* how many there are */
};

/* A value that is not a range of numbers. */
struct filter_item {
	bool excluded; /* rejects what the items before it accept */
	char *text;    /* name or pattern with * and ?; NULL: bits */
	uint32_t value, mask;
};

/* Kinds of numbers in a set. Numbers of different kinds are never compared with each other. */
enum {
	FILTER_IPV4 = 0, /* of an address */
	FILTER_IPV6 = 1,
	FILTER_ETHERTYPE = 0, /* of a protocol */
	FILTER_IP_PROTOCOL = 1,
	FILTER_KINDS = 2,
};

/* What one flag accepts: what is in the set or, if negated, what is not. */
struct filter_set {
	bool given;
	bool negated;
	struct ranges numbers[FILTER_KINDS]; /* fields with one kind of numbers use the first */
	struct filter_item *items;
	size_t item_count;
	char *flag; /* as the user wrote it */
	char *text; /* all arguments of the flag */
};

/* What is known about a drop that passes. All members zero: every drop passes. */
struct filter {
	struct filter_set sets[FILTER_FIELDS];
	bool valid_reason;     /* -r */
	bool numeric_protocol; /* every -p value was given as a number */
	bool any_interface;    /* -i any, which accepts every interface */
};

/*
 * Parse `text`, the argument of the flag for `field`: a comma-separated list of values. A '!'
 * before the list negates it; before a later value it removes that value from those before it. The
 * values are added to those of an earlier use of the flag. On failure returns -EINVAL and an error
 * (STATUS_USAGE) that names `flag` and quotes the text.
 */
int filter_parse(struct filter *filter, enum filter_field field, const char *flag, const char *text,
		 struct error *err);

/* Kinds of names that only the running kernel can resolve to numbers. */
enum filter_name_kind {
	FILTER_NAMES_REASONS,
	FILTER_NAMES_FUNCTIONS,
	FILTER_NAMES_NETNS,
	FILTER_NAMES_USERS,
	FILTER_NAME_KINDS, /* how many there are */
};

/* How names of one kind are resolved: by each() or, if that is NULL, by find(). */
struct filter_names {
	const char *what;  /* "drop reason" */
	int fnmatch_flags; /* fnmatch(3): FNM_CASEFOLD or 0 */
	void *context;
	/* Pass every name to `take`, with its range of numbers. Returns 0 or an error. */
	int (*each)(void *context,
		    int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
		    void *to, struct error *err);
	/* Find the number of one name. Returns 0 or -errno. */
	int (*find)(const char *name, uint64_t *number);
};

/*
 * Resolve all names and patterns to numbers; numbers are kept. An unknown name, or a pattern that
 * matches no name, is an error that suggests similar names (STATUS_USAGE).
 */
int filter_resolve(struct filter *filter, const struct filter_names names[FILTER_NAME_KINDS],
		   struct error *err);

/* Refuse flags that no packet can match together, and lists that match nothing (STATUS_USAGE). */
int filter_check(const struct filter *filter, struct error *err);

/*
 * Write -p as a filter expression that matches every packet that -p accepts, and maybe others.
 * Writes nothing if -p is not given or negated.
 */
void filter_write_protocols(const struct filter *filter, FILE *out);

/* Whether the names of a set (FILTER_VALUE_PROCESS) accept `name`; NULL: the drop has none. */
bool filter_accepts_name(const struct filter_set *set, const char *name);

/* Whether any flag is given that rejects drops. */
bool filter_given(const struct filter *filter);

/* Whether any flag tests the headers of a packet. */
bool filter_reads_packet(const struct filter *filter);

/* Write in words what passes: "every drop", or "drops with protocol \"tcp\", ...". */
void filter_describe(const struct filter *filter, FILE *out);

/* Free what filter_parse() allocated. */
void filter_free(struct filter *filter);

#endif
