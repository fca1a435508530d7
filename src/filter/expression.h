/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_EXPRESSION_H
#define BYTETRACE_FILTER_EXPRESSION_H

#include <stdio.h>

struct error;

/* A filter expression in the syntax of tcpdump, compiled by libpcap. */
struct expression;

/*
 * Compile an expression for Ethernet frames. Loads libpcap only for this call, so that runs without
 * an expression do not pay for it. Fails with STATUS_USAGE and libpcap's message, which is followed
 * by the expression and a caret below the mistake; or with STATUS_ENVIRONMENT if libpcap cannot be
 * loaded. The caller calls expression_free().
 */
int expression_compile(struct expression **expression, const char *text, struct error *err);

/* The text that the expression was compiled from. */
const char *expression_text(const struct expression *expression);

/* Write the expression as C for the generated program, see cbpf_emit(). Returns 0 or -ENOMEM. */
int expression_emit(const struct expression *expression, FILE *out);

void expression_free(struct expression *expression);

#endif
