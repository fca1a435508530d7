/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_FIELD_H
#define BYTETRACE_OUTPUT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field;
struct symbols;

/* Room for a value as text: a symbol, or a formatted number or string. */
#define FIELD_TEXT_SIZE 700

/*
 * Write the value of a column that a program declares, found in `fields` (struct drop), with its
 * format. Returns the length; the text can contain any bytes.
 */
size_t field_write(char text[FIELD_TEXT_SIZE], const struct field *field, const char *fields,
		   struct symbols *symbols);

/* Whether the value is a number. Fills `number`, which is unsigned if the kind is. */
bool field_number(const struct field *field, const char *fields, int64_t *number);

#endif
