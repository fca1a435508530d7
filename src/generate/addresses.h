/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_ADDRESSES_H
#define BYTETRACE_GENERATE_ADDRESSES_H

#include <stdio.h>

/*
 * Write a definition for each symbol of the kernel itself that a program names as
 * DROP_ADDRESS_NAME: its address. One that the kernel lacks or hides is not defined. The symbols
 * are read (from `path`, /proc/kallsyms) only if the program names one.
 */
void addresses_define(const char *text, const char *path, FILE *out);

#endif
