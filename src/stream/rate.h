/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_STREAM_RATE_H
#define BYTETRACE_STREAM_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A limit of events per second: a token bucket that holds the tokens of one second and is full at
 * the start. Initialised with zeros.
 */
struct rate {
	uint64_t tokens;
	uint64_t since; /* time of the last token, in nanoseconds; 0: never */
};

/* Add the tokens up to `now`, a monotonic clock in nanoseconds, at `limit` per second. */
void rate_refill(struct rate *rate, uint64_t limit, uint64_t now);

/* Take a token. False: the limit is reached. */
bool rate_take(struct rate *rate);

#endif
