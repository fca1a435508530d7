/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_RELEASE_H
#define BYTETRACE_KERNEL_RELEASE_H

#include <stdbool.h>

/* Whether a kernel release, as in uname(), is MAJOR.MINOR or later. */
bool release_is_since(const char *release, unsigned int major, unsigned int minor);

/* The same for the running kernel. */
bool release_runs_since(unsigned int major, unsigned int minor);

#endif
