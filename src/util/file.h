/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_FILE_H
#define BYTETRACE_UTIL_FILE_H

#include <stddef.h>

/*
 * Read a small text file below the directory `at` (or AT_FDCWD) into `text`, cut to size - 1 bytes
 * and terminated with a NUL. Returns 0 or -errno.
 */
int file_read_string(int at, const char *path, char *text, size_t size);

/*
 * Read a file of at most `max` bytes. The text ends with a newline, unless it is empty, and a NUL.
 * The caller frees *text. Returns 0 or -errno: -EFBIG for a larger file, -EINVAL for one that
 * contains a NUL.
 */
int file_read_text(const char *path, size_t max, char **text);

/* The same from an open file. */
int file_read_fd(int fd, size_t max, char **text);

#endif
