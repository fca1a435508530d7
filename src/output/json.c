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
#include "record/decode.h"
#include "record/keys.h"
#include "record/layout.h"
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

static void write_line(const struct json *json, const char *end)
{
	fwrite_unlocked(json->line, 1, (size_t)(end - json->line), json->config.file);
}

/*
 * Each put_...() writes at `at` and returns the end of what it wrote. Those with a key are inlined
 * wherever they are called: the compiler knows the key there, and copies it in a few instructions.
 */
#define INLINED static inline __attribute__((always_inline))
#define KEY(name) ",\"" name "\":"

INLINED char *put_number(char *at, const char *key, bool present, uint64_t number)
{
	at = stpcpy(at, key);
	return present ? at + write_number(at, number) : stpcpy(at, "null");
}

INLINED char *put_string(char *at, const char *key, const char *text, size_t length)
{
	at = stpcpy(at, key);
	if (!text)
		return stpcpy(at, "null");
	*at++ = '"';
	at += text_escape_json(at, STRING_SIZE, text, length);
	*at++ = '"';
	return at;
}

INLINED char *put_name(char *at, const char *key, const char *name)
{
	return put_string(at, key, name, name ? strlen(name) : 0);
}

/* A name of a table of ours (protocols, tunnels): nothing in it has to be escaped. */
INLINED char *put_known(char *at, const char *key, const char *name)
{
	at = stpcpy(at, key);
	if (!name)
		return stpcpy(at, "null");
	*at++ = '"';
	at = stpcpy(at, name);
	*at++ = '"';
	return at;
}

INLINED char *put_address(char *at, const char *key, const struct drop_event *event,
			  const uint8_t *address)
{
	at = stpcpy(at, key);
	if (!(event->flags & DROP_HAS_ADDRESSES))
		return stpcpy(at, "null");
	*at++ = '"';
	at += event->ethertype == ETHERTYPE_IPV6 ? write_ipv6(at, address)
						 : write_ipv4(at, address);
	*at++ = '"';
	return at;
}

/* A time of CLOCK_MONOTONIC, as the first key. */
static char *put_time(char *at, const struct json *json, uint64_t time)
{
	time += json->clock_offset;
	at = stpcpy(at, "{\"time\":");
	at += write_number(at, time / NANOSECONDS);
	*at++ = '.';
	return at + write_digits(at, time % NANOSECONDS, 9);
}

/* A place in the kernel: its address as text, as JSON's numbers lose the last digits of it. */
static char *put_place(char *at, const struct json *json, uint64_t address)
{
	struct symbol symbol;
	bool known = symbols_find(json->config.symbols, address, &symbol);

	at = stpcpy(at, "{\"address\":\"");
	at += write_hex(at, address, 1);
	*at++ = '"';
	at = put_name(at, KEY("function"), known ? symbol.name : NULL);
	at = put_number(at, KEY("offset"), known, known ? symbol.offset : 0);
	at = put_name(at, KEY("module"), known ? symbol.module : NULL);
	*at++ = '}';
	return at;
}

/* Where to go on: at the start again, once what is there leaves no room for a column or place. */
static char *make_room(char *at, struct json *json)
{
	if (at - json->line <= OBJECT_SIZE)
		return at;
	write_line(json, at);
	return json->line;
}

/* The columns that programs bring: the same ones in each object, null where another has none. */
static char *put_fields(char *at, struct json *json, const struct layout *layout,
			const char *fields)
{
	const struct layouts *layouts = json->config.layouts;
	char text[FIELD_TEXT_SIZE];
	int64_t number;

	for (size_t i = 0; i < layouts->column_count; i++) {
		const struct field *field = layout_field(layout, layouts->columns[i]);

		at = make_room(at, json);
		at = stpcpy(at, ",\"");
		at = stpcpy(at, layouts->columns[i]);
		if (!field) {
			at = stpcpy(at, "\":null");
		} else if (field_number(field, fields, &number)) {
			bool negative = field->kind == FIELD_SIGNED && number < 0;

			at = stpcpy(at, negative ? "\":-" : "\":");
			at += write_number(at, negative ? 0 - (uint64_t)number : (uint64_t)number);
		} else {
			at = put_string(at, "\":", text,
					field_write(text, field, fields, json->config.symbols));
		}
	}
	return at;
}

static char *put_stack(char *at, struct json *json, const struct drop *drop)
{
	at = stpcpy(at, KEY("stack") "[");
	for (size_t i = 0; i < drop->stack_depth; i++) {
		at = make_room(at, json);
		if (i > 0)
			*at++ = ',';
		at = put_place(at, json, drop->stack[i]);
	}
	*at++ = ']';
	return at;
}

