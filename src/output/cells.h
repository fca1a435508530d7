/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_CELLS_H
#define BYTETRACE_OUTPUT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/layout.h"

struct drop;
struct grid;
struct output_config;

/* Room for the text of a cell or frame: the longest symbol and module, and two numbers. */
#define CELL_SIZE 1100

/* What a cell is made from. */
struct row {
	const struct output_config *config;
	const struct drop *drop;
	uint64_t clock_offset; /* local time - CLOCK_MONOTONIC, nanoseconds */
};

/* One column: its title and how a drop is told in it. */
struct column {
	const char *title;
	int verbosity;	       /* shown from this number of -v on */
	bool number;	       /* aligned to the right */
	bool numeric_protocol; /* so only if protocols are shown as numbers */
	unsigned int key;      /* SUMMARY_..., or 0 if drops are not counted by it */
	const char *color;     /* escape sequence, or NULL */
	/* Write the text, without a NUL, into `cell` (CELL_SIZE); returns its length. */
	size_t (*write)(char *cell, const struct row *row);
	bool inner; /* only if the packets inside of tunnels are meant */
};

/* All columns, in the order of a row. */
extern const struct column cells_columns[];
extern const size_t cells_column_count;

/* PROBE, which stands in front of them if more than one probe runs. */
extern const struct column cells_probe_column;

/* The value of a column that a program brings (layout.h), or "-"; as above. */
size_t cells_write_field(char *cell, const struct row *row, const char *name);

/*
 * Add such a column to a grid, number `column` of `layouts`. `title`, which it fills, must last as
 * long as the grid.
 */
void cells_add_field(struct grid *grid, const struct layouts *layouts, size_t column,
		     char title[FIELD_NAME_SIZE]);

/* Whether PROTOCOL is a number for this configuration. */
bool cells_numeric_protocol(const struct output_config *config);

/* A frame of a stack: "symbol+0x1f/0x9a [module]", or the address. Returns its length. */
size_t cells_write_frame(char *cell, const struct output_config *config, uint64_t address);

#endif
