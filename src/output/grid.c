// SPDX-License-Identifier: GPL-2.0-only
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

static void put_repeated(FILE *file, char c, size_t count)
{
	while (count-- > 0)
		putc_unlocked(c, file);
}

void grid_border(const struct grid *grid)
{
	for (size_t i = 0; i < grid->column_count; i++) {
		putc_unlocked('+', grid->file);
		put_repeated(grid->file, '-', grid->columns[i].width + 2);
	}
	fputs("+\n", grid->file);
}

static void put_cell(const struct grid *grid, const char *text, size_t length, size_t before,
		     size_t after, const char *color)
{
	fputs("| ", grid->file);
	put_repeated(grid->file, ' ', before);
	grid_color(grid, color);
	fwrite_unlocked(text, 1, length, grid->file);
	grid_color(grid, color ? GRID_OFF : NULL);
	put_repeated(grid->file, ' ', after + 1);
}

void grid_header(const struct grid *grid)
{
	grid_border(grid);
	for (size_t i = 0; i < grid->column_count; i++) {
		const char *title = grid->columns[i].title;
		size_t padding = grid->columns[i].width - strlen(title);

		put_cell(grid, title, strlen(title), padding / 2, padding - padding / 2, GRID_BOLD);
	}
	fputs("|\n", grid->file);
	grid_border(grid);
}

void grid_row(const struct grid *grid, const char *cells, const size_t *lengths)
{
	for (size_t i = 0; i < grid->column_count; i++) {
		const struct grid_column *column = &grid->columns[i];
		size_t padding = column->width - lengths[i];

		put_cell(grid, cells, lengths[i], column->right ? padding : 0,
			 column->right ? 0 : padding, column->color);
		cells += lengths[i];
	}
	fputs("|\n", grid->file);
}
