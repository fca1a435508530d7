/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_CHECK_H
#define BYTETRACE_RUN_CHECK_H

#include <stdio.h>

struct loaded;

/* Say of each program and map that was loaded (with counts) what it is and what it takes. */
void check_print(const struct loaded *loaded, FILE *out);

#endif
