/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_PRINT_H
#define BYTETRACE_RUN_PRINT_H

#include <stdbool.h>

#include "cli/options.h"

struct error;

/*
 * Actions that print on standard output instead of tracing. Each returns 0, or -errno with an
 * error; STATUS_OUTPUT if the output cannot be written.
 */
int print_help(struct options *options, struct error *err);
int print_version(struct options *options, struct error *err);

/* The generated program. Needs root only for filters whose numbers only the kernel knows. */
int print_source(struct options *options, struct error *err);

/*
 * What reasons and locations mean. Needs neither root nor types: without them, the reasons of this
 * kernel are unknown, and a warning says so where all were asked for.
 */
int print_explanations(struct options *options, struct error *err);

/* What passes the filters, in words, and how many instructions that takes. */
int print_filter(struct options *options, struct error *err);

/* The program as libbcc rewrites it, its instructions, or the flags of the compiler. */
int print_listing(struct options *options, struct error *err);

/* Load without attaching, and print what the program and its maps take. */
int print_check(struct options *options, struct error *err);

/* Flush standard output. Fails with STATUS_OUTPUT if something printed on it was not written. */
int print_finish(struct error *err);

/* Whether standard output is to have colors: what was chosen, or a terminal without NO_COLOR. */
bool print_in_color(enum color_choice choice);

#endif
