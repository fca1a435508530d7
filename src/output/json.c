// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, one object per line. Every object has all keys in the same order (man page, "JSON"); a
 * value that the packet lacks is null. A line is made in memory and written at once, without
 * printf, which would be too slow for millions of drops.
 */
#include "output/output.h"

#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/owners.h"
#include "output/field.h"
#include "output/names.h"
#include "output/rule.h"
#include "output/write.h"
#include "record/columns.h"
#include "record/decode.h"
#include "record/layout.h"
#include "stream/summary.h"
#include "util/clock.h"
#include "util/protocols.h"
#include "util/text.h"

#define NANOSECONDS 1000000000u
#define EVERY_KEY (~0u)

#define TEXT_MAX LAYOUT_NAME_SIZE		      /* the longest text that is a column */
#define STRING_SIZE (6 * WRITE_TEXT_MAX + 1)	      /* escaped; the longest is a symbol */
#define PLACE_SIZE (2 * STRING_SIZE + 128)	      /* a symbol, its module, two numbers */
#define OBJECT_SIZE (PLACE_SIZE + STRING_SIZE + 4096) /* the columns of a drop */

struct json {
	struct output_context context;
	uint64_t clock_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC, nanoseconds */
	char line[OBJECT_SIZE + PLACE_SIZE];
};

static void *json_create(const struct output_context *context)
{
	struct json *json = calloc(1, sizeof(*json));

	if (json) {
		json->context = *context;
		json->clock_offset = clock_wall_offset();
	}
	return json;
}

static void write_line(const struct json *json, const char *end)
{
	fwrite_unlocked(json->line, 1, (size_t)(end - json->line), json->context.file);
}

/*
 * Each put_...() writes at `at` and returns the end of what it wrote. Those with a key are inlined,
 * so that the compiler knows the key and copies it in a few instructions.
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

/* One of bytetrace's own words (protocols, tunnels): nothing in it has to be escaped. */
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

INLINED char *put_address(char *at, const char *key, bool present, const struct drop_event *event,
			  const uint8_t *address)
{
	at = stpcpy(at, key);
	if (!present)
		return stpcpy(at, "null");
	*at++ = '"';
	at += write_address(at, event->ethertype, address);
	*at++ = '"';
	return at;
}

/* A time of CLOCK_MONOTONIC, as seconds of the wall clock. */
static char *put_seconds(char *at, const struct json *json, uint64_t time)
{
	time += json->clock_offset;
	at += write_number(at, time / NANOSECONDS);
	*at++ = '.';
	return at + write_digits(at, time % NANOSECONDS, 9);
}

INLINED char *put_time(char *at, const struct json *json, const char *key, bool present,
		       uint64_t time)
{
	at = stpcpy(at, key);
	return present ? put_seconds(at, json, time) : stpcpy(at, "null");
}

/* An address in kernel code. It is a string, as many readers round large JSON numbers. */
static char *put_symbol(char *at, const struct json *json, uint64_t address)
{
	struct symbol symbol;
	bool known = symbols_find(json->context.symbols, address, &symbol);

	at = stpcpy(at, "{\"address\":\"");
	at += write_hex(at, address, 1);
	*at++ = '"';
	at = put_name(at, KEY("function"), known ? symbol.name : NULL);
	at = put_number(at, KEY("offset"), known, known ? symbol.offset : 0);
	at = put_name(at, KEY("module"), known ? symbol.module : NULL);
	*at++ = '}';
	return at;
}

INLINED char *put_place(char *at, const struct json *json, const char *key, bool present,
			uint64_t address)
{
	at = stpcpy(at, key);
	return present ? put_symbol(at, json, address) : stpcpy(at, "null");
}

/* Where to continue: at the start of the line if the rest has no room for one more value. */
static char *make_room(char *at, struct json *json)
{
	if (at - json->line <= OBJECT_SIZE)
		return at;
	write_line(json, at);
	return json->line;
}

/* The columns that programs declare. Each object has all of them; null: of another program. */
static char *put_fields(char *at, struct json *json, const struct layout *layout,
			const char *fields)
{
	const struct layouts *layouts = json->context.layouts;
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
					field_write(text, field, fields, json->context.symbols));
		}
	}
	return at;
}

static char *put_rule(char *at, struct json *json, const struct drop *drop)
{
	const char *text = rule_text(&json->context, drop);

	return put_string(make_room(at, json), KEY("nf_rule_text"), text,
			  text ? strnlen(text, WRITE_TEXT_MAX) : 0);
}

static char *put_stack(char *at, struct json *json, const struct drop *drop)
{
	at = stpcpy(at, KEY("stack") "[");
	for (size_t i = 0; i < drop->stack_depth; i++) {
		at = make_room(at, json);
		if (i > 0)
			*at++ = ',';
		at = put_symbol(at, json, drop->stack[i]);
	}
	*at++ = ']';
	return at;
}

/* A reason, as its number and its name; null if the kernel gives none. */
static char *put_reason(char *at, const struct json *json, const char *key, const char *name_key,
			bool present, uint32_t reason)
{
	char buffer[REASON_NAME_SIZE];
	const char *name = present ? names_reason(&json->context, reason, buffer) : NULL;

	at = put_number(at, key, name, reason);
	return put_name(at, name_key, name);
}

