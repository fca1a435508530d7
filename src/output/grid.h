/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_GRID_H
#define BYTETRACE_OUTPUT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_MAX_COLUMNS 64
#define GRID_MAX_WIDTH 1120 /* of a column */
#define GRID_MAX_COLOR 8    /* bytes of an escape sequence */

/* A table of text with borders. Fill `file` and `color`, then add columns. */
struct grid {
	FILE *file;
	bool color;
	size_t column_count;
	struct grid_column {
		const char *title;
		bool right;	   /* aligned to the right */
		const char *color; /* escape sequence, or NULL */
		size_t width;	   /* of the widest text so far, kept by the caller */
	} columns[GRID_MAX_COLUMNS];
	/* The current row: each column with its border, spaces and colors, and the end of the line.
	 */
	char line[GRID_MAX_COLUMNS * (GRID_MAX_WIDTH + 3 + 2 * GRID_MAX_COLOR) + 2];
};

#define GRID_BOLD "\033[1m"
#define GRID_DIM "\033[2m"
#define GRID_OFF "\033[0m"

/* Add a column that is as wide as its title. */
void grid_add(struct grid *grid, const char *title, bool right, const char *color);

void grid_border(struct grid *grid);
void grid_header(struct grid *grid); /* borders above and below included */

/* Print a row. `cells` is the texts of its cells without gaps, none wider than its column. */
void grid_row(struct grid *grid, const char *cells, const size_t *lengths);

/* Switch a color on, or off with GRID_OFF, if colors are enabled. */
void grid_color(const struct grid *grid, const char *color);

#endif
