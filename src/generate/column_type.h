/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_COLUMN_TYPE_H
#define BYTETRACE_GENERATE_COLUMN_TYPE_H

#include <stdbool.h>

#include "generate/code.h"

struct field;

/* Set kind, size in bytes and byte order of a column by its type. False: it is not a column type.
 */
bool column_type_take(struct field *field, struct span type);

#endif
