/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_CONFLICTS_H
#define BYTETRACE_CLI_CONFLICTS_H

#include <stdbool.h>

struct error;
struct options;

/*
 * Refuse flags that contradict each other or would have no effect, with STATUS_USAGE. `expression`:
 * a filter expression is given, which is not parsed yet.
 */
int conflicts_check(const struct options *options, bool expression, struct error *err);

/*
 * Refuse a filter expression, valid by itself, that matches no packet that -p accepts, as far as
 * libpcap can tell, with STATUS_USAGE.
 */
int conflicts_check_expression(const struct options *options, struct error *err);

#endif
