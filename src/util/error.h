/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_ERROR_H
#define BYTETRACE_UTIL_ERROR_H

/* How a run can end. The numbers are the exit status of the process, which is documented. */
enum status {
	STATUS_OK = 0,
	STATUS_OUTPUT = 1,
	STATUS_USAGE = 2,
	STATUS_ENVIRONMENT = 3,
	STATUS_COMPILE = 4,
	STATUS_LOAD = 5,
	STATUS_ATTACH = 6,
};

/*
 * Why something failed: the exit status, and one sentence for the user, without a trailing newline.
 * Lines of the compiler or the verifier may follow. main() prints errors; --watch prints those of a
 * reload.
 */
struct error {
	enum status status;
	char text[4096];
};

/*
 * Set `err` and return -errnum, so that a function can fail with
 * `return error_set(err, STATUS_USAGE, EINVAL, "...", ...)`. errnum > 0. Control characters and
 * invalid UTF-8 in each argument become \xNN, so that no name can move the cursor or look like
 * another message; error_quote() also shows where a text from outside begins and ends. The format
 * has the usual conversions of integers and strings.
 */
int error_set(struct error *err, enum status status, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Add text to the end of the message, which may have several lines. */
void error_add_lines(struct error *err, const char *lines);

/* error_set() for "out of memory": returns -ENOMEM, STATUS_ENVIRONMENT. */
int error_nomem(struct error *err);

/* The size of a quoted text; longer texts are cut and end in "...". */
#define ERROR_QUOTE_SIZE 128

/*
 * Write `text` in double quotes to `quoted`, with control bytes and bytes that are not UTF-8 as
 * \xNN. Returns `quoted`.
 */
const char *error_quote(char quoted[ERROR_QUOTE_SIZE], const char *text);

#endif
