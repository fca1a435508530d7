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
#include "record/decode.h"
#include "record/keys.h"
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

static size_t write_time(char *cell, const struct row *row)
{
	uint64_t time = row->drop->event->time + row->clock_offset;
	uint64_t seconds = time / NANOSECONDS;
	size_t length = 0;

	length += write_digits(cell + length, seconds / 3600 % 24, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds / 60 % 60, 2);
	cell[length++] = ':';
	length += write_digits(cell + length, seconds % 60, 2);
	cell[length++] = '.';
	return length + write_digits(cell + length, time % NANOSECONDS / 1000, 6);
}

static size_t write_cpu(char *cell, const struct row *row)
{
	return write_number(cell, row->drop->cpu);
}

static size_t write_pid(char *cell, const struct row *row)
{
	return row->drop->event->detailed ? write_number(cell, row->drop->event->pid)
					  : write_absent(cell);
}

static size_t write_comm(char *cell, const struct row *row)
{
	return row->drop->event->detailed
		       ? write_name(cell, row->drop->event->comm, sizeof(row->drop->event->comm))
		       : write_absent(cell);
}

static size_t write_netns(char *cell, const struct row *row)
{
	return row->drop->event->flags & DROP_HAS_NETNS
		       ? write_number(cell, row->drop->event->netns)
		       : write_absent(cell);
}

static size_t write_interface(char *cell, const struct row *row)
{
	return row->drop->event->flags & DROP_HAS_DEVICE
		       ? write_name(cell, row->drop->event->ifname,
				    sizeof(row->drop->event->ifname))
		       : write_absent(cell);
}

static size_t write_vlan(char *cell, const struct row *row)
{
	return row->drop->event->flags & DROP_HAS_VLAN ? write_number(cell, row->drop->event->vlan)
						       : write_absent(cell);
}

static size_t write_address(char *cell, const struct drop_event *event, const uint8_t *address)
{
	if (!(event->flags & DROP_HAS_ADDRESSES))
		return write_absent(cell);
	return event->ethertype == ETHERTYPE_IPV6 ? write_ipv6(cell, address)
						  : write_ipv4(cell, address);
}

static size_t write_source(char *cell, const struct row *row)
{
	return write_address(cell, row->drop->event, row->drop->event->saddr.bytes);
}

static size_t write_destination(char *cell, const struct row *row)
{
	return write_address(cell, row->drop->event, row->drop->event->daddr.bytes);
}

bool cells_numeric_protocol(const struct output_config *config)
{
	return config->numeric || config->numeric_protocol;
}

static size_t write_protocol(char *cell, const struct row *row)
{
	const struct drop_event *event = row->drop->event;
	const char *name = NULL;

	if (event->flags & DROP_HAS_L4) {
		if (!cells_numeric_protocol(row->config))
			name = protocol_ip_name(event->l4_protocol);
		return name ? write_text(cell, name) : write_number(cell, event->l4_protocol);
	}
	if (event->flags & DROP_HAS_ETHERTYPE) {
		if (!cells_numeric_protocol(row->config))
			name = protocol_ethertype_name(event->ethertype);
		return name ? write_text(cell, name) : write_hex(cell, event->ethertype, 4);
	}
	return write_absent(cell);
}

static size_t write_port(char *cell, const struct drop_event *event, uint16_t port)
{
	/* Without DROP_HAS_PORTS `port` is 0: what a protocol that has none shows. */
	return event->flags & (DROP_HAS_PORTS | DROP_NO_PORTS) ? write_number(cell, port)
							       : write_absent(cell);
}

static size_t write_sport(char *cell, const struct row *row)
{
	return write_port(cell, row->drop->event, row->drop->event->sport);
}

static size_t write_dport(char *cell, const struct row *row)
{
	return write_port(cell, row->drop->event, row->drop->event->dport);
}

static size_t write_tunnel(char *cell, const struct row *row)
{
	const char *name = decode_tunnel_name(row->drop->event->tunnel);

	return name ? write_text(cell, name) : write_absent(cell);
}

static size_t write_length(char *cell, const struct row *row)
{
	return row->drop->event->detailed ? write_number(cell, row->drop->event->length)
					  : write_absent(cell);
}

static size_t write_location(char *cell, const struct row *row)
{
	struct symbol symbol;
	size_t length;

	if (row->drop->event->location == 0)
		return write_absent(cell);
	if (!symbols_find(row->config->symbols, row->drop->event->location, &symbol))
		return write_hex(cell, row->drop->event->location, 1);
	length = write_text(cell, symbol.name);
	if (row->config->verbosity >= 2) {
		cell[length++] = '+';
		length += write_hex(cell + length, symbol.offset, 1);
	}
	return length;
}

static size_t write_reason(char *cell, const struct row *row)
{
	char buffer[REASON_NAME_SIZE];

	if (!reasons_given(row->config->reasons) || row->drop->event->reason == DROP_NO_REASON)
		return write_absent(cell);
	return write_text(cell,
			  reasons_name(row->config->reasons, row->drop->event->reason, buffer));
}

static size_t write_probe(char *cell, const struct row *row)
{
	return write_name(cell, row->drop->layout->name, sizeof(row->drop->layout->name));
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

const struct column cells_probe_column = { "PROBE", 0, false, false, 0, NULL, write_probe, false };

const struct column cells_columns[] = {
	{ "TIME", 2, false, false, 0, NULL, write_time, false },
	{ "CPU", 2, true, false, 0, NULL, write_cpu, false },
	{ "PID", 2, true, false, 0, NULL, write_pid, false },
	{ "COMM", 2, false, false, 0, NULL, write_comm, false },
	{ "NETNS", 2, true, false, 0, NULL, write_netns, false },
	{ "INTERFACE", 1, false, false, SUMMARY_IFACE, NULL, write_interface, false },
	{ "TUNNEL", 2, false, false, 0, NULL, write_tunnel, true },
	{ "VLAN", 2, true, false, 0, NULL, write_vlan, false },
	{ "SOURCE", 0, false, false, SUMMARY_SADDR, NULL, write_source, false },
	{ "DESTINATION", 0, false, false, SUMMARY_DADDR, NULL, write_destination, false },
	{ "PROTOCOL", 0, false, true, SUMMARY_PROTO, NULL, write_protocol, false },
	{ "SPORT", 0, true, false, SUMMARY_SPORT, NULL, write_sport, false },
	{ "DPORT", 0, true, false, SUMMARY_DPORT, NULL, write_dport, false },
	{ "LEN", 2, true, false, 0, NULL, write_length, false },
	{ "LOCATION", 0, false, false, SUMMARY_LOCATION, COLOR_YELLOW, write_location, false },
	{ "REASON", 0, false, false, SUMMARY_REASON, COLOR_RED, write_reason, false },
};

const size_t cells_column_count = sizeof(cells_columns) / sizeof(*cells_columns);

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
