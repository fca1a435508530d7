// SPDX-License-Identifier: GPL-2.0-only
#include "util/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall_offset(void)
{
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_local_offset(void)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	return clock_wall_offset() + (uint64_t)local.tm_gmtoff * 1000000000;
}
