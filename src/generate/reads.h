/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_READS_H
#define BYTETRACE_GENERATE_READS_H

#include <stdbool.h>

#include "generate/tokens.h"

/*
 * Make each `->` of a C expression, whose brackets match, a read of the kernel's memory, and `sk`
 * the packet's socket, by the macros of templates/field.h. `address`: the value is bytes or text,
 * and what comes out tells where they are. The caller frees the result; NULL: out of memory.
 */
char *reads_rewrite(struct span expression, bool address);

#endif
