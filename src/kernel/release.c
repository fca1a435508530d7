// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/release.h"

#include <stdio.h>
#include <sys/utsname.h>

bool release_is_since(const char *release, unsigned int major, unsigned int minor)
{
	unsigned int is_major = 0, is_minor = 0;

	sscanf(release, "%u.%u", &is_major, &is_minor);
	return is_major > major || (is_major == major && is_minor >= minor);
}

bool release_runs_since(unsigned int major, unsigned int minor)
{
	struct utsname kernel;

	uname(&kernel);
	return release_is_since(kernel.release, major, minor);
}
