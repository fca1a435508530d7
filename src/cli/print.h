/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_CLI_PRINT_H
#define BYTETRACE_CLI_PRINT_H

#include <stdbool.h>

#include "cli/options.h"

struct error;
struct image;
struct kernel_facts;
struct programs;

/* What is printed instead of tracing, one function for each action. Each ends with print_finish().
 */

/*
 * The generated program. Needs neither root nor types, but for filters whose numbers only the
 * kernel knows.
 */
int print_source(struct options *options, struct kernel_facts *facts, struct error *err);

/*
 * What reasons and locations mean. Needs neither root nor types. What cannot be known of this
 * kernel without them is left out, and that is said where all of it was asked for.
 */
int print_explanations(const struct options *options, struct kernel_facts *facts,
		       struct error *err);

/* What passes, in words, and what it costs: filters may make a program shorter, too. */
int print_filter(const struct options *options, const struct image *image,
		 const struct kernel_facts *facts, struct error *err);

/* The program as libbcc rewrites it, its instructions, or the flags of the compiler. */
int print_listing(const struct options *options, const struct kernel_facts *facts,
		  struct error *err);

/* Load without attaching, and say what the kernel thinks of it. */
int print_check(const struct options *options, const struct programs *programs,
		const struct kernel_facts *facts, struct error *err);

/* See that what was printed on standard output is written. Fails with STATUS_OUTPUT. */
int print_finish(struct error *err);

/* Whether standard output is to have colors: what was chosen, or a terminal without NO_COLOR. */
bool print_in_color(enum color_choice choice);

#endif
