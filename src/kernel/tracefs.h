/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_TRACEFS_H
#define BYTETRACE_KERNEL_TRACEFS_H

struct error;

/*
 * Read events/<system>/<event>/<file> of tracefs. If tracefs is not mounted, it is mounted for this
 * call, without a mount point. The caller frees *text. Fails with STATUS_ENVIRONMENT.
 */
int tracefs_read_event(const char *system, const char *event, const char *file, char **text,
		       struct error *err);

/* The offset of a field according to a format file, or -ENOENT. */
int tracefs_field_offset(const char *format, const char *field);

#endif
