/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_USER_FILE_H
#define BYTETRACE_GENERATE_USER_FILE_H

#include <stdbool.h>

struct error;

/*
 * Read a file that becomes part of a program: C that root compiles into the kernel. `flag` names in
 * messages where the path came from. Unless `force`, a file is refused if others could have
 * changed it, see file_find(). Returns 0, or -errno with STATUS_ENVIRONMENT; -ENOENT: it does not
 * exist. The caller frees *text, which ends with a newline.
 */
int user_file_read(const char *flag, const char *path, bool force, char **text, struct error *err);

/*
 * Read a file that lies beside another one, `beside`: `name` has no '/', and must not be a symbolic
 * link. The caller frees *path, too.
 */
int user_file_read_beside(const char *flag, const char *beside, const char *name, bool force,
			  char **path, char **text, struct error *err);

#endif
