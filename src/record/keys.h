/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_KEYS_H
#define BYTETRACE_RECORD_KEYS_H

#include <stddef.h>
#include <stdio.h>

#include "record/columns.h"
#include "record/layout.h"

struct drop_event;
struct error;

#define KEYS_DEFAULT (BIT_LOCATION | BIT_REASON)

#define KEYS_MAX_OWN 8

/* What --summary counts drops by. */
struct keys {
	unsigned int set; /* BIT_...: what the program counts by; 0: drops are shown, not counted */
	unsigned int shown;			 /* those of them that the user asked for */
	char own[KEYS_MAX_OWN][FIELD_NAME_SIZE]; /* columns of the program */
	size_t own_count;
};

/*
 * Parse `text`, the argument of --summary: keys, separated by commas. Other names are taken for
 * columns of the program, which keys_select() checks. Fails with STATUS_USAGE.
 */
int keys_parse(struct keys *keys, const char *text, struct error *err);

/*
 * Fill `own` with the columns of the program that are keys, at their places in struct summary_key.
 * Fails with STATUS_USAGE if the program lacks one.
 */
int keys_select(struct layout *own, const struct keys *keys, const struct layout *layout,
		struct error *err);

/* Write the members of struct summary_key for these keys as C, for the program that fills them. */
void keys_declare(unsigned int set, FILE *out);

/* The size of struct summary_key, of which `own_size` bytes are columns of the program. */
size_t keys_size(unsigned int set, size_t own_size);

/* Fill `event`, and the `own_size` bytes after it, from a struct summary_key. */
void keys_unpack(struct drop_event *event, const char *key, unsigned int set, size_t own_size);

#endif
