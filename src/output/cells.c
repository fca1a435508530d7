// SPDX-License-Identifier: GPL-2.0-only
#include "output/cells.h"

#include <ctype.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/output.h"
#include "output/write.h"
#include "output/field.h"
#include "output/grid.h"
#include "record/columns.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/protocols.h"
#include "util/text.h"

/* ECMA-48, SGR */
#define COLOR_RED "\033[31m"
#define COLOR_YELLOW "\033[33m"

#define ETHERTYPE_IPV6 0x86dd
#define NAME_SIZE 512 /* of a symbol or module, at most: KSYM_NAME_LEN */
#define NANOSECONDS 1000000000u

static size_t write_text(char *to, const char *text)
{
	size_t length = strnlen(text, NAME_SIZE);

	memcpy(to, text, length);
	return length;
}

static size_t write_absent(char *to)
{
	to[0] = '-';
	return 1;
}

/* Names that anybody on the host may choose: nothing in them may break a row or a terminal. */
static size_t write_name(char *to, const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	return length ? text_escape(to, CELL_SIZE, name, length, "|", NULL) : write_absent(to);
}

bool cells_numeric_protocol(const struct output_config *config)
{
	return config->numeric || config->numeric_protocol;
}

/*
 * A printer for each kind of column: `present` and `value` are the expressions of its row in
 * record/columns.h.
 */
#define WRITE_NUMBER(present, value) ((present) ? write_number(cell, value) : write_absent(cell))
#define WRITE_TEXT(present, value)                                                                 \
	((present) ? write_name(cell, value, sizeof(value)) : write_absent(cell))
#define WRITE_WORD(present, value) ((present) ? write_text(cell, value) : write_absent(cell))
#define WRITE_TIME(present, value) write_time(cell, row, value)
#define WRITE_ADDRESS(present, value)                                                              \
	((present) ? write_address(cell, event, value) : write_absent(cell))
#define WRITE_ETHERTYPE(present, value)                                                            \
	((present) ? write_ethertype(cell, row, value) : write_absent(cell))
#define WRITE_PROTOCOL(present, value)                                                             \
	((present) ? write_protocol(cell, row, value) : write_link_protocol(cell, row))
#define WRITE_PORT(present, value)                                                                 \
	((present) || event->flags & DROP_NO_PORTS ? write_number(cell, value) : write_absent(cell))
#define WRITE_PLACE(present, value) ((present) ? write_place(cell, row, value) : write_absent(cell))
#define WRITE_REASON(present, value)                                                               \
	((present) ? write_reason(cell, row, value) : write_absent(cell))

/* The time of day. */
static size_t write_time(char *cell, const struct row *row, uint64_t time)
{
	const uint64_t local = time + row->clock_offset;
	const uint64_t seconds = local / NANOSECONDS;
	size_t length = 0;

	length += write_digits(cell + length, seconds / 3600 % 24, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds / 60 % 60, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds % 60, 2);
	cell[length++] = '.';
	return length + write_digits(cell + length, local % NANOSECONDS / 1000, 6);
}

static size_t write_address(char *cell, const struct drop_event *event, const uint8_t *address)
{
	return event->ethertype == ETHERTYPE_IPV6 ? write_ipv6(cell, address)
						  : write_ipv4(cell, address);
}

static size_t write_ethertype(char *cell, const struct row *row, uint16_t ethertype)
{
	const char *name = NULL;

	if (!cells_numeric_protocol(row->config))
		name = protocol_ethertype_name(ethertype);
	return name ? write_text(cell, name) : write_hex(cell, ethertype, 4);
}

static size_t write_protocol(char *cell, const struct row *row, uint8_t protocol)
{
	const char *name = NULL;

	if (!cells_numeric_protocol(row->config))
		name = protocol_ip_name(protocol);
	return name ? write_text(cell, name) : write_number(cell, protocol);
}

/* Where no protocol behind IP is known, the EtherType is the protocol. */
static size_t write_link_protocol(char *cell, const struct row *row)
{
	const struct drop_event *event = row->drop->event;

	return event->flags & DROP_HAS_ETHERTYPE ? write_ethertype(cell, row, event->ethertype)
						 : write_absent(cell);
}

static size_t write_place(char *cell, const struct row *row, uint64_t address)
{
	struct symbol symbol;
	size_t length;

	if (!symbols_find(row->config->symbols, address, &symbol))
		return write_hex(cell, address, 1);
	length = write_text(cell, symbol.name);
	if (row->config->verbosity >= 2) {
		cell[length++] = '+';
		length += write_hex(cell + length, symbol.offset, 1);
	}
	return length;
}

static size_t write_reason(char *cell, const struct row *row, uint32_t reason)
{
	char buffer[REASON_NAME_SIZE];

	if (!reasons_given(row->config->reasons))
		return write_absent(cell);
	return write_text(cell, reasons_name(row->config->reasons, reason, buffer));
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

/* The color of a kind: an escape sequence, or NULL. */
static const char *color_of(enum column_kind kind)
{
	return kind == COLUMN_KIND_PLACE    ? COLOR_YELLOW
	       : kind == COLUMN_KIND_REASON ? COLOR_RED
					    : NULL;
}

void cells_add_column(struct grid *grid, const struct output_config *config, enum column_id id)
{
	const enum column_kind kind = columns[id].kind;
	const bool right = kind == COLUMN_KIND_NUMBER || kind == COLUMN_KIND_PORT ||
			   (kind == COLUMN_KIND_PROTOCOL && cells_numeric_protocol(config));

	grid_add(grid, columns[id].title, right, color_of(kind));
}

size_t cells_write_field(char *cell, const struct row *row, const char *name)
{
	const struct field *field = layout_field(row->drop->layout, name);
	char text[FIELD_TEXT_SIZE];
	size_t length;

	if (!field)
		return write_absent(cell);
	length = field_write(text, field, row->drop->fields, row->config->symbols);
	/* Text of the kernel's may hold anything. */
	return write_name(cell, text, length);
}

void cells_add_field(struct grid *grid, const struct layouts *layouts, size_t column,
		     char title[FIELD_NAME_SIZE])
{
	const char *name = layouts->columns[column];
	bool number = true; /* for all programs that have it */

	for (size_t i = 0; i < layouts->count; i++) {
		const struct field *field = layout_field(&layouts->list[i], name);

		if (field && !layouts->list[i].retired && field->kind != FIELD_UNSIGNED &&
		    field->kind != FIELD_SIGNED)
			number = false;
	}
	for (size_t i = 0; i < FIELD_NAME_SIZE; i++)
		title[i] = (char)toupper((unsigned char)name[i]);
	grid_add(grid, title, number, NULL);
}

size_t cells_write_frame(char *cell, const struct output_config *config, uint64_t address)
{
	struct symbol symbol;
	size_t length;

	if (!symbols_find(config->symbols, address, &symbol))
		return write_hex(cell, address, 1);
	length = write_text(cell, symbol.name);
	cell[length++] = '+';
	length += write_hex(cell + length, symbol.offset, 1);
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
