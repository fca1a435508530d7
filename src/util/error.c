// SPDX-License-Identifier: GPL-2.0-only
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "util/text.h"

/* A message that is written. */
struct message {
	char *text;
	size_t size, length;
};

/* Add text from outside. */
static void add(struct message *message, const char *text, size_t length, const char *keep)
{
	message->length += text_printable(message->text + message->length,
					  message->size - message->length, text, length, keep);
}

static void add_blanks(struct message *message, int count)
{
	while (count-- > 0)
		add(message, " ", 1, "");
}

/* One conversion of the format. */
struct conversion {
	char spec[16]; /* without width and precision, which are always given as numbers */
	size_t spec_length;
	int width, precision; /* -1: none */
	char size;	      /* 'l', 'z', 'j', 'L' for "ll", or 0 */
};

static const char *read_number(const char *at, int *number, va_list *args)
{
	if (*at == '*') {
		*number = va_arg(*args, int);
		return at + 1;
	}
	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		*number = *number * 10 + (*at - '0');
	return at;
}

/* Read what is between % and the letter. */
static const char *read_conversion(const char *at, struct conversion *conversion, va_list *args)
{
	const size_t flags = strspn(at, "-+ #0");

	*conversion = (struct conversion){ .width = -1, .precision = -1 };
	memcpy(conversion->spec, "%", 1);
	memcpy(conversion->spec + 1, at, flags < 5 ? flags : 5);
	conversion->spec_length = 1 + (flags < 5 ? flags : 5);
	at += flags;
	if (*at == '*' || (*at >= '0' && *at <= '9'))
		at = read_number(at, &conversion->width, args);
	if (*at == '.')
		at = read_number(at + 1, &conversion->precision, args);
	for (; *at && strchr("hlzj", *at); at++)
		conversion->size = *at == 'l' && conversion->size == 'l' ? 'L' : *at;
	return at;
}

static void add_string(struct message *message, const struct conversion *conversion,
		       const char *text)
{
	const size_t max = conversion->precision < 0 ? SIZE_MAX : (size_t)conversion->precision;
	const size_t length = strnlen(text, max);

	add_blanks(message, conversion->width - (int)length);
	add(message, text, length, "");
}

/* Integers of all sizes are printed as the largest. */
static void add_integer(struct message *message, struct conversion *conversion, char letter,
			va_list *args)
{
	const bool is_signed = letter == 'd' || letter == 'i';
	char text[64];
	intmax_t value;

	switch (conversion->size) {
	case 'l':
	case 'z':
	case 'j':
		value = is_signed ? (intmax_t)va_arg(*args, long)
				  : (intmax_t)va_arg(*args, unsigned long);
		break;
	case 'L':
		value = va_arg(*args, long long);
		break;
	default:
		value = is_signed ? (intmax_t)va_arg(*args, int)
				  : (intmax_t)va_arg(*args, unsigned int);
	}
	snprintf(conversion->spec + conversion->spec_length,
		 sizeof(conversion->spec) - conversion->spec_length, "*.*j%c", letter);
	snprintf(text, sizeof(text), conversion->spec,
		 conversion->width < 0 ? 0 : conversion->width, conversion->precision, value);
	add(message, text, strlen(text), "");
}

/* As vsnprintf(), but what is dangerous in an argument is escaped. */
static void write_message(struct message *message, const char *format, va_list *args)
{
	while (*format) {
		const size_t plain = strcspn(format, "%");
		struct conversion conversion;

		add(message, format, plain, "\n\t");
		format += plain;
		if (!*format)
			break;
		format = read_conversion(format + 1, &conversion, args);
		if (*format == 's')
			add_string(message, &conversion, va_arg(*args, const char *));
		else if (*format == 'c')
			add(message, (char[]){ (char)va_arg(*args, int) }, 1, "");
		else if (*format == '%')
			add(message, "%", 1, "");
		else
			add_integer(message, &conversion, *format, args);
		format++;
	}
}

/* The sentence alone would not say how to mend it. */
static void add_limit(struct message *message)
{
	struct rlimit limit;
	char text[128];

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	snprintf(text, sizeof(text), "; the limit is %llu open files (ulimit -n)",
		 (unsigned long long)limit.rlim_cur);
	if (!strstr(message->text, "ulimit -n"))
		add(message, text, strlen(text), "");
}

int error_set(struct error *err, enum status status, int errnum, const char *format, ...)
{
	char text[sizeof(err->text)] = "";
	struct message message = { .text = text, .size = sizeof(text) };
	va_list args;

	va_start(args, format);
	write_message(&message, format, &args);
	va_end(args);
	if (errnum == EMFILE)
		add_limit(&message);
	err->status = status;
	strcpy(err->text, text); /* an argument may have been the old text */
	return -errnum;
}

void error_add_lines(struct error *err, const char *lines)
{
	struct message message = { .text = err->text,
				   .size = sizeof(err->text),
				   .length = strlen(err->text) };

	add(&message, lines, strlen(lines), "\n\t");
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
