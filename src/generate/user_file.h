/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_USER_FILE_H
#define BYTETRACE_GENERATE_USER_FILE_H

#include <stdbool.h>

struct error;

/*
 * Read a file that becomes part of a program: C that root compiles into the kernel. `flag` is the
 * one that it came by, for messages. Unless `force`, a file is refused that everybody may write to,
 * or that lies in a directory, or below one, where everybody could put another in its place.
 * Returns 0, or -errno with STATUS_ENVIRONMENT; -ENOENT if there is none. The caller frees *text,
 * which ends with a newline.
 */
int user_file_read(const char *flag, const char *path, bool force, char **text, struct error *err);

/*
 * The same for a file that lies next to another one, `beside`: `name` has no '/', and may not be a
 * symbolic link.
 */
int user_file_read_beside(const char *flag, const char *beside, const char *name, bool force,
			  char **path, char **text, struct error *err);

#endif
