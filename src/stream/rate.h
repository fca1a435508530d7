/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_RATE_H
#define BYTETRACE_STREAM_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A limit on how many a second pass: a bucket of tokens, full at the start, that takes as many as
 * pass in a second. Starts as zeros.
 */
struct rate {
	uint64_t tokens;
	uint64_t since; /* when the last token came, in nanoseconds; 0: never */
};

/* Add what came up to `now`, a monotonic clock in nanoseconds, at `limit` a second. */
void rate_refill(struct rate *rate, uint64_t limit, uint64_t now);

/* Whether one more may pass, which is then taken. */
bool rate_take(struct rate *rate);

#endif
