// SPDX-License-Identifier: GPL-2.0-only
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool text_number(const char *text, size_t length, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;
	int base = 10;

	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		length -= 2;
	}
	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		int digit = digit_value(text[i]);

		if (digit >= base || (uint64_t)digit > max ||
		    value > (max - (uint64_t)digit) / (uint64_t)base)
			return false;
		value = value * (uint64_t)base + (uint64_t)digit;
	}
	*number = value;
	return true;
}

size_t text_escape(char *to, size_t size, const char *from, size_t length, const char *also,
		   bool *complete)
{
	size_t written = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)from[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\' && !strchr(also, c);

		if (written + (plain ? 1 : 4) >= size)
			break;
		if (plain)
			to[written++] = (char)c;
		else
			written += (size_t)snprintf(to + written, 5, "\\x%02x", c);
	}
	to[written] = '\0';
	if (complete)
		*complete = i == length;
	return written;
}
