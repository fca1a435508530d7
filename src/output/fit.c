// SPDX-License-Identifier: GPL-2.0-only
#include "output/fit.h"

#include <stdbool.h>
#include <string.h>

#define MIN_TEXT 12	  /* a narrower line is not indented */
#define FIT_LINE_MAX 2048 /* more than a symbol and its module have */

size_t fit_cut(char *to, size_t *columns, const char *text, size_t length, size_t width,
	       size_t slack)
{
	const size_t head = width / 2;
	size_t shown = width, tail;

	if (width + slack >= length) {
		if (width >= length)
			shown = length;
		else if (width > 0 && text[width - 1] == '.')
			shown--;
		memcpy(to, text, shown);
		return *columns = shown;
	}
	*columns = width;
	if (width == 0)
		return 0;
	tail = width - 1 - head;
	memcpy(to, text, head);
	memcpy(to + head, FIT_MARK, sizeof(FIT_MARK) - 1);
	memcpy(to + head + sizeof(FIT_MARK) - 1, text + length - tail, tail);
	return width + FIT_MARK_EXTRA;
}

/* The bytes of the characters that fit `width` columns. */
static size_t prefix(const char *text, size_t length, size_t width)
{
	size_t i;

	for (i = 0; i < length; i++) {
		const bool starts = ((unsigned char)text[i] & 0xc0) != 0x80;

		if (starts && width-- == 0)
			break;
	}
	return i;
}

/* The bytes of the next line, without the space after them. */
static size_t next_line(const char *text, size_t length, size_t width)
{
	const size_t fits = prefix(text, length, width);
	const char *space;

	if (fits == length || text[fits] == ' ')
		return fits;
	space = memrchr(text, ' ', fits);
	return space && space > text ? (size_t)(space - text) : fits;
}

void fit_words(FILE *file, const char *mark, const char *text, size_t length, size_t limit)
{
	size_t indent = strlen(mark);
	size_t bytes = length;

	if (limit > 0 && limit < indent + MIN_TEXT)
		indent = 0;
	fwrite(mark, 1, indent, file);
	for (;;) {
		if (limit > 0)
			bytes = next_line(text, length, limit - indent);
		fwrite(text, 1, bytes, file);
		putc('\n', file);
		while (bytes < length && text[bytes] == ' ')
			bytes++;
		text += bytes;
		length -= bytes;
		if (length == 0)
			return;
		fprintf(file, "%*s", (int)indent, "");
	}
}

void fit_line(FILE *file, const char *indent, const char *text, size_t length, size_t limit)
{
	char cut[FIT_LINE_MAX + FIT_MARK_EXTRA];
	size_t before = strlen(indent), columns;

	if (limit > 0 && limit < before + MIN_TEXT)
		before = 0;
	fwrite(indent, 1, before, file);
	if (limit > 0 && length + before > limit && limit - before <= FIT_LINE_MAX) {
		length = fit_cut(cut, &columns, text, length, limit - before, 0);
		text = cut;
	}
	fwrite(text, 1, length, file);
	putc('\n', file);
}
