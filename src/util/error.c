// SPDX-License-Identifier: GPL-2.0-only
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

int error_set(struct error *err, enum status status, int errnum, const char *format, ...)
{
	va_list args;

	err->status = status;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -errnum;
}

int error_nomem(struct error *err)
{
	return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
}

const char *error_quote(char quoted[ERROR_QUOTE_SIZE], const char *text)
{
	const char *ellipsis = "...\"";
	size_t written;
	bool complete;

	quoted[0] = '"';
	written = 1 + text_escape(quoted + 1, ERROR_QUOTE_SIZE - 1 - strlen(ellipsis), text,
				  strlen(text), "\"", &complete);
	strcpy(quoted + written, complete ? "\"" : ellipsis);
	return quoted;
}
