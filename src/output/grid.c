// SPDX-License-Identifier: GPL-2.0-only
/* A line is made in memory and written at once, to be fast enough for millions of rows. */
#include "output/grid.h"

#include <string.h>

void grid_add(struct grid *grid, const char *title, bool right, const char *color)
{
	grid->columns[grid->column_count++] =
		(struct grid_column){ title, right, color, strlen(title) };
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
		length += grid->columns[i].width + 3 + (grid->color ? 2 * GRID_MAX_COLOR : 0);
	return memset(grid->line, ' ', length);
}

/* Without a NUL, which would replace a space. */
static char *add_color(const struct grid *grid, char *at, const char *color)
{
	return grid->color && color ? mempcpy(at, color, strlen(color)) : at;
}

/* `before` and `after` are the spaces around the text, beside one on each side. */
static char *add_cell(const struct grid *grid, char *at, const char *text, size_t length,
		      size_t before, size_t after, const char *color)
{
	*at = '|';
	at = add_color(grid, at + before + 2, color);
	memcpy(at, text, length);
	at = add_color(grid, at + length, color ? GRID_OFF : NULL);
	return at + after + 1;
}

static void put_line(struct grid *grid, char *end, char border)
{
	*end++ = border;
	*end++ = '\n';
	fwrite_unlocked(grid->line, 1, (size_t)(end - grid->line), grid->file);
}

void grid_border(struct grid *grid)
{
	char *at = grid->line;

	for (size_t i = 0; i < grid->column_count; i++) {
		*at++ = '+';
		memset(at, '-', grid->columns[i].width + 2);
		at += grid->columns[i].width + 2;
	}
	put_line(grid, at, '+');
}

void grid_header(struct grid *grid)
{
	char *at;

	grid_border(grid);
	at = clear_line(grid);
	for (size_t i = 0; i < grid->column_count; i++) {
		const char *title = grid->columns[i].title;
		size_t padding = grid->columns[i].width - strlen(title);

		at = add_cell(grid, at, title, strlen(title), padding / 2, padding - padding / 2,
			      GRID_BOLD);
	}
	put_line(grid, at, '|');
	grid_border(grid);
}

void grid_row(struct grid *grid, const char *cells, const size_t *lengths)
{
	char *at = clear_line(grid);

	for (size_t i = 0; i < grid->column_count; i++) {
		const struct grid_column *column = &grid->columns[i];
		size_t padding = column->width - lengths[i];

		at = add_cell(grid, at, cells, lengths[i], column->right ? padding : 0,
			      column->right ? 0 : padding, column->color);
		cells += lengths[i];
	}
	put_line(grid, at, '|');
}
