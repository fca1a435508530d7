/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_USERS_H
#define BYTETRACE_UTIL_USERS_H

#include <stdint.h>

/* Find the ID of a user, by name or as a number. Returns 0, -ENOENT for an unknown name, or -errno.
 */
int users_find(const char *text, uint64_t *uid);

#endif
