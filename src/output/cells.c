// SPDX-License-Identifier: GPL-2.0-only
#include "output/cells.h"

#include <ctype.h>
#include <string.h>
#include <time.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/owners.h"
#include "output/field.h"
#include "output/grid.h"
#include "output/names.h"
#include "output/output.h"
#include "output/write.h"
#include "record/columns.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/protocols.h"
#include "util/text.h"

/* ECMA-48, SGR */
#define COLOR_RED "\033[31m"
#define COLOR_YELLOW "\033[33m"

#define NANOSECONDS 1000000000u
#define SECONDS_A_DAY 86400u

/* The last three are those of a summary. */
_Static_assert(COLUMN_COUNT + LAYOUT_MAX_COLUMNS + 3 <= GRID_MAX_COLUMNS,
	       "a grid has room for every column");

static size_t write_absent(char *to)
{
	to[0] = '-';
	return 1;
}

/* A name that any user of the host can choose: it must not break a row or a terminal. */
static size_t write_name(char *to, const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	return length ? text_escape(to, CELL_SIZE, name, length, "|", NULL) : write_absent(to);
}

/* A printer for each kind of column, with `present` and `value` of its row in record/columns.h. */
#define WRITE_NUMBER(present, value) ((present) ? write_number(cell, value) : write_absent(cell))
#define WRITE_TEXT(present, value)                                                                 \
	((present) ? write_name(cell, value, sizeof(value)) : write_absent(cell))
#define WRITE_WORD(present, value) ((present) ? write_text(cell, value) : write_absent(cell))
#define WRITE_TIME(present, value) ((present) ? write_time(cell, row, value) : write_absent(cell))
#define WRITE_ADDRESS(present, value)                                                              \
	((present) ? write_address(cell, event->ethertype, value) : write_absent(cell))
#define WRITE_ETHERTYPE(present, value)                                                            \
	((present) ? write_ethertype(cell, row, value) : write_absent(cell))
#define WRITE_PROTOCOL(present, value)                                                             \
	((present) ? write_protocol(cell, row, value) : write_link_protocol(cell, row))
#define WRITE_PORT(present, value)                                                                 \
	((present) || event->flags & DROP_NO_PORTS ? write_number(cell, value) : write_absent(cell))
#define WRITE_OWNER(present, value) ((present) ? write_owner(cell, value) : write_absent(cell))
#define WRITE_PLACE(present, value) ((present) ? write_place(cell, row, value) : write_absent(cell))
#define WRITE_REASON(present, value)                                                               \
	((present) ? write_reason(cell, row, value) : write_absent(cell))

/* The day of a local time, in days since 1970. */
static uint64_t day_of(const struct row *row, uint64_t time)
{
	return (time + row->clock_offset) / NANOSECONDS / SECONDS_A_DAY;
}

/* "2026-01-31 " */
static size_t write_date(char *cell, uint64_t day)
{
	const time_t seconds = (time_t)(day * SECONDS_A_DAY);
	struct tm date;
	size_t length;

	gmtime_r(&seconds, &date);
	length = write_number(cell, (uint64_t)date.tm_year + 1900);
	cell[length++] = '-';
	length += write_digits(cell + length, (uint64_t)date.tm_mon + 1, 2);
	cell[length++] = '-';
	length += write_digits(cell + length, (uint64_t)date.tm_mday, 2);
	cell[length++] = ' ';
	return length;
}

/* The time of day, with the date if that is not the one on which the run began. */
static size_t write_time(char *cell, const struct row *row, uint64_t time)
{
	const uint64_t local = time + row->clock_offset;
	const uint64_t seconds = local / NANOSECONDS;
	size_t length = 0;

	if (day_of(row, time) != day_of(row, row->context->start))
		length = write_date(cell, day_of(row, time));
	length += write_digits(cell + length, seconds / 3600 % 24, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds / 60 % 60, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds % 60, 2);
	cell[length++] = '.';
	return length + write_digits(cell + length, local % NANOSECONDS / 1000, 6);
}

static size_t write_ethertype(char *cell, const struct row *row, uint16_t ethertype)
{
	const char *name = NULL;

	if (!row->context->config->numeric)
		name = protocol_ethertype_name(ethertype);
	return name ? write_text(cell, name) : write_hex(cell, ethertype, 4);
}

static size_t write_protocol(char *cell, const struct row *row, uint8_t protocol)
{
	const char *name = NULL;

	if (!row->context->config->numeric)
		name = protocol_ip_name(protocol);
	return name ? write_text(cell, name) : write_number(cell, protocol);
}

/* If the protocol of IP is not known, the EtherType is the protocol. */
static size_t write_link_protocol(char *cell, const struct row *row)
{
	const struct drop_event *event = row->drop->event;

	return event->flags & DROP_HAS_ETHERTYPE ? write_ethertype(cell, row, event->ethertype)
						 : write_absent(cell);
}

/* A program, and which of its processes: nginx[712]. */
static size_t write_owner(char *cell, const struct owner *owner)
{
	size_t length = write_name(cell, owner->name, sizeof(owner->name));

	if (!owner->pid)
		return length;
	cell[length++] = '[';
	length += write_number(cell + length, owner->pid);
	cell[length++] = ']';
	return length;
}

/* A function, on a terminal without what the compiler added to its name. */
static size_t write_place(char *cell, const struct row *row, uint64_t address)
{
	const bool offset = row->context->config->verbosity >= 2;
	struct symbol symbol;
	size_t length;

	if (!symbols_find(row->context->symbols, address, &symbol))
		return write_hex(cell, address, 1);
	length = write_text(cell, symbol.name);
	if (row->context->terminal)
		length = names_stem(cell, length, offset);
	if (!offset)
		return length;
	cell[length++] = '+';
	return length + write_hex(cell + length, symbol.offset, 1);
}

