/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_CHECK_H
#define BYTETRACE_GENERATE_CHECK_H

#include <stdio.h>

struct error;
struct layout;
struct program;

/*
 * Write C that does not compile if the program's record is not the one that record/decode.c reads,
 * with the columns of `layout` behind it.
 */
void check_write_record(const struct layout *layout, FILE *out);

/*
 * Refuse a program that reports nothing: `code`, its text without comments and strings, calls none
 * of the functions by which drops are reported. Returns 0, or -EINVAL with STATUS_COMPILE.
 */
int check_calls(const struct program *program, const char *code, struct error *err);

#endif
