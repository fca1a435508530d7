// SPDX-License-Identifier: GPL-2.0-only
#include "stream/rate.h"

#define NANOSECONDS 1000000000u

void rate_refill(struct rate *rate, uint64_t limit, uint64_t now)
{
	const uint64_t passed = now - rate->since;
	uint64_t tokens;

	if (limit > NANOSECONDS) /* more is pointless, and would overflow */
		limit = NANOSECONDS;
	if (rate->since == 0 || passed >= NANOSECONDS) {
		rate->tokens = limit;
		rate->since = now;
		return;
	}
	/* The time of an incomplete token is not lost. */
	tokens = passed * limit / NANOSECONDS;
	if (tokens == 0)
		return;
	rate->since += tokens * NANOSECONDS / limit;
	rate->tokens = rate->tokens > limit - tokens ? limit : rate->tokens + tokens;
}

bool rate_take(struct rate *rate)
{
	if (rate->tokens == 0)
		return false;
	rate->tokens--;
	return true;
}
