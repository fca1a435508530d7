// SPDX-License-Identifier: GPL-2.0-only
#include "output/names.h"

#include <linux/types.h>

#include "event.h"
#include "output/output.h"
#include "output/write.h"

const char *names_reason(const struct output_context *context, uint32_t reason,
			 char buffer[REASON_NAME_SIZE])
{
	if (reason == DROP_NO_REASON || !reasons_given(context->reasons))
		return NULL;
	return reasons_name(context->reasons, reason, buffer);
}

size_t names_write_place(char *to, struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	size_t length;

	if (!symbols_find(symbols, address, symbol)) {
		*symbol = (struct symbol){ .name = NULL };
		return write_hex(to, address, 1);
	}
	length = write_text(to, symbol->name);
	to[length++] = '+';
	return length + write_hex(to + length, symbol->offset, 1);
}
