/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_EMIT_H
#define BYTETRACE_FILTER_EMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "filter/filter.h"

/*
 * The places in the program where conditions are tested, in the order of the program (templates/):
 * the values that cost least come first.
 */
enum filter_stage {
	FILTER_STAGE_CALL,	/* reason, location, CPU, running process */
	FILTER_STAGE_SKB,	/* skb->mark */
	FILTER_STAGE_VLAN,	/* event->vlan */
	FILTER_STAGE_ETHERTYPE, /* event->ethertype */
	FILTER_STAGE_NETWORK,	/* event->l4_protocol, event->saddr, event->daddr */
	FILTER_STAGE_TRANSPORT, /* event->sport, event->dport */
	FILTER_STAGE_TCP,	/* tcp_flags */
	FILTER_STAGE_LENGTH,	/* skb->len */
	FILTER_STAGE_SOCKET,	/* event->socket, event->uid */
	FILTER_STAGE_DEVICE,	/* event->ifname */
	FILTER_STAGE_NETNS,	/* event->netns */
	FILTER_STAGES,
	FILTER_STAGE_READER = FILTER_STAGES, /* not in the program: what only the reader knows */
};

/* Names of the kernel's numbers, for comments in the program; `name` may be NULL. */
struct filter_comments {
	void *context;
	/* The name of these numbers of a resolved field, or NULL. */
	const char *(*name)(void *context, enum filter_field field, uint64_t first, uint64_t last);
};

/*
 * Write the C statements that end the program for a drop that is rejected at this stage; nothing
 * if no flag is tested there. `not_specified` is the number of the reason NOT_SPECIFIED in this
 * kernel. Only numbers and characters of validated values are written.
 */
void filter_emit(const struct filter *filter, enum filter_stage stage, uint32_t not_specified,
		 const struct filter_comments *comments, FILE *out);

/* Whether a flag is tested at this stage: the program must know its value there. */
bool filter_tests(const struct filter *filter, enum filter_stage stage);

/* Write the functions that these statements call. */
void filter_emit_functions(const struct filter *filter, FILE *out);

#endif
