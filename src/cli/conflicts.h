/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_CONFLICTS_H
#define BYTETRACE_CLI_CONFLICTS_H

#include <stdbool.h>

struct error;
struct options;

/*
 * What one flag would silently undo of another is refused, with STATUS_USAGE. `expression`: there
 * is a filter expression, too, which is not parsed yet.
 */
int conflicts_check(const struct options *options, bool expression, struct error *err);

/*
 * A filter expression of which libpcap finds that no packet matches it and -p is refused, with
 * STATUS_USAGE. By itself it is valid.
 */
int conflicts_check_expression(const struct options *options, const char *text, struct error *err);

#endif
