// SPDX-License-Identifier: GPL-2.0-only
#include "record/keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "record/columns.h"
#include "util/error.h"

/* The fields of struct summary_key in their order. In front of them are the program's own. */
#define FIELD(member) offsetof(struct drop_event, member), sizeof(((struct drop_event *)0)->member)
static const struct {
	unsigned int keys; /* that it is for */
	size_t offset, size;
	const char *declaration;
} fields[] = {
	{ BIT_LOCATION, FIELD(location), "u64 location" },
	{ BIT_IFACE, FIELD(ifname), "u64 ifname_words[2]" },
	{ BIT_SADDR, FIELD(saddr), "u32 saddr[4]" },
	{ BIT_DADDR, FIELD(daddr), "u32 daddr[4]" },
	{ BIT_REASON, FIELD(reason), "u32 reason" },
	{ BIT_PROTO | BIT_SADDR | BIT_DADDR, FIELD(ethertype), "u16 ethertype" },
	{ BIT_SPORT, FIELD(sport), "u16 sport" },
	{ BIT_DPORT, FIELD(dport), "u16 dport" },
	{ BIT_PROTO, FIELD(l4_protocol), "u8 l4_protocol" },
	{ ~(unsigned int)(BIT_REASON | BIT_LOCATION | BIT_OWN), FIELD(flags), "u8 flags" },
};

/* A name that a column of a program may have. */
static bool add_own(struct keys *keys, const char *text, size_t length)
{
	if (length == 0 || length >= FIELD_NAME_SIZE || keys->own_count == KEYS_MAX_OWN ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") < length)
		return false;
	memcpy(keys->own[keys->own_count], text, length);
	keys->own[keys->own_count++][length] = '\0';
	return true;
}

int keys_parse(struct keys *keys, const char *text, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	const char *end;

	memset(keys, 0, sizeof(*keys));
	for (;; text = end + 1) {
		size_t length = strcspn(text, ",");
		unsigned int key = columns_key(text, length);

		end = text + length;
		if (!key && add_own(keys, text, length))
			key = BIT_OWN;
		keys->set |= key;
		if (!key)
			return error_set(err, STATUS_USAGE, EINVAL,
					 "--summary: %s does not start with a key (%s) or a column "
					 "of the program",
					 error_quote(quoted, text), columns_key_names());
		if (!*end)
			return 0;
	}
}

int keys_select(struct layout *own, const struct keys *keys, const struct layout *layout,
		struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	memset(own, 0, sizeof(*own));
	for (size_t i = 0; i < keys->own_count; i++) {
		const struct field *field = layout_field(layout, keys->own[i]);

		if (!field)
			return error_set(err, STATUS_USAGE, EINVAL,
					 "--summary: %s is not a key (%s), and the program has no "
					 "column of that name",
					 error_quote(quoted, keys->own[i]), columns_key_names());
		if (layout_field(own, field->name))
			continue;
		own->fields[own->field_count] = *field;
		own->fields[own->field_count++].offset = own->size;
		own->size += (field->size + 7) / 8 * 8;
	}
	return 0;
}

void keys_declare(unsigned int set, FILE *out)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i].keys & set)
			fprintf(out, "\t%s;\n", fields[i].declaration);
}

size_t keys_size(unsigned int set, size_t own_size)
{
	size_t size = own_size;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		size += fields[i].keys & set ? fields[i].size : 0;
	return (size + 7) / 8 * 8;
}

void keys_unpack(struct drop_event *event, const char *key, unsigned int set, size_t own_size)
{
	memcpy(event + 1, key, own_size);
	key += own_size;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!(fields[i].keys & set))
			continue;
		memcpy((char *)event + fields[i].offset, key, fields[i].size);
		key += fields[i].size;
	}
}
