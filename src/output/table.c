// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table whose columns are as wide as their widest value so far. The rows of the first batch are
 * held back until the header can be made to fit them. A wider value in a later row widens its
 * column from that row on. On a terminal the table fits its width (grid_fit.c), and the header is
 * repeated on each page.
 */
#include "output/output.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/cells.h"
#include "output/fit.h"
#include "output/grid.h"
#include "output/hints.h"
#include "output/summary.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/clock.h"

#define MAX_HELD 64 /* rows that wait for the header, at most */
#define WIDTH_STEP 8
#define STACK_INDENT "    "
#define HINT_INDENT "  ^ "

_Static_assert(CELL_SIZE + WIDTH_STEP - 1 <= GRID_MAX_WIDTH, "a column can be as wide as a cell");

/* The cells of a drop, one text after the other, and what is below them, ready to be printed. */
struct line {
	size_t lengths[GRID_MAX_COLUMNS];
	char *below; /* lines, or NULL */
	char cells[];
};

struct table {
	struct output_context context;
	enum column_id columns[COLUMN_COUNT];
	size_t column_count;
	/* After them, the columns that programs declare: their names in capital letters. */
	char titles[LAYOUT_MAX_COLUMNS][FIELD_NAME_SIZE];
	struct grid grid;
	uint64_t clock_offset; /* local time - CLOCK_MONOTONIC, nanoseconds */

	bool started; /* the header is printed */
	bool resized; /* the terminal, since the last header */
	struct line *held[MAX_HELD];
	size_t held_count;

	struct line *line;   /* the one being made, with room for all cells */
	struct hints *hints; /* NULL: not wanted */
};

static bool is_verbose_enough(const struct output_config *config, const struct column *column)
{
	return column->title && column->verbosity <= config->verbosity;
}

/* Add the columns to show: only the probe, or all except the probe. */
static void add_columns(struct table *table, bool probe)
{
	const struct output_config *config = table->context.config;
	const unsigned int hidden = (config->inner ? 0 : RECORD_INNER) |
				    (table->context.layouts->active > 1 ? 0 : RECORD_PROBE);

	for (enum column_id id = 0; id < COLUMN_COUNT; id++) {
		const struct column *column = &columns[id];

		if (!is_verbose_enough(config, column) || column->part & hidden ||
		    (column->part == RECORD_PROBE) != probe)
			continue;
		table->columns[table->column_count++] = id;
		cells_add_column(&table->grid, &table->context, id);
	}
}

static void *table_create(const struct output_context *context)
{
	const bool hints = context->config->hints;
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->context = *context;
	table->grid = (struct grid){ .file = context->file, .color = context->color };
	if (context->terminal)
		grid_use_terminal(&table->grid, context->terminal);
	add_columns(table, true);
	add_columns(table, false);
	for (size_t i = 0; i < context->layouts->column_count; i++)
		cells_add_field(&table->grid, context->layouts, i, table->titles[i]);
	table->line = malloc(sizeof(*table->line) + table->grid.column_count * CELL_SIZE);
	table->hints = hints ? hints_create() : NULL;
	if (!table->line || (hints && !table->hints)) {
		hints_free(table->hints);
		free(table->line);
		free(table);
		return NULL;
	}
	table->clock_offset = clock_local_offset();
	return table;
}

/* Print a header for a terminal as it is now. */
static void put_header(struct table *table)
{
	grid_use_terminal(&table->grid, table->context.terminal);
	grid_new_header(&table->grid);
	table->resized = false;
}

static void put_line(struct table *table, const struct line *line)
{
	struct grid *grid = &table->grid;

	if (grid->limit && (grid_needs_header(grid) || table->resized))
		put_header(table);
	grid_row(grid, line->cells, line->lengths);
	if (line->below) {
		grid_color(grid, GRID_DIM);
		fputs(line->below, table->context.file);
		grid_color(grid, GRID_OFF);
		for (const char *c = line->below; grid->limit && *c; c++)
			grid->lines += *c == '\n';
	}
}

