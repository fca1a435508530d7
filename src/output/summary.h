/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_SUMMARY_H
#define BYTETRACE_OUTPUT_SUMMARY_H

struct output_config;
struct summary;

/* Print a summary as a table: the keys, count, share of all, and rate since the one before. */
void summary_print(const struct output_config *config, const struct summary *summary,
		   unsigned int keys);

#endif
