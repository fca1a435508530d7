// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, one object a line. Every object has all keys, in the same order (README, "JSON"); what a
 * packet does not have is null. A line is made in memory and written at once, without printf where
 * it holds a drop: they come by the million.
 */
#include "output/output.h"

#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/write.h"
#include "output/field.h"
#include "stream/decode.h"
#include "stream/layout.h"
#include "stream/summary.h"
#include "util/clock.h"
#include "util/protocols.h"
#include "util/text.h"

#define ETHERTYPE_IPV6 0x86dd
#define NANOSECONDS 1000000000u
#define EVERY_KEY (~0u)

#define STRING_SIZE (6 * 512 + 1)	   /* escaped; the longest is a symbol, KSYM_NAME_LEN */
#define PLACE_SIZE (2 * STRING_SIZE + 128) /* a symbol, its module, two numbers */
#define OBJECT_SIZE (PLACE_SIZE + STRING_SIZE + 1536) /* without a stack */

struct json {
	struct output_config config;
	uint64_t clock_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC, nanoseconds */
	size_t length;
	char line[OBJECT_SIZE + PLACE_SIZE];
};

static void *json_create(const struct output_config *config)
{
	struct json *json = calloc(1, sizeof(*json));

	if (json) {
		json->config = *config;
		json->clock_offset = clock_wall_offset();
	}
	return json;
}

static void write_line(struct json *json)
{
	fwrite_unlocked(json->line, 1, json->length, json->config.file);
	json->length = 0;
}

static void put_bytes(struct json *json, const char *bytes, size_t length)
{
	memcpy(json->line + json->length, bytes, length);
	json->length += length;
}

static void put_char(struct json *json, char c)
{
	json->line[json->length++] = c;
}

/* What is written as it stands here: its length is known to the compiler. */
#define PUT(json, literal) put_bytes(json, literal, sizeof(literal) - 1)
#define KEY_TEXT(name) ",\"" name "\":"
#define KEY(name) KEY_TEXT(name), sizeof(KEY_TEXT(name)) - 1

static void put_number(struct json *json, const char *key, size_t key_length, bool present,
		       uint64_t number)
{
	put_bytes(json, key, key_length);
	if (present)
		json->length += write_number(json->line + json->length, number);
	else
		PUT(json, "null");
}

static void put_string(struct json *json, const char *key, size_t key_length, const char *text,
		       size_t length)
{
	put_bytes(json, key, key_length);
	if (!text) {
		PUT(json, "null");
		return;
	}
	put_char(json, '"');
	json->length += text_escape_json(json->line + json->length, STRING_SIZE, text, length);
	put_char(json, '"');
}

static void put_name(struct json *json, const char *key, size_t key_length, const char *name)
{
	put_string(json, key, key_length, name, name ? strlen(name) : 0);
}

static void put_address(struct json *json, const char *key, size_t key_length,
			const struct drop_event *event, const uint8_t *address)
{
	char *to;

	put_bytes(json, key, key_length);
	if (!(event->flags & DROP_HAS_ADDRESSES)) {
		PUT(json, "null");
		return;
	}
	put_char(json, '"');
	to = json->line + json->length;
	json->length += event->ethertype == ETHERTYPE_IPV6 ? write_ipv6(to, address)
							   : write_ipv4(to, address);
	put_char(json, '"');
}

/* A time of CLOCK_MONOTONIC, as the first key. */
static void put_time(struct json *json, uint64_t time)
{
	time += json->clock_offset;
	PUT(json, "{\"time\":");
	json->length += write_number(json->line + json->length, time / NANOSECONDS);
	put_char(json, '.');
	json->length += write_digits(json->line + json->length, time % NANOSECONDS, 9);
}

/* A place in the kernel: its address as text, as JSON's numbers lose the last digits of it. */
static void put_place(struct json *json, uint64_t address)
{
	struct symbol symbol;
	bool known = symbols_find(json->config.symbols, address, &symbol);

	PUT(json, "{\"address\":\"");
	json->length += write_hex(json->line + json->length, address, 1);
	put_char(json, '"');
	put_name(json, KEY("function"), known ? symbol.name : NULL);
	put_number(json, KEY("offset"), known, known ? symbol.offset : 0);
	put_name(json, KEY("module"), known ? symbol.module : NULL);
	put_char(json, '}');
}

/* The columns that programs bring: the same ones in each object, null where another has none. */
static void put_fields(struct json *json, const struct layout *layout, const char *fields)
{
	const struct layouts *layouts = json->config.layouts;
	char text[FIELD_TEXT_SIZE];
	int64_t number;

	for (size_t i = 0; i < layouts->column_count; i++) {
		const struct field *field = layout_field(layout, layouts->columns[i]);

		if (json->length > OBJECT_SIZE)
			write_line(json);
		PUT(json, ",\"");
		put_bytes(json, layouts->columns[i], strlen(layouts->columns[i]));
		if (!field) {
			PUT(json, "\":null");
		} else if (field_number(field, fields, &number)) {
			PUT(json, "\":");
			if (field->kind == FIELD_SIGNED && number < 0)
				put_char(json, '-');
			json->length += write_number(json->line + json->length,
						     field->kind == FIELD_SIGNED && number < 0
							     ? 0 - (uint64_t)number
							     : (uint64_t)number);
		} else {
			put_string(json, "\":", 2, text,
				   field_write(text, field, fields, json->config.symbols));
		}
	}
}

