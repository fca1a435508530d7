/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_COLUMNS_H
#define BYTETRACE_RECORD_COLUMNS_H

/* Parts of a record that the program fills only if an output shows them: bits of a set. */
enum {
	RECORD_DEVICE = 1 << 0,	 /* netns, ifindex, ifname */
	RECORD_DETAILS = 1 << 1, /* length, mark, pid, comm */
	RECORD_TIME = 1 << 2,	 /* the clock, not only what puts records in order */
	RECORD_STACK = 1 << 3,
};

#endif
