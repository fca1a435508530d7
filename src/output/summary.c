// SPDX-License-Identifier: GPL-2.0-only
#include "output/summary.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/cells.h"
#include "output/grid.h"
#include "output/output.h"
#include "record/columns.h"
#include "record/decode.h"
#include "record/layout.h"
#include "stream/summary.h"

#define NANOSECONDS 1e9
#define ROW_SIZE (GRID_MAX_COLUMNS * CELL_SIZE)

/* The texts of a row, one after the other. */
struct cells {
	char *text;
	size_t lengths[GRID_MAX_COLUMNS];
	size_t count, length;
};

struct writer {
	const struct output_context *context;
	const struct summary *summary;
	unsigned int keys;
	struct grid grid;
	struct cells cells;
	char titles[LAYOUT_MAX_COLUMNS][FIELD_NAME_SIZE];
};

static void add_cell(struct cells *cells, size_t length)
{
	cells->lengths[cells->count++] = length;
	cells->length += length;
}

static void add_text(struct cells *cells, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_text(struct cells *cells, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_cell(cells, (size_t)vsnprintf(cells->text + cells->length, CELL_SIZE, format, args));
	va_end(args);
}

/* The last three columns. */
static void add_counts(struct writer *writer, uint64_t count, uint64_t before)
{
	const struct summary *summary = writer->summary;
	double seconds = (double)(summary->time - summary->time_before) / NANOSECONDS;

	add_text(&writer->cells, "%llu", (unsigned long long)count);
	add_text(&writer->cells, "%.1f%%",
		 summary->total ? 100.0 * (double)count / (double)summary->total : 0.0);
	add_text(&writer->cells, "%.1f/s", seconds > 0 ? (double)(count - before) / seconds : 0.0);
}

static bool is_shown(unsigned int keys, enum column_id id)
{
	return columns[id].title && columns[id].keys & keys;
}

static void make_row(struct writer *writer, const struct summary_row *counted)
{
	const struct layouts *layouts = writer->context->layouts;
	const struct drop drop = { .event = counted->event,
				   .layout = &layouts->list[0],
				   .fields = counted->own,
				   .owner = counted->owner };
	const struct row row = { .context = writer->context, .drop = &drop };
	struct cells *cells = &writer->cells;

	cells->count = cells->length = 0;
	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		if (is_shown(writer->keys, id))
			add_cell(cells, cells_writers[id](cells->text + cells->length, &row));
	for (size_t i = 0; i < layouts->column_count; i++)
		add_cell(cells,
			 cells_write_field(cells->text + cells->length, &row, layouts->columns[i]));
	add_counts(writer, counted->count, counted->before);
}

static void make_other(struct writer *writer)
{
	struct cells *cells = &writer->cells;

	cells->count = cells->length = 0;
	while (cells->count + 3 < writer->grid.column_count)
		add_text(cells, "%s", cells->count == 0 ? "other" : "-");
	add_counts(writer, writer->summary->other, writer->summary->other_before);
}

static void widen(struct writer *writer)
{
	if (writer->grid.limit) {
		grid_see(&writer->grid, writer->cells.lengths);
		return;
	}
	for (size_t i = 0; i < writer->grid.column_count; i++)
		if (writer->cells.lengths[i] > writer->grid.columns[i].width)
			writer->grid.columns[i].width = writer->cells.lengths[i];
}

/* Each row is made twice: to measure the columns, and to be printed. */
static void put_rows(struct writer *writer, bool print)
{
	const struct summary *summary = writer->summary;

	for (size_t i = 0; i < summary->row_count + (summary->other > 0); i++) {
		if (i < summary->row_count)
			make_row(writer, &summary->rows[i]);
		else
			make_other(writer);
		if (!print) {
			widen(writer);
			continue;
		}
		if (writer->grid.limit && grid_needs_header(&writer->grid))
			grid_header(&writer->grid);
		grid_row(&writer->grid, writer->cells.text, writer->cells.lengths);
	}
}

void summary_print(const struct output_context *context, const struct summary *summary,
		   unsigned int keys)
{
	static const struct grid_column counts[] = {
		{ .title = "COUNT", .right = true, .rank = UINT_MAX },
		{ .title = "SHARE", .right = true, .rank = 1 },
		{ .title = "RATE", .right = true },
	};
	struct writer writer = {
		.context = context,
		.summary = summary,
		.keys = keys,
		.grid = { .file = context->file, .color = context->color },
		.cells = { .text = malloc(ROW_SIZE) },
	};

	if (!writer.cells.text)
		return;
	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		if (is_shown(keys, id))
			cells_add_column(&writer.grid, context, id);
	for (size_t i = 0; i < context->layouts->column_count; i++)
		cells_add_field(&writer.grid, context->layouts, i, writer.titles[i]);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		grid_add(&writer.grid, &counts[i]);
	if (context->terminal)
		grid_use_terminal(&writer.grid, context->terminal);
	put_rows(&writer, false);
	if (writer.grid.limit)
		grid_fit(&writer.grid);
	grid_header(&writer.grid);
	put_rows(&writer, true);
	grid_border(&writer.grid);
	free(writer.cells.text);
}
