/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_FILE_H
#define BYTETRACE_UTIL_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

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

/* A file that the user names. */
struct file_request {
	const char *flag; /* names in messages where the path came from */
	int at; /* where a relative path starts: AT_FDCWD, or a directory that was found */
	const char *path;
	enum file_kind { FILE_ANY, FILE_REGULAR, FILE_DIRECTORY } kind;
	const char *shown; /* the path in messages; NULL: the same */
	bool no_links;	   /* not a symbolic link at the end of the path */
	bool force;	   /* whoever could have changed it */
};

/*
 * Find a file whose content decides what root does. It is refused if others than root and the
 * caller (also the user who logged in, behind sudo) could have changed it: if it or a directory on
 * its way, symbolic links resolved, belongs to another user or can be written to by its group or by
 * everybody. In a directory with the sticky bit, as /tmp, only a directory is accepted, not a file
 * or link. Refused always: what is not of this kind, such as a FIFO. Returns a descriptor (O_PATH)
 * that the caller closes, or -errno with STATUS_ENVIRONMENT; -ENOENT: it does not exist.
 */
int file_find(const struct file_request *request, struct error *err);

/*
 * Check all that is in a directory and below, as file_find() does. Returns 0, also if there is no
 * such directory, or -errno with STATUS_ENVIRONMENT.
 */
int file_check_tree(const struct file_request *request, struct error *err);

/* Open a file that was found for reading. Returns a descriptor or -errno; -ENOSYS: without /proc.
 */
int file_reopen(int found);

/* Set the error for a file that cannot be read, and return -errnum. EINVAL: it contains a NUL;
 * EMLINK: it is a link; ENOSYS: /proc is not mounted. */
int file_refuse(const struct file_request *request, int errnum, struct error *err);

#endif
