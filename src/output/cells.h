/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_CELLS_H
#define BYTETRACE_OUTPUT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/columns.h"
#include "record/layout.h"

struct drop;
struct grid;
struct output_context;
struct symbols;

/* Room for the text of a cell or stack frame: the longest symbol and module, and two numbers. */
#define CELL_SIZE 1100

/* What the cells of a row are made from. */
struct row {
	const struct output_context *context;
	const struct drop *drop;
	uint64_t clock_offset; /* local time - CLOCK_MONOTONIC, nanoseconds */
};

/* Write the text of a cell, without a NUL, into `cell` (CELL_SIZE bytes); returns its length. */
typedef size_t cells_write(char *cell, const struct row *row);

/* Indexed by enum column_id. */
extern cells_write *const cells_writers[COLUMN_COUNT];

/* Add a column of record/columns.h to a grid. */
void cells_add_column(struct grid *grid, const struct output_context *context, enum column_id id);

/* Write a column that a program declares (record/layout.h); "-" if this program does not. */
size_t cells_write_field(char *cell, const struct row *row, const char *name);

/*
 * Add such a column, number `column` of `layouts`, to a grid. Fills `title`, which must last as
 * long as the grid.
 */
void cells_add_field(struct grid *grid, const struct layouts *layouts, size_t column,
		     char title[FIELD_NAME_SIZE]);

/* A stack frame: "symbol+0x1f/0x9a [module]", or the address. Returns its length. */
size_t cells_write_frame(char *cell, struct symbols *symbols, uint64_t address);

#endif
