// SPDX-License-Identifier: GPL-2.0-only
#include "program/includes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/template.h"
#include "program/user_file.h"
#include "util/error.h"

#define MAX_INCLUDES 64
#define NAME_SIZE 256

/*
 * The name between the quotes of an #include at `line`, NULL: it is none. *in_comment says whether
 * a comment is open, and is moved on over the line.
 */
static const char *find_name(const char *line, bool *in_comment, size_t *length)
{
	const char *end = line + strcspn(line, "\n");
	const char *at = line + strspn(line, " \t"), *name = NULL;

	if (!*in_comment && *at == '#') {
		at += 1 + strspn(at + 1, " \t");
		if (strncmp(at, "include", 7) == 0) {
			at += 7 + strspn(at + 7, " \t");
			*length = *at == '"' ? strcspn(at + 1, "\"\n") : 0;
			if (*at == '"' && at[1 + *length] == '"')
				name = at + 1;
		}
	}
	for (at = line; at + 1 < end; at++) {
		if (!*in_comment && at[0] == '/' && at[1] == '/')
			break;
		if (strncmp(at, *in_comment ? "*/" : "/*", 2) == 0) {
			*in_comment = !*in_comment;
			at++;
		}
	}
	return name;
}

/* Whether a file that wants to be included once was included before. */
static bool is_repeated(const struct includes *includes, const struct include *file)
{
	for (size_t i = 0; i < includes->count; i++)
		if (strcmp(includes->list[i].path, file->path) == 0)
			return strstr(file->text, "#pragma once") != NULL;
	return false;
}

/* Read the file of that name, which the line `place` includes. */
static int read_file(struct includes *includes, const struct source_line *place, const char *name,
		     size_t length, bool force, struct template_file *file, struct error *err)
{
	char plain[NAME_SIZE], quoted[ERROR_QUOTE_SIZE];
	struct include *grown, *new;
	char *flag;
	int result;

	snprintf(plain, sizeof(plain), "%.*s", (int)length, name);
	error_quote(quoted, plain);
	if (length == 0 || length >= NAME_SIZE || strchr(plain, '/'))
		return error_set(err, STATUS_COMPILE, EINVAL,
				 "%s:%u: #include %s: only files that lie next to this one can be "
				 "included by their names",
				 place->file, place->line, quoted);
	if (includes->count == MAX_INCLUDES)
		return error_set(err, STATUS_COMPILE, EINVAL,
				 "%s:%u: #include %s: more than %d files are included; does one "
				 "include itself?",
				 place->file, place->line, quoted, MAX_INCLUDES);
	grown = realloc(includes->list, (includes->count + 1) * sizeof(*grown));
	if (!grown || asprintf(&flag, "%s:%u: #include", place->file, place->line) < 0)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	includes->list = grown;
	new = &grown[includes->count];
	result =
		user_file_read_beside(flag, place->file, plain, force, &new->path, &new->text, err);
	free(flag);
	if (result)
		return result;
	*file = (struct template_file){ new->path, is_repeated(includes, new) ? "" : new->text };
	includes->count++;
	return 0;
}

int includes_expand(struct includes *includes, struct source *source, bool force, struct error *err)
{
	bool in_comment = false;
	size_t offset = 0;

	for (size_t i = 0; i < source->line_count;) {
		const char *line = source->text + offset;
		bool before = in_comment;
		size_t length;
		const char *name = find_name(line, &in_comment, &length);
		struct template_file file;
		int result;

		if (!name) {
			offset += strcspn(line, "\n") + 1;
			i++;
			continue;
		}
		/* Its own lines come next, and may include others. */
		in_comment = before;
		result = read_file(includes, &source->lines[i], name, length, force, &file, err);
		if (result)
			return result;
		if (source_replace_line(source, i, &file))
			return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	}
	return 0;
}

void includes_free(struct includes *includes)
{
	for (size_t i = 0; i < includes->count; i++) {
		free(includes->list[i].path);
		free(includes->list[i].text);
	}
	free(includes->list);
	*includes = (struct includes){ .list = NULL };
}
