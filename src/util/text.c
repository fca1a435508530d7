// SPDX-License-Identifier: GPL-2.0-only
#include "util/text.h"

#include <limits.h>
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

#define MAX_SECONDS 1000000000u

bool text_duration(const char *text, uint64_t *milliseconds)
{
	static const struct {
		const char *name;
		unsigned int seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	const size_t whole_length = strspn(text, "0123456789");
	const char *fraction = text[whole_length] == '.' ? text + whole_length + 1 : "";
	const size_t digits = strspn(fraction, "0123456789");
	const char *unit = *fraction ? fraction + digits : text + whole_length;
	uint64_t whole = 0, billionths = 0, weight = 100000000;

	if ((whole_length == 0 && digits == 0) || (text[whole_length] == '.' && digits == 0) ||
	    (whole_length > 0 && !text_number(text, whole_length, MAX_SECONDS, &whole)))
		return false;
	for (size_t i = 0; i < digits; i++, weight /= 10)
		billionths += (uint64_t)(fraction[i] - '0') * weight;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (whole > MAX_SECONDS / units[i].seconds)
			return false;
		*milliseconds =
			whole * units[i].seconds * 1000 + billionths * units[i].seconds / 1000000;
		return *milliseconds > 0;
	}
	return false;
}

char *text_list(char *to, size_t size, const char *prefix, const char *const *words, size_t count)
{
	size_t length = 0;

	to[0] = '\0';
	for (size_t i = 0; i < count && length < size; i++) {
		const char *separator = i == 0 ? "" : i + 1 < count ? ", " : " or ";

		length += (size_t)snprintf(to + length, size - length, "%s%s%s", separator, prefix,
					   words[i]);
	}
	return to;
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

/* Bytes of the UTF-8 character at `at` (RFC 3629); 0: it is not valid. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char second,
			third; /* bounds of the second: no long forms, no surrogates */
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (forms[i].length > left)
			return 0;
		if (forms[i].length > 1 && (at[1] < forms[i].second || at[1] > forms[i].third))
			return 0;
		for (size_t j = 2; j < forms[i].length; j++)
			if (at[j] < 0x80 || at[j] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* Whether a character controls a terminal: C0, DEL, and C1, which UTF-8 writes in two bytes. */
static bool is_control(const unsigned char *at)
{
	return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

size_t text_printable(char *to, size_t size, const char *from, size_t length, const char *keep)
{
	size_t written = 0;

	for (size_t i = 0; i < length;) {
		const unsigned char *at = (const unsigned char *)from + i;
		size_t bytes = utf8_length(at, length - i);
		size_t room = size - written;

		if (bytes > 0 && (!is_control(at) || (*at && strchr(keep, *at)))) {
			if (bytes >= room)
				break;
			memcpy(to + written, at, bytes);
			written += bytes;
			i += bytes;
		} else {
			if (room < 5)
				break;
			written += (size_t)snprintf(to + written, room, "\\x%02x", *at);
			i++;
		}
	}
	to[written] = '\0';
	return written;
}

void text_print(FILE *out, const char *name)
{
	char text[4 * PATH_MAX];

	text_printable(text, sizeof(text), name, strlen(name), "");
	fputs(text, out);
}

/* Bytes that JSON takes unchanged: a fast path for nearly all text. */
static size_t plain_length(const char *at, size_t length)
{
	static const bool plain[256] = { [' ' ... '!'] = true,
					 ['#' ... '['] = true,
					 [']' ... '~'] = true };
	size_t i = 0;

	while (i < length && plain[(unsigned char)at[i]])
		i++;
	return i;
}

size_t text_escape_json(char *to, size_t size, const char *from, size_t length)
{
	size_t written = 0;

	for (size_t i = 0; i < length && written + 6 < size;) {
		size_t left = length - i < size - 6 - written ? length - i : size - 6 - written;
		size_t bytes = plain_length(from + i, left);
		unsigned char c = (unsigned char)from[i];

		if (bytes == 0)
			bytes = utf8_length((const unsigned char *)from + i, length - i);
		if (bytes == 0) {
			written += (size_t)snprintf(to + written, size - written, "\\\\x%02x", c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			written += (size_t)snprintf(to + written, size - written, "\\u%04x", c);
			i++;
		} else {
			if (c == '"' || c == '\\')
				to[written++] = '\\';
			memcpy(to + written, from + i, bytes);
			written += bytes;
			i += bytes;
		}
	}
	to[written] = '\0';
	return written;
}