static void start(struct table *table)
{
	table->started = true;
	if (table->context.terminal)
		put_header(table);
	else
		grid_header(&table->grid);
	for (size_t i = 0; i < table->held_count; i++) {
		put_line(table, table->held[i]);
		free(table->held[i]->below);
		free(table->held[i]);
	}
	table->held_count = 0;
}

/* The hint and the stack as one text, which the caller frees. NULL: neither, or out of memory. */
static char *make_below(const struct table *table, const struct drop *drop)
{
	char hint[HINT_SIZE];
	char frame[CELL_SIZE];
	size_t length = table->hints ? hints_write(table->hints, hint, &table->context, drop) : 0;
	size_t depth = table->context.config->stack ? drop->stack_depth : 0;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (length == 0 && depth == 0)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	if (length > 0)
		fit_words(out, HINT_INDENT, hint, length, table->grid.limit);
	for (size_t i = 0; i < depth; i++) {
		length = cells_write_frame(frame, table->context.symbols, drop->stack[i]);
		fit_line(out, STACK_INDENT, frame, length, table->grid.limit);
	}
	fclose(out);
	return text;
}

/* Keep a copy of the line until the header is printed. False: out of memory. */
static bool hold(struct table *table, size_t cells_length)
{
	struct line *copy = malloc(sizeof(*copy) + cells_length);

	if (!copy)
		return false;
	memcpy(copy, table->line, sizeof(*copy) + cells_length);
	table->held[table->held_count++] = copy;
	return true;
}

/* Below a header, columns widen in steps, so that a table of mixed traffic soon stops changing. */
static size_t widen(const struct table *table, size_t length)
{
	return table->started ? (length + WIDTH_STEP - 1) / WIDTH_STEP * WIDTH_STEP : length;
}

static void table_drop(void *output, const struct drop *drop)
{
	struct table *table = output;
	const struct row row = { &table->context, drop, table->clock_offset };
	struct line *line = table->line;
	size_t length = 0;

	for (size_t i = 0; i < table->grid.column_count; i++) {
		struct grid_column *column = &table->grid.columns[i];

		if (i < table->column_count)
			line->lengths[i] =
				cells_writers[table->columns[i]](line->cells + length, &row);
		else
			line->lengths[i] = cells_write_field(
				line->cells + length, &row,
				table->context.layouts->columns[i - table->column_count]);
		length += line->lengths[i];
		if (line->lengths[i] > column->width && !table->grid.limit)
			column->width = widen(table, line->lengths[i]);
	}
	if (table->grid.limit)
		grid_see(&table->grid, line->lengths);
	line->below = make_below(table, drop);
	if (!table->started && hold(table, length)) {
		if (table->held_count == MAX_HELD)
			start(table);
		return;
	}
	if (!table->started)
		start(table);
	put_line(table, line);
	free(line->below);
}

static void table_flush(void *output)
{
	struct table *table = output;

	if (!table->started && table->held_count > 0)
		start(table);
	if (table->context.terminal)
		table->resized |= grid_use_terminal(&table->grid, table->context.terminal);
	/* For each batch: the clock or the UTC offset can change while drops are traced. */
	table->clock_offset = clock_local_offset();
}

static void table_finish(void *output)
{
	struct table *table = output;

	if (!table->started)
		start(table);
	else if (table->context.terminal &&
		 (grid_use_terminal(&table->grid, table->context.terminal) || table->resized))
		grid_fit(&table->grid); /* a border that is not wider */
	grid_border(&table->grid);
	hints_free(table->hints);
	free(table->line);
	free(table);
}

static unsigned int table_needs(const struct output_config *config)
{
	unsigned int parts = config->stack ? RECORD_STACK : 0;

	/* A hint on a rule needs its namespace. */
	parts |= config->hints ? RECORD_DEVICE : 0;
	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		if (is_verbose_enough(config, &columns[id]))
			parts |= columns[id].part & RECORD_ON_DEMAND;
	return parts;
}

const struct output_format output_table = {
	.name = "table",
	.help = "default",
	.needs = table_needs,
	.create = table_create,
	.drop = table_drop,
	.flush = table_flush,
	.finish = table_finish,
	.summary = summary_print,
};
