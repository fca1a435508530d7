/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_EMIT_H
#define BYTETRACE_FILTER_EMIT_H

#include <stdint.h>
#include <stdio.h>

#include "filter/filter.h"

/*
 * The places in the program where conditions are tested, in the order in which what they need
 * becomes known there (templates/drop.c): what costs nothing first.
 */
enum filter_stage {
	FILTER_STAGE_CALL,	/* reason, location; what runs now: CPU, process */
	FILTER_STAGE_SKB,	/* skb->mark */
	FILTER_STAGE_VLAN,	/* event->vlan */
	FILTER_STAGE_ETHERTYPE, /* event->ethertype */
	FILTER_STAGE_NETWORK,	/* event->l4_protocol, event->saddr, event->daddr */
	FILTER_STAGE_TRANSPORT, /* event->sport, event->dport */
	FILTER_STAGE_TCP,	/* tcp_flags */
	FILTER_STAGE_LENGTH,	/* skb->len */
	FILTER_STAGE_DEVICE,	/* event->ifname */
	FILTER_STAGE_NETNS,	/* event->netns */
	FILTER_STAGES,
};

/* Names of the kernel's numbers, for comments; `name` may be NULL. */
struct filter_comments {
	void *context;
	/* What the numbers of a resolved field are called, or NULL. */
	const char *(*name)(void *context, enum filter_field field, uint64_t first, uint64_t last);
};

/*
 * Write the C statements that leave the program for a drop that does not pass at this stage:
 * nothing at all if no flag concerns it. `not_specified` is the number of the reason
 * NOT_SPECIFIED in this kernel. Only numbers and characters of validated values are written.
 */
void filter_emit(const struct filter *filter, enum filter_stage stage, uint32_t not_specified,
		 const struct filter_comments *comments, FILE *out);

/* Write the functions that those statements call. */
void filter_emit_functions(const struct filter *filter, FILE *out);

#endif
