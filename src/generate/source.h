/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_SOURCE_H
#define BYTETRACE_GENERATE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * A text with the name of the file that it came from. `text` ends with a NUL and, if not
 * empty, with a newline.
 */
struct template_file {
	const char *name;
	const char *text;
};

/* A text by the name that a template has for it. */
struct template_part {
	const char *name;
	struct template_file file; /* file.name NULL: generated, lines belong to the slot's line */
};

/* Whether the lines from `//@if NAME` to `//@else` or `//@end` stay. */
struct template_condition {
	const char *name;
	bool holds;
};

/* What the directives of templates stand for. */
struct template
{
	const struct template_part *files; /* `//@include NAME`: a template, too */
	size_t file_count;
	const struct template_part *slots; /* `//@slot NAME`: a text as it is */
	size_t slot_count;
	const struct template_condition *conditions; /* `//@if NAME` */
	size_t condition_count;
};

/* Program text, and for each of its lines the file and line that a person would edit. */
struct source {
	char *text;
	size_t length;
	struct source_line {
		const char *file;  /* a template_file's name, which must outlive the source */
		unsigned int line; /* from 1 on; 0: added by source_surround() */
	} * lines;
	size_t line_count;
};

/*
 * Fill `source` from the template file that is called `name`. A slot or condition that only the
 * templates or only the caller knows is an error, as are an unknown file and an unbalanced
 * condition (-EINVAL, STATUS_COMPILE, with file and line). The caller calls source_free().
 */
int template_render(struct source *source, const struct template *template, const char *name,
		    struct error *err);

/* Put a file in the place of the line number `index`, from 0 on. Returns 0 or -ENOMEM. */
int source_replace_line(struct source *source, size_t index, const struct template_file *file);

/*
 * Put lines in front of a source, and behind it, that are in no file: their line is 0. Returns 0 or
 * -ENOMEM.
 */
int source_surround(struct source *source, const char *front, const char *behind);

/* A source that is the file as it stands. */
int source_from_file(struct source *source, const struct template_file *file, struct error *err);

void source_free(struct source *source);

#endif
