/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_CLOCK_H
#define BYTETRACE_UTIL_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds: what records are stamped with. */
uint64_t clock_monotonic(void);

/* What makes a CLOCK_MONOTONIC time one of the wall clock as it is set now, in nanoseconds. */
uint64_t clock_wall_offset(void);

/* The same for the time of day in the time zone that is in force here now. */
uint64_t clock_local_offset(void);

#endif
