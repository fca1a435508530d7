/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_TRACEFS_H
#define BYTETRACE_KERNEL_TRACEFS_H

struct error;

/*
 * Read events/<system>/<event>/<file> of tracefs. If tracefs is mounted nowhere, it is
 * mounted for this call only, attached to no directory. The caller frees *text. Fails with
 * STATUS_ENVIRONMENT and says how to help.
 */
int tracefs_read_event(const char *system, const char *event, const char *file, char **text,
		       struct error *err);

/* The offset of a field in the record that a format file describes, or -ENOENT. */
int tracefs_field_offset(const char *format, const char *field);

#endif