/* A printer for each kind of column, with key, value and presence from record/columns.h. */
#define PUT_NUMBER(key, present, value) put_number(at, KEY(key), present, value)
#define PUT_TEXT(key, present, value)                                                              \
	({                                                                                         \
		_Static_assert(sizeof(value) <= TEXT_MAX, key " is too long");                     \
		put_string(at, KEY(key), (present) ? (value) : NULL,                               \
			   strnlen(value, sizeof(value)));                                         \
	})
#define PUT_WORD(key, present, value) put_known(at, KEY(key), (present) ? (value) : NULL)
#define PUT_TIME(key, present, value) put_time(at, json, KEY(key), present, value)
#define PUT_ADDRESS(key, present, value) put_address(at, KEY(key), present, event, value)
#define PUT_ETHERTYPE(key, present, value)                                                         \
	put_known(put_number(at, KEY(key), present, value), KEY(key "_name"),                      \
		  (present) ? protocol_ethertype_name(value) : NULL)
#define PUT_PROTOCOL(key, present, value)                                                          \
	put_known(put_number(at, KEY(key), present, value), KEY(key "_name"),                      \
		  (present) ? protocol_ip_name(value) : NULL)
#define PUT_PORT(key, present, value) PUT_NUMBER(key, present, value)
#define PUT_OWNER(key, present, value)                                                             \
	put_number(put_string(at, KEY(key), (present) ? (value)->name : NULL,                      \
			      (present) ? strlen((value)->name) : 0),                              \
		   KEY(key "_pid"), (present) && (value)->pid, (present) ? (value)->pid : 0)
#define PUT_PLACE(key, present, value) put_place(at, json, KEY(key), present, value)
#define PUT_REASON(key, present, value)                                                            \
	put_reason(at, json, KEY(key), KEY(key "_name"), present, value)

/* The columns of a drop; with `keys`, only those that a summary by these keys shows. */
INLINED char *put_columns(char *at, struct json *json, const struct drop *drop, unsigned int keys)
{
	const struct drop_event *event = drop->event;

/* The longest text of a column, with its keys. */
#define ROOM(id, name, json_key, title, verbosity, part, of_keys, kind, present, value)            \
	+(sizeof(KEY(json_key)) + sizeof(KEY(json_key "_name")) +                                  \
	  (COLUMN_KIND_##kind == COLUMN_KIND_TEXT     ? 6 * TEXT_MAX + 2                           \
	   : COLUMN_KIND_##kind == COLUMN_KIND_OWNER  ? 6 * TEXT_MAX + 32                          \
	   : COLUMN_KIND_##kind == COLUMN_KIND_PLACE  ? PLACE_SIZE                                 \
	   : COLUMN_KIND_##kind == COLUMN_KIND_REASON ? STRING_SIZE                                \
						      : 64))
	_Static_assert(COLUMNS(ROOM) <= OBJECT_SIZE, "a line has room for all columns");
#undef ROOM

#define PUT(id, name, json_key, title, verbosity, part, of_keys, kind, present, value)             \
	if (keys == EVERY_KEY || keys & (of_keys))                                                 \
		at = PUT_##kind(json_key, present, value);
	COLUMNS(PUT)
#undef PUT
	return at;
}

static void json_drop(void *output, const struct drop *drop)
{
	struct json *json = output;
	char *at = json->line;

	at = put_columns(at, json, drop, EVERY_KEY);
	json->line[0] = '{'; /* replaces the first comma */
	at = put_fields(at, json, drop->layout, drop->fields);
	if (json->context.nft_rules)
		at = put_rule(at, json, drop);
	if (json->context.config->stack)
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

	at = put_time(at, json, KEY("time"), true, summary->time);
	json->line[0] = '{';
	if (row) {
		const struct drop drop = { .event = row->event,
					   .layout = &json->context.layouts->list[0],
					   .fields = row->own,
					   .owner = row->owner };

		at = put_columns(at, json, &drop, keys);
		at = put_fields(at, json, drop.layout, drop.fields);
	}
	write_line(json, at);
	fprintf(json->context.file, ",\"other\":%s,\"count\":%llu,\"share\":%.6f,\"rate\":%.3f}\n",
		row ? "false" : "true", (unsigned long long)count,
		summary->total ? (double)count / (double)summary->total : 0.0,
		elapsed ? (double)(count - before) * NANOSECONDS / (double)elapsed : 0.0);
}

static void json_summary(const struct output_context *context, const struct summary *summary,
			 unsigned int keys)
{
	struct json json = { .context = *context, .clock_offset = clock_wall_offset() };

	for (size_t i = 0; i < summary->row_count; i++)
		put_count(&json, summary, &summary->rows[i], keys, summary->rows[i].count,
			  summary->rows[i].before);
	if (summary->other > 0)
		put_count(&json, summary, NULL, keys, summary->other, summary->other_before);
}

/* For each batch: the wall clock can be set while drops are traced. */
static void json_flush(void *output)
{
	struct json *json = output;

	json->clock_offset = clock_wall_offset();
}

static unsigned int json_needs(const struct output_config *config)
{
	unsigned int parts = config->stack ? RECORD_STACK : 0;

	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		parts |= columns[id].part & RECORD_ON_DEMAND;
	return parts;
}

const struct output_format output_json = {
	.name = "json",
	.help = "one object per line",
	.needs = json_needs,
	.create = json_create,
	.drop = json_drop,
	.flush = json_flush,
	.finish = free,
	.summary = json_summary,
};
