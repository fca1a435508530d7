/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_ERROR_H
#define BYTETRACE_UTIL_ERROR_H

/*
 * How a run can end. The numbers are the exit status of the process and part
 * of the command line's contract (README, "Exit status").
 */
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
 * Why something failed: the status that the process ends with, and one
 * sentence for a person, without a trailing newline. Only main() prints it.
 * A compiler or the verifier may add lines below the sentence.
 */
struct error {
	enum status status;
	char text[4096];
};

/*
 * Fill `err` with a sentence and return -errnum, so that a failing function
 * can `return error_set(err, STATUS_USAGE, EINVAL, "...", ...)`. errnum > 0.
 * Text that came from outside belongs through error_quote() first.
 */
int error_set(struct error *err, enum status status, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* error_set() for memory that could not be allocated: returns -ENOMEM, STATUS_ENVIRONMENT. */
int error_nomem(struct error *err);

/* Room for a quoted text: longer ones are cut and end in "...". */
#define ERROR_QUOTE_SIZE 128

/*
 * Write `text` between double quotes into `quoted`, bytes that could move a
 * terminal's cursor or fake a line as \xNN. Returns `quoted`.
 */
const char *error_quote(char quoted[ERROR_QUOTE_SIZE], const char *text);

#endif
