/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_SUMMARY_H
#define BYTETRACE_OUTPUT_SUMMARY_H

struct output_context;
struct summary;

/* Print a summary as a table: keys, count, share, and rate since the previous summary. */
void summary_print(const struct output_context *context, const struct summary *summary,
		   unsigned int keys);

#endif
