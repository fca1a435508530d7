/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_CHECK_H
#define BYTETRACE_RUN_CHECK_H

#include <stdio.h>

struct loaded;

/* Print each loaded program (with the verifier's counts) and map: its type and size. */
void check_print(const struct loaded *loaded, FILE *out);

#endif
