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

/*
 * The members of struct summary_key after the program's own columns: which keys need it, its type,
 * and the member of struct drop_event that it is copied from and to. Larger types come first, so
 * that any selection of them has no gaps (tests/unit/test_keys.c).
 */
#define MEMBERS(M)                                                                                 \
	M(BIT_LOCATION, u64, location, )                                                           \
	M(BIT_IFACE, u64, ifname_words, [2])                                                       \
	M(BIT_SADDR, u32, saddr, [4])                                                              \
	M(BIT_DADDR, u32, daddr, [4])                                                              \
	M(BIT_SOCKET | BIT_PROGRAM, u32, socket, )                                                 \
	M(BIT_UID, u32, uid, )                                                                     \
	M(BIT_REASON, u32, reason, )                                                               \
	M(BIT_PROTO | BIT_SADDR | BIT_DADDR, u16, ethertype, )                                     \
	M(BIT_SPORT, u16, sport, )                                                                 \
	M(BIT_DPORT, u16, dport, )                                                                 \
	M(~(unsigned int)(BIT_REASON | BIT_LOCATION | BIT_OWN), u16, flags, )                      \
	M(BIT_PROTO, u8, l4_protocol, )

#define CHECK_SIZE(keys, type, member, array)                                                      \
	_Static_assert(sizeof(__##type array) == sizeof(((struct drop_event *)0)->member),         \
		       #member " has another size in struct drop_event");
MEMBERS(CHECK_SIZE)
#undef CHECK_SIZE

static const struct {
	unsigned int keys;
	size_t offset, size;
	const char *declaration;
} members[] = {
#define MEMBER(keys, type, member, array)                                                          \
	{ keys, offsetof(struct drop_event, member), sizeof(__##type array),                       \
	  #type " " #member #array },
	MEMBERS(MEMBER)
#undef MEMBER
};

#define MEMBER_COUNT (sizeof(members) / sizeof(*members))

/* Add a name that a column of the program can have. */
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
		keys->shown |= key;
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
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (members[i].keys & set)
			fprintf(out, "\t%s;\n", members[i].declaration);
}

size_t keys_size(unsigned int set, size_t own_size)
{
	size_t size = own_size;

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		size += members[i].keys & set ? members[i].size : 0;
	return (size + 7) / 8 * 8;
}

void keys_unpack(struct drop_event *event, const char *key, unsigned int set, size_t own_size)
{
	memcpy(event + 1, key, own_size);
	key += own_size;
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		if (!(members[i].keys & set))
			continue;
		memcpy((char *)event + members[i].offset, key, members[i].size);
		key += members[i].size;
	}
}
