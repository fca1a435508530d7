// SPDX-License-Identifier: GPL-2.0-only
#include "output/field.h"

#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "output/names.h"
#include "output/write.h"
#include "record/layout.h"

/* The number of a field, widened by the program to eight bytes. */
static uint64_t read_number(const struct field *field, const char *fields)
{
	uint64_t number;

	memcpy(&number, fields + field->offset, sizeof(number));
	if (field->swap == 16)
		return ntohs((uint16_t)number);
	return field->swap == 32 ? ntohl((uint32_t)number) : number;
}

_Static_assert(NAMES_PLACE_SIZE >= FIELD_MAX_SIZE, "a string fits where a place fits");

size_t field_write(char text[FIELD_TEXT_SIZE], const struct field *field, const char *fields,
		   struct symbols *symbols)
{
	const uint8_t *bytes = (const uint8_t *)fields + field->offset;
	const uint64_t number = field->in_bytes ? 0 : read_number(field, fields);
	char value[NAMES_PLACE_SIZE + 1];
	struct symbol symbol;
	size_t length = 0;
	int written = 0;

/* src/generate/columns.c made sure that the format fits this kind of value. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	switch (field->kind) {
	case FIELD_UNSIGNED:
		written =
			snprintf(text, FIELD_TEXT_SIZE, field->format, (unsigned long long)number);
		break;
	case FIELD_SIGNED:
		written = snprintf(text, FIELD_TEXT_SIZE, field->format, (long long)number);
		break;
	case FIELD_CHARACTER:
		value[length++] = (char)number;
		break;
	case FIELD_ADDRESS:
		length = names_write_place(value, symbols, number, &symbol);
		break;
	case FIELD_STRING:
		length = strnlen((const char *)bytes, field->size);
		memcpy(value, bytes, length);
		break;
	case FIELD_IPV4:
		length = write_ipv4(value, bytes);
		break;
	case FIELD_IPV6:
		length = write_ipv6(value, bytes);
		break;
	case FIELD_MAC:
		length = (size_t)sprintf(value, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
					 bytes[2], bytes[3], bytes[4], bytes[5]);
		break;
	}
	if (length > 0 || (field->kind != FIELD_UNSIGNED && field->kind != FIELD_SIGNED)) {
		value[length] = '\0';
		written = snprintf(text, FIELD_TEXT_SIZE, field->format, value);
	}
#pragma GCC diagnostic pop
	return written < FIELD_TEXT_SIZE ? (size_t)written : FIELD_TEXT_SIZE - 1;
}

bool field_number(const struct field *field, const char *fields, int64_t *number)
{
	if (field->kind != FIELD_UNSIGNED && field->kind != FIELD_SIGNED)
		return false;
	*number = (int64_t)read_number(field, fields);
	return true;
}
