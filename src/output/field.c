// SPDX-License-Identifier: GPL-2.0-only
#include "output/field.h"

#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "kernel/symbols.h"
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

static size_t write_symbol(char *text, uint64_t address, struct symbols *symbols)
{
	struct symbol symbol;
	size_t length;

	if (!symbols_find(symbols, address, &symbol))
		return write_hex(text, address, 1);
	length = (size_t)snprintf(text, FIELD_TEXT_SIZE / 2, "%s+", symbol.name);
	if (length >= FIELD_TEXT_SIZE / 2)
		length = FIELD_TEXT_SIZE / 2 - 1;
	return length + write_hex(text + length, symbol.offset, 1);
}

size_t field_write(char text[FIELD_TEXT_SIZE], const struct field *field, const char *fields,
		   struct symbols *symbols)
{
	const uint8_t *bytes = (const uint8_t *)fields + field->offset;
	const uint64_t number = field->in_bytes ? 0 : read_number(field, fields);
	char value[FIELD_TEXT_SIZE / 2 + FIELD_MAX_SIZE];
	size_t length = 0;
	int written = 0;

/* The format is made by src/generate/columns.c for this kind of value. */
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
		length = write_symbol(value, number, symbols);
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
