/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_FIELD_TYPE_H
#define BYTETRACE_PROGRAM_FIELD_TYPE_H

#include <stdbool.h>

#include "program/tokens.h"

struct field;

/* Whether it is the name of a type of numbers that a column may have. */
bool field_type_is_number(struct span type);

/*
 * Set what the type of a column tells of it: kind, size in bytes, byte order. False: no column may
 * have that type.
 */
bool field_type_take(struct field *field, struct span type);

#endif
