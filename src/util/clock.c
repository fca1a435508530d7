// SPDX-License-Identifier: GPL-2.0-only
#include "util/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/file.h"

#define NANOSECONDS 1000000000

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

/* The file of offsets is about the namespace of this process's children. */
static bool is_in_namespace_of_children(void)
{
	char own[64] = "", of_children[64] = "";

	return readlink("/proc/self/ns/time", own, sizeof(own) - 1) > 0 &&
	       readlink("/proc/self/ns/time_for_children", of_children, sizeof(of_children) - 1) >
		       0 &&
	       strcmp(own, of_children) == 0;
}

/* What the time namespace of this process adds to CLOCK_MONOTONIC; 0 if it is not known. */
static uint64_t read_namespace_offset(void)
{
	char text[256];
	long long seconds;
	long nanoseconds;

	if (!is_in_namespace_of_children() ||
	    file_read_string(AT_FDCWD, "/proc/self/timens_offsets", text, sizeof(text)) ||
	    sscanf(text, "monotonic %lld %ld", &seconds, &nanoseconds) != 2)
		return 0;
	return (uint64_t)seconds * NANOSECONDS + (uint64_t)nanoseconds;
}

uint64_t clock_monotonic(void)
{
	static bool known;
	static uint64_t offset;

	if (!known)
		offset = read_namespace_offset();
	known = true;
	return read_clock(CLOCK_MONOTONIC) - offset;
}

uint64_t clock_wall_offset(void)
{
	return read_clock(CLOCK_REALTIME) - clock_monotonic();
}

uint64_t clock_local_offset(void)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	return clock_wall_offset() + (uint64_t)local.tm_gmtoff * NANOSECONDS;
}
