// SPDX-License-Identifier: GPL-2.0-only
/* A line is made in memory and written at once, to be fast enough for millions of rows. */
#include "output/grid.h"

#include <string.h>

#define BELOW_INDENT 2
#define MIN_INDENTED 20 /* on a narrower terminal nothing is indented */

void grid_add(struct grid *grid, const struct grid_column *column)
{
	struct grid_column *added = &grid->columns[grid->column_count++];

	*added = *column;
	added->width = strlen(column->title);
}

void grid_color(const struct grid *grid, const char *color)
{
	if (grid->color && color)
		fputs(color, grid->file);
}

/* The line of a row, filled with spaces: one memset() is faster than two for each cell. */
static char *clear_line(struct grid *grid)
{
	size_t length = 0;

	for (size_t i = 0; i < grid->column_count; i++)
		length += grid->columns[i].width + 3 + FIT_MARK_EXTRA +
			  (grid->color ? 2 * GRID_MAX_COLOR : 0);
	return memset(grid->line, ' ', length);
}

/* Without a NUL, which would replace a space. */
static char *add_color(const struct grid *grid, char *at, const char *color)
{
	return grid->color && color ? mempcpy(at, color, strlen(color)) : at;
}

/*
 * `space` is the number of spaces on each side of a cell, `before` and `after` those that align its
 * text. Inlined: most rows are of a grid without a limit, where the space is known.
 */
static inline __attribute__((always_inline)) char *add_cell(const struct grid *grid, char *at,
							    const char *text, size_t length,
							    size_t space, size_t before,
							    size_t after, const char *color)
{
	*at = '|';
	at = add_color(grid, at + 1 + space + before, color);
	memcpy(at, text, length);
	at = add_color(grid, at + length, color ? GRID_OFF : NULL);
	return at + after + space;
}

/* Spaces on each side of a cell. */
static size_t space_of(const struct grid *grid)
{
	return grid->tight ? 0 : 1;
}

static void put_line(struct grid *grid, char *end, char border)
{
	*end++ = border;
	*end++ = '\n';
	fwrite_unlocked(grid->line, 1, (size_t)(end - grid->line), grid->file);
	grid->lines++;
}

void grid_border(struct grid *grid)
{
	char *at = grid->line;

	for (size_t i = 0; i < grid->column_count; i++) {
		const size_t width = grid->columns[i].width + 2 * space_of(grid);

		if (grid->columns[i].below)
			continue;
		*at++ = '+';
		memset(at, '-', width);
		at += width;
	}
	put_line(grid, at, '+');
}

void grid_header(struct grid *grid)
{
	char *at;

	grid->lines = 0;
	grid_border(grid);
	at = clear_line(grid);
	for (size_t i = 0; i < grid->column_count; i++) {
		const struct grid_column *column = &grid->columns[i];
		const size_t length = strnlen(column->title, column->width);
		const size_t padding = column->width - length;

		if (!column->below)
			at = add_cell(grid, at, column->title, length, space_of(grid), padding / 2,
				      padding - padding / 2, GRID_BOLD);
	}
	put_line(grid, at, '|');
	grid_border(grid);
}

/* A cell of a grid with a limit. */
static char *add_cut_cell(const struct grid *grid, char *at, const struct grid_column *column,
			  const char *text, size_t length)
{
	char cut[GRID_MAX_WIDTH + FIT_MARK_EXTRA];
	size_t columns, padding;

	length = fit_cut(cut, &columns, text, length, column->width, column->slack);
	padding = column->width - columns;
	return add_cell(grid, at, cut, length, space_of(grid), column->right ? padding : 0,
			column->right ? 0 : padding, column->color);
}

/* The lines below a row. */
struct below {
	struct grid *grid;
	size_t indent;
	size_t at; /* columns of the current line */
	bool begun;
};

static void start_line_below(struct below *below)
{
	struct grid *grid = below->grid;

	if (below->begun)
		putc('\n', grid->file);
	else
		grid_color(grid, GRID_DIM);
	fprintf(grid->file, "%*s", (int)below->indent, "");
	below->begun = true;
	below->at = below->indent;
	grid->lines++;
}

/* Print the title and the text of a column, on a line of its own if it has no place beside it. */
static void put_value_below(struct below *below, const struct grid_column *column, const char *text,
			    size_t length)
{
	struct grid *grid = below->grid;
	const size_t room = grid->limit - below->indent;
	const size_t title = strnlen(column->title, room);
	char cut[GRID_MAX_WIDTH + FIT_MARK_EXTRA];
	size_t columns;

	if (!below->begun || below->at + 2 + title + 1 + length > grid->limit)
		start_line_below(below);
	else
		below->at += (size_t)fprintf(grid->file, "  ");
	fwrite(column->title, 1, title, grid->file);
	below->at += title + 1;
	if (below->at + length > grid->limit)
		start_line_below(below);
	else
		putc(' ', grid->file);
	length = fit_cut(cut, &columns, text, length, grid->limit - below->at, column->slack);
	fwrite(cut, 1, length, grid->file);
	below->at += columns;
}

/* Print the columns that have no place in the row. */
static void put_below(struct grid *grid, const char *cells, const size_t *lengths)
{
	struct below below = { .grid = grid,
			       .indent = grid->limit < MIN_INDENTED ? 0 : BELOW_INDENT };

	for (size_t i = 0; i < grid->column_count; cells += lengths[i++])
		if (grid->columns[i].below)
			put_value_below(&below, &grid->columns[i], cells, lengths[i]);
	if (below.begun) {
		grid_color(grid, GRID_OFF);
		putc('\n', grid->file);
	}
}

static void put_fitted_row(struct grid *grid, const char *cells, const size_t *lengths)
{
	const char *text = cells;
	char *at = clear_line(grid);

	for (size_t i = 0; i < grid->column_count; text += lengths[i++])
		if (!grid->columns[i].below)
			at = add_cut_cell(grid, at, &grid->columns[i], text, lengths[i]);
	put_line(grid, at, '|');
	put_below(grid, cells, lengths);
}

void grid_row(struct grid *grid, const char *cells, const size_t *lengths)
{
	char *at;

	if (grid->limit) {
		put_fitted_row(grid, cells, lengths);
		return;
	}
	at = clear_line(grid);
	for (size_t i = 0; i < grid->column_count; i++) {
		const struct grid_column *column = &grid->columns[i];
		size_t padding = column->width - lengths[i];

		at = add_cell(grid, at, cells, lengths[i], 1, column->right ? padding : 0,
			      column->right ? 0 : padding, column->color);
		cells += lengths[i];
	}
	put_line(grid, at, '|');
}
