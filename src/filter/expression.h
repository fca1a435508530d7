/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_EXPRESSION_H
#define BYTETRACE_FILTER_EXPRESSION_H

#include <stdio.h>

struct error;

/* A filter expression as tcpdump takes it, parsed and optimised by libpcap. */
struct expression;

/*
 * Compile an expression for Ethernet frames. Loads libpcap and unloads it again: runs
 * without an expression do not pay for it. Fails with STATUS_USAGE and libpcap's own words, the
 * expression below them and a caret below the place that they are about; or with STATUS_ENVIRONMENT
 * if there is no libpcap. The caller calls expression_free().
 */
int expression_compile(struct expression **expression, const char *text, struct error *err);

/* The text that it was compiled from. */
const char *expression_text(const struct expression *expression);

/* Write it as C for the generated program, see cbpf_emit(). Returns 0 or -ENOMEM. */
int expression_emit(const struct expression *expression, FILE *out);

void expression_free(struct expression *expression);

#endif