static void put_stack(struct json *json, const struct drop *drop)
{
	PUT(json, KEY_TEXT("stack") "[");
	for (size_t i = 0; i < drop->stack_depth; i++) {
		if (json->length > OBJECT_SIZE)
			write_line(json);
		if (i > 0)
			put_char(json, ',');
		put_place(json, drop->stack[i]);
	}
	put_char(json, ']');
}

/* What drops can be counted by (SUMMARY_...), or all that a packet has: the same order for both. */
static void put_keys(struct json *json, const struct drop_event *event, unsigned int keys)
{
	struct reasons *reasons = json->config.reasons;
	const bool has_reason = reasons_given(reasons) && event->reason != DROP_NO_REASON;
	const bool has_l4 = event->flags & DROP_HAS_L4;
	const bool has_ethertype = event->flags & DROP_HAS_ETHERTYPE;
	const bool has_ports = event->flags & DROP_HAS_PORTS;
	char reason[REASON_NAME_SIZE];

	if (keys & SUMMARY_IFACE)
		put_string(json, KEY("interface"),
			   event->flags & DROP_HAS_DEVICE ? event->ifname : NULL,
			   strnlen(event->ifname, sizeof(event->ifname)));
	if (keys == EVERY_KEY) {
		put_number(json, KEY("ifindex"), event->ifindex != 0, event->ifindex);
		put_number(json, KEY("mark"), event->detailed, event->mark);
		put_name(json, KEY("tunnel"), decode_tunnel_name(event->tunnel));
		put_number(json, KEY("vlan"), event->flags & DROP_HAS_VLAN, event->vlan);
	}
	if (keys & SUMMARY_PROTO) {
		put_number(json, KEY("ethertype"), has_ethertype, event->ethertype);
		put_name(json, KEY("ethertype_name"),
			 has_ethertype ? protocol_ethertype_name(event->ethertype) : NULL);
	}
	if (keys & SUMMARY_SADDR)
		put_address(json, KEY("saddr"), event, event->saddr.bytes);
	if (keys & SUMMARY_DADDR)
		put_address(json, KEY("daddr"), event, event->daddr.bytes);
	if (keys & SUMMARY_PROTO) {
		put_number(json, KEY("protocol"), has_l4, event->l4_protocol);
		put_name(json, KEY("protocol_name"),
			 has_l4 ? protocol_ip_name(event->l4_protocol) : NULL);
	}
	if (keys & SUMMARY_SPORT)
		put_number(json, KEY("sport"), has_ports, event->sport);
	if (keys & SUMMARY_DPORT)
		put_number(json, KEY("dport"), has_ports, event->dport);
	if (keys == EVERY_KEY)
		put_number(json, KEY("length"), event->detailed, event->length);
	if (keys & SUMMARY_LOCATION) {
		PUT(json, KEY_TEXT("location"));
		if (event->location)
			put_place(json, event->location);
		else
			PUT(json, "null");
	}
	if (keys & SUMMARY_REASON) {
		put_number(json, KEY("reason"), has_reason, event->reason);
		put_name(json, KEY("reason_name"),
			 has_reason ? reasons_name(reasons, event->reason, reason) : NULL);
	}
}

static void json_drop(void *output, const struct drop *drop)
{
	struct json *json = output;
	const struct drop_event *event = drop->event;

	put_time(json, event->time);
	put_string(json, KEY("probe"), drop->layout->name, strlen(drop->layout->name));
	put_number(json, KEY("cpu"), true, drop->cpu);
	put_number(json, KEY("pid"), event->detailed, event->pid);
	put_string(json, KEY("comm"), event->detailed ? event->comm : NULL,
		   strnlen(event->comm, sizeof(event->comm)));
	put_number(json, KEY("netns"), event->flags & DROP_HAS_NETNS, event->netns);
	put_keys(json, event, EVERY_KEY);
	put_fields(json, drop->layout, drop->fields);
	if (json->config.stack)
		put_stack(json, drop);
	PUT(json, "}\n");
	write_line(json);
}

static void put_count(struct json *json, const struct summary *summary,
		      const struct summary_row *row, unsigned int keys, uint64_t count,
		      uint64_t before)
{
	const uint64_t elapsed = summary->time - summary->time_before;

	put_time(json, summary->time);
	if (row) {
		put_keys(json, row->event, keys);
		put_fields(json, &json->config.layouts->list[0], row->own);
	}
	write_line(json);
	fprintf(json->config.file, ",\"other\":%s,\"count\":%llu,\"share\":%.6f,\"rate\":%.3f}\n",
		row ? "false" : "true", (unsigned long long)count,
		summary->total ? (double)count / (double)summary->total : 0.0,
		elapsed ? (double)(count - before) * NANOSECONDS / (double)elapsed : 0.0);
}

static void json_summary(const struct output_config *config, const struct summary *summary,
			 unsigned int keys)
{
	struct json json = { .config = *config, .clock_offset = clock_wall_offset() };

	for (size_t i = 0; i < summary->row_count; i++)
		put_count(&json, summary, &summary->rows[i], keys, summary->rows[i].count,
			  summary->rows[i].before);
	if (summary->other > 0)
		put_count(&json, summary, NULL, keys, summary->other, summary->other_before);
}

/* Anew for each batch: the wall clock may be set while drops are traced. */
static void json_flush(void *output)
{
	struct json *json = output;

	json->clock_offset = clock_wall_offset();
}

const struct output_ops output_json = { json_create, json_drop, json_flush, free, json_summary };
