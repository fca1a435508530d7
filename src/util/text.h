/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_TEXT_H
#define BYTETRACE_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Parse `length` bytes of `text` as an unsigned number, decimal or 0x-hex, with nothing before or
 * after it, at most `max`. Returns false for anything else.
 */
bool text_number(const char *text, size_t length, uint64_t max, uint64_t *number);

/*
 * Parse a time in seconds, or with the unit s, m or h ("1", "0.25", ".5s", "1.5m", "2h"), as
 * milliseconds, rounded down. False for anything else, for 0 ms, and for more than 10^9 seconds.
 */
bool text_duration(const char *text, uint64_t *milliseconds);

/*
 * Write "a, b or c", with `prefix` before each word. Cut at `size` bytes (> 0). Returns `to`.
 */
char *text_list(char *to, size_t size, const char *prefix, const char *const *words, size_t count);

/*
 * Copy untrusted bytes (an interface or process name, what a user typed) as printable ASCII:
 * control bytes, bytes >= 0x80, a backslash and every byte of `also` become \xNN. Stops before an
 * escape that would not fit; `to` (size bytes, > 0) always ends with a NUL. Returns the length
 * written; *complete (may be NULL) says whether all of `from` was.
 */
size_t text_escape(char *to, size_t size, const char *from, size_t length, const char *also,
		   bool *complete);

/*
 * Copy untrusted bytes as text for a terminal: control characters, except those in `keep`, and
 * bytes that are not UTF-8 become \xNN. What was copied so before does not change. Stops before
 * what would not fit; `to` (size bytes, > 0) always ends with a NUL. Returns the length written.
 */
size_t text_printable(char *to, size_t size, const char *from, size_t length, const char *keep);

/* Print a name from outside as text_printable() copies it. */
void text_print(FILE *out, const char *name);

/*
 * Copy bytes as the inside of a JSON string. Valid UTF-8 is kept, except for what JSON requires to
 * be escaped; any other byte becomes the text \\xNN. Needs 6 * length + 1 bytes, and cuts the text
 * at a character if `to` has fewer. Always ends with a NUL. Returns the length written.
 */
size_t text_escape_json(char *to, size_t size, const char *from, size_t length);

#endif