static size_t write_reason(char *cell, const struct row *row, uint32_t reason)
{
	char buffer[REASON_NAME_SIZE];
	const char *name = names_reason(row->context, reason, buffer);

	return name ? write_text(cell, name) : write_absent(cell);
}

#define CELL(id, name, json, title, verbosity, part, keys, kind, present, value)                   \
	static size_t write_column_##id(char *cell, const struct row *row)                         \
	{                                                                                          \
		const struct drop *drop = row->drop;                                               \
		const struct drop_event *event = drop->event;                                      \
                                                                                                   \
		(void)event;                                                                       \
		return WRITE_##kind(present, value);                                               \
	}
COLUMNS(CELL)
#undef CELL

cells_write *const cells_writers[COLUMN_COUNT] = {
#define WRITER(id, ...) [COLUMN_##id] = write_column_##id,
	COLUMNS(WRITER)
#undef WRITER
};

/* How columns give way on a narrow terminal, by what they show; the first to go comes first. */
enum {
	RANK_NUMBER,
	RANK_NAME,
	RANK_PROTOCOL,
	RANK_PORT,
	RANK_DECLARED,
	RANK_ADDRESS,
	RANK_PLACE,
	RANK_REASON,
	RANKS, /* what more -v adds is the first to go */
};
#define MAX_VERBOSITY 2
#define LEAST_ADDRESS 15 /* an IPv4 address is never cut */
#define LEAST_NAME 12
#define LEAST_REASON 14	 /* NETFILTER_DROP */
#define LEAST_PROTOCOL 6 /* 0x88cc */
#define SLACK_TIME (sizeof(".123456") - 1)

/* What a kind of column tells a grid. */
static struct grid_column describe(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_KIND_NUMBER:
		return (struct grid_column){ .rank = RANK_NUMBER, .right = true };
	case COLUMN_KIND_TEXT:
	case COLUMN_KIND_OWNER:
		return (struct grid_column){ .rank = RANK_NAME, .least = LEAST_NAME };
	case COLUMN_KIND_WORD:
		return (struct grid_column){ .rank = RANK_NAME };
	case COLUMN_KIND_TIME:
		return (struct grid_column){ .rank = RANK_DECLARED, .slack = SLACK_TIME };
	case COLUMN_KIND_ADDRESS:
		return (struct grid_column){ .rank = RANK_ADDRESS, .least = LEAST_ADDRESS };
	case COLUMN_KIND_ETHERTYPE:
	case COLUMN_KIND_PROTOCOL:
		return (struct grid_column){ .rank = RANK_PROTOCOL, .least = LEAST_PROTOCOL };
	case COLUMN_KIND_PORT:
		return (struct grid_column){ .rank = RANK_PORT, .right = true };
	case COLUMN_KIND_PLACE:
		return (struct grid_column){ .rank = RANK_PLACE,
					     .least = LEAST_NAME,
					     .color = COLOR_YELLOW };
	case COLUMN_KIND_REASON:
		return (struct grid_column){ .rank = RANK_REASON,
					     .least = LEAST_REASON,
					     .color = COLOR_RED };
	}
	return (struct grid_column){ .rank = RANK_NAME };
}

void cells_add_column(struct grid *grid, const struct output_context *context, enum column_id id)
{
	struct grid_column column = describe(columns[id].kind);

	column.title = columns[id].title;
	column.right |= columns[id].kind == COLUMN_KIND_PROTOCOL && context->config->numeric;
	column.rank += (unsigned int)(MAX_VERBOSITY - columns[id].verbosity) * RANKS;
	grid_add(grid, &column);
}

size_t cells_write_field(char *cell, const struct row *row, const char *name)
{
	const struct field *field = layout_field(row->drop->layout, name);
	char text[FIELD_TEXT_SIZE];
	size_t length;

	if (!field)
		return write_absent(cell);
	length = field_write(text, field, row->drop->fields, row->context->symbols);
	/* Text from the kernel can contain any bytes. */
	return write_name(cell, text, length);
}

void cells_add_field(struct grid *grid, const struct layouts *layouts, size_t column,
		     char title[FIELD_NAME_SIZE])
{
	const char *name = layouts->columns[column];
	bool number = true; /* in all programs that have the column */

	for (size_t i = 0; i < layouts->count; i++) {
		const struct field *field = layout_field(&layouts->list[i], name);

		if (field && !layouts->list[i].retired && field->kind != FIELD_UNSIGNED &&
		    field->kind != FIELD_SIGNED)
			number = false;
	}
	for (size_t i = 0; i < FIELD_NAME_SIZE; i++)
		title[i] = (char)toupper((unsigned char)name[i]);
	grid_add(grid, &(struct grid_column){ .title = title,
					      .right = number,
					      .rank = RANK_DECLARED + MAX_VERBOSITY * RANKS,
					      .least = number ? 0 : LEAST_NAME });
}

size_t cells_write_frame(char *cell, struct symbols *symbols, uint64_t address)
{
	struct symbol symbol;
	size_t length = names_write_place(cell, symbols, address, &symbol);

	if (!symbol.name)
		return length;
	cell[length++] = '/';
	length += write_hex(cell + length, symbol.size, 1);
	if (symbol.module) {
		cell[length++] = ' ';
		cell[length++] = '[';
		length += write_text(cell + length, symbol.module);
		cell[length++] = ']';
	}
	return length;
}
