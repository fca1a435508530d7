/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_COLUMN_TYPE_H
#define BYTETRACE_GENERATE_COLUMN_TYPE_H

#include <stdbool.h>

#include "generate/tokens.h"

struct field;

/* Whether it is the name of a type of numbers that a column may have. */
bool column_type_is_number(struct span type);

/*
 * Set what the type of a column tells of it: kind, size in bytes, byte order. False: no column may
 * have that type.
 */
bool column_type_take(struct field *field, struct span type);

#endif
