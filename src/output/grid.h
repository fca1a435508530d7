/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_GRID_H
#define BYTETRACE_OUTPUT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output/fit.h"

struct terminal;

#define GRID_MAX_COLUMNS 64
#define GRID_MAX_WIDTH 1120 /* of a column */
#define GRID_MAX_COLOR 8    /* bytes of an escape sequence */

struct grid_column {
	const char *title;
	bool right;	   /* aligned to the right */
	const char *color; /* escape sequence, or NULL */
	size_t width;	   /* of the widest text so far, kept by the caller, or by grid_fit() */
	/* How it gives way on a narrow terminal. */
	unsigned int rank; /* columns of lower rank are the first to move below the row */
	size_t least;	   /* texts may be cut to this width, in their middle; 0: to none */
	size_t slack;	   /* characters at the end of a text that may be left out before */
	/* Kept by grid.c for grid_fit(). */
	size_t widest, widest_before; /* text on this page, and on the page before */
	bool below;		      /* shown in the lines below the row */
};

/*
 * A table of text with borders. Fill `file` and `color`, then add columns.
 *
 * With a `limit`, which is the width of a terminal, no line gets longer: grid_see() takes the
 * lengths of the texts, and grid_fit() makes widths of them. Columns that have no place are shown
 * in lines below each row.
 */
struct grid {
	FILE *file;
	bool color;
	size_t limit; /* 0: none */
	size_t page;  /* lines that the terminal shows; 0: not known */
	size_t lines; /* printed since the last header began, kept by grid_...() and the caller */
	bool tight;   /* without spaces around the texts */
	bool grew;    /* since the last header, a text was wider than its column */
	size_t column_count;
	struct grid_column columns[GRID_MAX_COLUMNS];
	/* The current row: each column with its border, spaces and colors, and the end of the line.
	 */
	char line[GRID_MAX_COLUMNS * (GRID_MAX_WIDTH + 3 + 2 * GRID_MAX_COLOR + FIT_MARK_EXTRA) +
		  2];
};

#define GRID_BOLD "\033[1m"
#define GRID_DIM "\033[2m"
#define GRID_OFF "\033[0m"

/* Add a column, which becomes as wide as its title. */
void grid_add(struct grid *grid, const struct grid_column *column);

void grid_border(struct grid *grid);
void grid_header(struct grid *grid); /* borders above and below included */

/*
 * Print a row. `cells` is the texts of its cells without gaps. Without a limit, none is wider than
 * its column.
 */
void grid_row(struct grid *grid, const char *cells, const size_t *lengths);

/* Let the grid fit a terminal, whose size is read now. Returns whether that changed. */
bool grid_use_terminal(struct grid *grid, struct terminal *terminal);

/* Only for a grid with a limit: */

void grid_see(struct grid *grid, const size_t *lengths); /* of the texts of a row */
void grid_fit(struct grid *grid);			 /* choose the widths by what was seen */

/* Whether a row is the place for a header with new widths, for what was seen or for a new page. */
bool grid_needs_header(struct grid *grid);

/* grid_fit() and a header. The widths are by what was seen on this page and on the one before. */
void grid_new_header(struct grid *grid);

/* Switch a color on, or off with GRID_OFF, if colors are enabled. */
void grid_color(const struct grid *grid, const char *color);

#endif
