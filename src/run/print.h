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

/* The generated program. Needs root only for filters that only the kernel can resolve. */
int print_source(struct options *options, struct error *err);

/*
 * What reasons and locations mean. Needs neither root nor types. Without them the reasons of this
 * kernel are unknown; the list of all reasons then begins with a warning.
 */
int print_explanations(struct options *options, struct error *err);

/* A description of the filters, and the program's instructions with and without them. */
int print_filter(struct options *options, struct error *err);

/* The program as libbcc rewrites it, its instructions, or the flags of the compiler. */
int print_listing(struct options *options, struct error *err);

/* Load without attaching, and print the size of the programs and maps. */
int print_check(struct options *options, struct error *err);

/* Flush standard output. Fails with STATUS_OUTPUT if any of it was not written. */
int print_finish(struct error *err);

/* Whether to print colors: as chosen, or if standard output is a terminal and NO_COLOR is empty. */
bool print_in_color(enum color_choice choice);

#endif
