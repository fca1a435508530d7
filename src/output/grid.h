/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_GRID_H
#define BYTETRACE_OUTPUT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_MAX_COLUMNS 16

/* A table of text with borders. Fill `file` and `color`, then add columns. */
struct grid {
	FILE *file;
	bool color;
	size_t column_count;
	struct grid_column {
		const char *title;
		bool right;	   /* aligned to the right */
		const char *color; /* escape sequence, or NULL */
		size_t width;	   /* of the widest text so far; the caller widens it */
	} columns[GRID_MAX_COLUMNS];
};

#define GRID_BOLD "\033[1m"
#define GRID_DIM "\033[2m"
#define GRID_OFF "\033[0m"

/* Add a column that is as wide as its title. */
void grid_add(struct grid *grid, const char *title, bool right, const char *color);

void grid_border(const struct grid *grid);
void grid_header(const struct grid *grid); /* borders above and below included */

/* A row: the texts of its cells one behind the other, none wider than its column. */
void grid_row(const struct grid *grid, const char *cells, const size_t *lengths);

/* Switch a color on, or off with GRID_OFF, if colors are wanted. */
void grid_color(const struct grid *grid, const char *color);

#endif
