// SPDX-License-Identifier: GPL-2.0-only
#include "output/names.h"

#include <string.h>
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

/* Where the last part of a name, ".word" or ".word.0", begins; NULL: it is not the compiler's. */
static const char *find_suffix(const char *name, size_t length, bool keep_cold)
{
	static const char *const words[] = { ".constprop", ".isra", ".part", ".cold" };
	size_t end = length;

	while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
		end--;
	if (end == length || end == 0 || name[end - 1] != '.')
		end = length;
	else
		end--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) - keep_cold; i++) {
		const size_t size = strlen(words[i]);

		if (end > size && memcmp(name + end - size, words[i], size) == 0)
			return name + end - size;
	}
	return NULL;
}

size_t names_stem(const char *name, size_t length, bool keep_cold)
{
	const char *suffix;

	while ((suffix = find_suffix(name, length, keep_cold)))
		length = (size_t)(suffix - name);
	return length;
}
