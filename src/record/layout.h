/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_LAYOUT_H
#define BYTETRACE_RECORD_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the records of a program contain besides struct drop_event: the columns that it declares
 * with DROP_FIELD (templates/field.h). They follow the event, each at a multiple of 8 bytes, in the
 * order of the declarations.
 */
#define LAYOUT_NAME_SIZE 64   /* of a probe */
#define LAYOUT_MAX_FIELDS 16  /* of a program */
#define LAYOUT_MAX_COLUMNS 32 /* of all programs of a run */
#define FIELD_NAME_SIZE 32
#define FIELD_FORMAT_SIZE 64
#define FIELD_MAX_SIZE 64

enum field_kind {
	FIELD_UNSIGNED, /* eight bytes, like all kinds except text and network addresses */
	FIELD_SIGNED,
	FIELD_CHARACTER,
	FIELD_ADDRESS, /* in kernel code: shown as a symbol */
	FIELD_STRING,  /* ends with a NUL if shorter than the field */
	FIELD_IPV4,    /* bytes in network order */
	FIELD_IPV6,
	FIELD_MAC,
};

struct field {
	char name[FIELD_NAME_SIZE];
	char format[FIELD_FORMAT_SIZE]; /* for printf: one unsigned long long, long long, int or
					   string */
	enum field_kind kind;
	bool in_bytes;	   /* stored as bytes; false: as a number, widened to eight bytes */
	unsigned int swap; /* size in bits of a number in network order; 0: host order */
	size_t offset;	   /* from the end of struct drop_event */
	size_t size;
};

struct layout {
	uint32_t id; /* drop_event.probe: a hash of the other members */
	char name[LAYOUT_NAME_SIZE];
	struct field fields[LAYOUT_MAX_FIELDS];
	size_t field_count;
	size_t size;  /* of all fields, a multiple of 8 */
	bool retired; /* the program was replaced: late records can arrive, but columns are not
			 shown */
};

/* The layouts of all programs of a run, and the names of their columns without duplicates. */
struct layouts {
	struct layout *list;
	size_t count;
	size_t active;				 /* number of layouts that are not retired */
	const char *columns[LAYOUT_MAX_COLUMNS]; /* they point into `list` */
	size_t column_count;
};

/*
 * Add a copy of a layout, or replace the one with the same id. Returns 0, -ENOMEM, or -E2BIG if
 * that would make too many columns.
 */
int layouts_add(struct layouts *layouts, const struct layout *layout);

/*
 * Add the layout of a program that replaces the one with the id `old`. Returns the same as
 * layouts_add(); on failure, nothing changes.
 */
int layouts_replace(struct layouts *layouts, uint32_t old, const struct layout *layout);

void layouts_free(struct layouts *layouts);

/* The layout with that id, or NULL. */
const struct layout *layouts_find(const struct layouts *layouts, uint32_t id);

/* The field of that name, or NULL. */
const struct field *layout_field(const struct layout *layout, const char *name);

#endif
