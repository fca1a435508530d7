/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_NAMES_H
#define BYTETRACE_OUTPUT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/write.h"

struct output_context;

/*
 * The name of a drop's reason; NULL: the kernel gives none. Uses `buffer` as reasons_name() does.
 */
const char *names_reason(const struct output_context *context, uint32_t reason,
			 char buffer[REASON_NAME_SIZE]);

/* Room for what names_write_place() writes. */
#define NAMES_PLACE_SIZE (WRITE_TEXT_MAX + 32)

/*
 * Write an address in kernel code as "function+0x1f", or as a number if the function is not known.
 * Fills `symbol`, whose name is NULL in the second case. Returns the length; there is no NUL.
 */
size_t names_write_place(char *to, struct symbols *symbols, uint64_t address,
			 struct symbol *symbol);

/*
 * The length of a function's name without what the compiler added: .constprop.0, .isra.0, .part.0,
 * .cold. With `keep_cold` the last one stays: an offset in it is not one in the function.
 */
size_t names_stem(const char *name, size_t length, bool keep_cold);

#endif
