// SPDX-License-Identifier: GPL-2.0-only
/*
 * The widths of a table on a terminal. What gives way first: titles, then the spaces around texts,
 * then what can be cut, and then the columns of the lowest rank, which move below the row.
 */
#include "output/grid.h"

#include <string.h>

#include "util/terminal.h"

#define MIN_TITLE 5  /* characters of a title that are always shown */
#define MIN_LIMIT 4  /* a border on each side, and something between them */
#define MIN_PAGE 10  /* on a terminal with fewer lines the header is not repeated */
#define CALM_LINES 8 /* after a header, before new widths are worth another one */
#define WIDTH_STEP 8

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The width in which a column shows all of its texts, and the start of its title. */
static size_t text_width(const struct grid_column *column)
{
	const size_t text = max_size(column->widest, column->widest_before);

	return max_size(text, min_size(strlen(column->title), MIN_TITLE));
}

/* The same with texts that are cut. */
static size_t least_width(const struct grid_column *column)
{
	const size_t width = text_width(column);

	if (column->least > 0)
		return min_size(width, column->least);
	return width > column->slack + MIN_TITLE ? width - column->slack : width;
}

typedef size_t width_of(const struct grid_column *column);

/* The length of a line, borders included. */
static size_t line_length(const struct grid *grid, width_of *width, bool tight)
{
	size_t length = 1;

	for (size_t i = 0; i < grid->column_count; i++)
		if (!grid->columns[i].below)
			length += width(&grid->columns[i]) + (tight ? 1 : 3);
	return length;
}

static size_t current_width(const struct grid_column *column)
{
	return column->width;
}

/* What is left of the line; after a resize, the line may be too long. */
static size_t room_of(const struct grid *grid)
{
	const size_t length = line_length(grid, current_width, grid->tight);

	return length < grid->limit ? grid->limit - length : 0;
}

/* Give what is left of the line to texts that are cut, one by one to the one that lacks most. */
static void give_to_texts(struct grid *grid)
{
	for (size_t room = room_of(grid); room > 0; room--) {
		struct grid_column *neediest = NULL;
		size_t need = 0;

		for (size_t i = 0; i < grid->column_count; i++) {
			struct grid_column *column = &grid->columns[i];

			if (!column->below && text_width(column) > column->width + need) {
				need = text_width(column) - column->width;
				neediest = column;
			}
		}
		if (!neediest)
			return;
		neediest->width++;
	}
}

/* Give what is left of the line to titles that are shown whole then. */
static void give_to_titles(struct grid *grid)
{
	size_t room = room_of(grid);

	for (size_t i = 0; i < grid->column_count; i++) {
		struct grid_column *column = &grid->columns[i];
		const size_t title = strlen(column->title);

		if (column->below || title <= column->width || title - column->width > room)
			continue;
		room -= title - column->width;
		column->width = title;
	}
}

static void set_widths(struct grid *grid, width_of *width)
{
	for (size_t i = 0; i < grid->column_count; i++)
		grid->columns[i].width = width(&grid->columns[i]);
}

/* The leftmost column of the lowest rank; NULL: it is the only one. */
static struct grid_column *find_lowest(struct grid *grid)
{
	struct grid_column *lowest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < grid->column_count; i++) {
		struct grid_column *column = &grid->columns[i];

		if (column->below)
			continue;
		count++;
		if (!lowest || column->rank < lowest->rank)
			lowest = column;
	}
	return count > 1 ? lowest : NULL;
}

/* For the only column, if even less than it has to show finds room. */
static size_t zero_width(const struct grid_column *column)
{
	(void)column;
	return 0;
}

bool grid_use_terminal(struct grid *grid, struct terminal *terminal)
{
	const bool changed = terminal_read(terminal);

	grid->limit = max_size(terminal->columns, MIN_LIMIT);
	/* The last line is left to the cursor. */
	grid->page = terminal->rows >= MIN_PAGE ? terminal->rows - 1 : 0;
	return changed;
}

void grid_fit(struct grid *grid)
{
	const size_t limit = grid->limit;
	width_of *start = text_width;
	struct grid_column *lowest;

	for (size_t i = 0; i < grid->column_count; i++)
		grid->columns[i].below = false;
	while (line_length(grid, least_width, true) > limit && (lowest = find_lowest(grid)))
		lowest->below = true;
	grid->tight = line_length(grid, text_width, false) > limit;
	if (line_length(grid, text_width, grid->tight) > limit)
		start = least_width;
	if (line_length(grid, start, grid->tight) > limit)
		start = zero_width;
	set_widths(grid, start);
	give_to_texts(grid);
	give_to_titles(grid);
	grid->grew = false;
}

/* Widen a column as far as there is room on the line. */
static void widen(struct grid *grid, struct grid_column *column, size_t length)
{
	const size_t wanted = (length + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP;

	column->width += min_size(wanted - column->width, room_of(grid));
}

void grid_see(struct grid *grid, const size_t *lengths)
{
	for (size_t i = 0; i < grid->column_count; i++) {
		struct grid_column *column = &grid->columns[i];

		if (lengths[i] <= column->widest)
			continue;
		column->widest = lengths[i];
		if (grid->lines > 0 && !column->below && lengths[i] > column->width)
			widen(grid, column, lengths[i]);
		grid->grew |= lengths[i] > column->width;
	}
}

/* Whether other widths would cut less of what was seen. */
static bool fits_better(struct grid *grid)
{
	struct grid_column before[GRID_MAX_COLUMNS];
	const bool tight = grid->tight;
	bool better = false;

	memcpy(before, grid->columns, sizeof(before));
	grid_fit(grid);
	for (size_t i = 0; i < grid->column_count; i++)
		better |= !grid->columns[i].below && text_width(&before[i]) > before[i].width &&
			  grid->columns[i].width > before[i].width;
	memcpy(grid->columns, before, sizeof(before));
	grid->tight = tight;
	return better;
}

bool grid_needs_header(struct grid *grid)
{
	if (grid->page && grid->lines >= grid->page)
		return true;
	if (!grid->grew || grid->lines < CALM_LINES)
		return false;
	/* If it does not help, it is not tried again before the next growth. */
	grid->grew = false;
	return fits_better(grid);
}

void grid_new_header(struct grid *grid)
{
	const bool page_is_full = grid->page && grid->lines >= grid->page;

	grid_fit(grid);
	grid_header(grid);
	for (size_t i = 0; page_is_full && i < grid->column_count; i++) {
		grid->columns[i].widest_before = grid->columns[i].widest;
		grid->columns[i].widest = 0;
	}
}