/* What drops can be counted by (SUMMARY_...), or all that a packet has: the same order for both. */
static char *put_keys(char *at, const struct json *json, const struct drop_event *event,
		      unsigned int keys)
{
	struct reasons *reasons = json->config.reasons;
	const bool has_reason = reasons_given(reasons) && event->reason != DROP_NO_REASON;
	const bool has_l4 = event->flags & DROP_HAS_L4;
	const bool has_ethertype = event->flags & DROP_HAS_ETHERTYPE;
	const bool has_ports = event->flags & DROP_HAS_PORTS;
	char reason[REASON_NAME_SIZE];

	if (keys & SUMMARY_IFACE)
		at = put_string(at, KEY("interface"),
				event->flags & DROP_HAS_DEVICE ? event->ifname : NULL,
				strnlen(event->ifname, sizeof(event->ifname)));
	if (keys == EVERY_KEY) {
		at = put_number(at, KEY("ifindex"), event->ifindex != 0, event->ifindex);
		at = put_number(at, KEY("mark"), event->detailed, event->mark);
		at = put_known(at, KEY("tunnel"), decode_tunnel_name(event->tunnel));
		at = put_number(at, KEY("vlan"), event->flags & DROP_HAS_VLAN, event->vlan);
	}
	if (keys & SUMMARY_PROTO) {
		at = put_number(at, KEY("ethertype"), has_ethertype, event->ethertype);
		at = put_known(at, KEY("ethertype_name"),
			       has_ethertype ? protocol_ethertype_name(event->ethertype) : NULL);
	}
	if (keys & SUMMARY_SADDR)
		at = put_address(at, KEY("saddr"), event, event->saddr.bytes);
	if (keys & SUMMARY_DADDR)
		at = put_address(at, KEY("daddr"), event, event->daddr.bytes);
	if (keys & SUMMARY_PROTO) {
		at = put_number(at, KEY("protocol"), has_l4, event->l4_protocol);
		at = put_known(at, KEY("protocol_name"),
			       has_l4 ? protocol_ip_name(event->l4_protocol) : NULL);
	}
	if (keys & SUMMARY_SPORT)
		at = put_number(at, KEY("sport"), has_ports, event->sport);
	if (keys & SUMMARY_DPORT)
		at = put_number(at, KEY("dport"), has_ports, event->dport);
	if (keys == EVERY_KEY)
		at = put_number(at, KEY("length"), event->detailed, event->length);
	if (keys & SUMMARY_LOCATION) {
		at = stpcpy(at, KEY("location"));
		if (event->location)
			at = put_place(at, json, event->location);
		else
			at = stpcpy(at, "null");
	}
	if (keys & SUMMARY_REASON) {
		at = put_number(at, KEY("reason"), has_reason, event->reason);
		at = put_name(at, KEY("reason_name"),
			      has_reason ? reasons_name(reasons, event->reason, reason) : NULL);
	}
	return at;
}

static void json_drop(void *output, const struct drop *drop)
{
	struct json *json = output;
	const struct drop_event *event = drop->event;
	char *at = json->line;

	at = put_time(at, json, event->time);
	at = put_string(at, KEY("probe"), drop->layout->name, strlen(drop->layout->name));
	at = put_number(at, KEY("cpu"), true, drop->cpu);
	at = put_number(at, KEY("pid"), event->detailed, event->pid);
	at = put_string(at, KEY("comm"), event->detailed ? event->comm : NULL,
			strnlen(event->comm, sizeof(event->comm)));
	at = put_number(at, KEY("netns"), event->flags & DROP_HAS_NETNS, event->netns);
	at = put_keys(at, json, event, EVERY_KEY);
	at = put_fields(at, json, drop->layout, drop->fields);
	if (json->config.stack)
		at = put_stack(at, json, drop);
	at = stpcpy(at, "}\n");
	write_line(json, at);
}

static void put_count(struct json *json, const struct summary *summary,
		      const struct summary_row *row, unsigned int keys, uint64_t count,
		      uint64_t before)
{
	const uint64_t elapsed = summary->time - summary->time_before;
	char *at = json->line;

	at = put_time(at, json, summary->time);
	if (row) {
		at = put_keys(at, json, row->event, keys);
		at = put_fields(at, json, &json->config.layouts->list[0], row->own);
	}
	write_line(json, at);
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
