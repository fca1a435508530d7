/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_CLOCK_H
#define BYTETRACE_UTIL_CLOCK_H

#include <stdint.h>

/*
 * CLOCK_MONOTONIC of the host in nanoseconds: the clock of the records, which no time namespace
 * shifts. Async-signal-safe after its first call.
 */
uint64_t clock_monotonic(void);

/* Add this to a clock_monotonic() time to get wall-clock time, as set now; in nanoseconds. */
uint64_t clock_wall_offset(void);

/* The same for the time of day in the local time zone. */
uint64_t clock_local_offset(void);

#endif
