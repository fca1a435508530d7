/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_FIELD_H
#define BYTETRACE_OUTPUT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field;
struct symbols;

/* Room for a value as text: a symbol, or what a format makes of a number or string. */
#define FIELD_TEXT_SIZE 700

/*
 * Write the value that a program's own column has among `fields` (struct drop), by its format.
 * Returns the length; the text may hold any bytes.
 */
size_t field_write(char text[FIELD_TEXT_SIZE], const struct field *field, const char *fields,
		   struct symbols *symbols);

/* Whether the value is a number that stands alone in its format; *number is it, as a signed or an
 * unsigned one. */
bool field_number(const struct field *field, const char *fields, int64_t *number);

#endif
