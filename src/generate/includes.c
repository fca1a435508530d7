// SPDX-License-Identifier: GPL-2.0-only
#include "generate/includes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/code.h"
#include "generate/source.h"
#include "generate/user_file.h"
#include "util/error.h"

#define MAX_INCLUDES 64
#define MAX_LENGTH (4 * 1024 * 1024) /* of the whole program */
#define NAME_SIZE 256

/* A directive of the preprocessor. */
struct directive {
	struct span word; /* empty: the line is not one */
	const char *rest; /* what follows the word */
};

/* Read the first line of stripped code. */
static struct directive read_directive(const char *at)
{
	struct directive directive;

	at += strspn(at, " \t");
	if (*at == '#')
		at += 1 + strspn(at + 1, " \t");
	else
		at += strcspn(at, "\n");
	directive.word.start = at;
	while (isalpha((unsigned char)*at) || *at == '_')
		at++;
	directive.word.end = at;
	directive.rest = at + strspn(at, " \t");
	return directive;
}

static bool has_pragma_once(const char *code)
{
	for (const char *at = code; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		const struct directive line = read_directive(at);
		const struct span what = { line.rest, line.rest + strcspn(line.rest, "\n") };

		if (span_is(line.word, "pragma") && span_is(span_trim(what), "once"))
			return true;
	}
	return false;
}

/* A walk along the lines of a source that grows. */
struct walk {
	struct includes *includes;
	struct source *source;
	char *code;    /* the source's text, stripped */
	size_t index;  /* of the line */
	size_t offset; /* in the text */
	bool force;
};

__attribute__((format(printf, 3, 4))) static int refuse(const struct walk *walk, struct error *err,
							const char *format, ...)
{
	const struct source_line *place = &walk->source->lines[walk->index];
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(err, STATUS_COMPILE, EINVAL, "%s:%u: #include %s", place->file,
			 place->line, text);
}

/*
 * Write the guard that `#pragma once` stands for, which means nothing in the midst of a program:
 * two lines in front of the text and one behind it. `number` is that of the file.
 */
static int add_guard(char **text, size_t number)
{
	char *whole;

	if (asprintf(&whole, "#ifndef INCLUDED_ONCE_%zu\n#define INCLUDED_ONCE_%zu\n%s#endif\n",
		     number, number, *text) < 0)
		return -ENOMEM;
	free(*text);
	*text = whole;
	return 0;
}

/* Put a file that was read in the place of its line. */
static int insert(struct walk *walk, struct include *new, struct error *err)
{
	const struct includes *includes = walk->includes;
	struct source *source = walk->source;
	struct template_file file = { new->path, new->text };
	const size_t before = source->line_count, new_index = (size_t)(new - includes->list);
	bool open = strcmp(source->lines[walk->index].file, new->path) == 0;
	size_t first = new_index, grown;
	char *code = code_strip(new->text);
	const bool once = code && has_pragma_once(code);

	free(code);
	if (!code)
		return error_nomem(err);
	for (size_t i = new_index; i-- > 0;) {
		if (strcmp(includes->list[i].path, new->path) != 0)
			continue;
		first = i;
		open |= includes->list[i].end > walk->index;
	}
	if (once && add_guard(&new->text, first))
		return error_nomem(err);
	file.text = open ? "" : new->text;
	if (source_replace_line(source, walk->index, &file))
		return error_nomem(err);
	grown = source->line_count - before;
	for (size_t i = 0; i < new_index; i++)
		if (includes->list[i].end > walk->index)
			includes->list[i].end += grown;
	new->end = walk->index + 1 + grown;
	/* Line numbers are those of the file, without the guard. */
	for (size_t i = walk->index; once && i < new->end; i++)
		source->lines[i].line -= source->lines[i].line > 2 ? 2 : 0;
	free(walk->code);
	walk->code = code_strip(source->text);
	return walk->code ? 0 : error_nomem(err);
}

/* Whether a name between quotes could be that of a file in the same directory. */
static bool is_plain(const char *name)
{
	for (const char *at = name; *at; at++)
		if (*at == '/' || iscntrl((unsigned char)*at))
			return false;
	return *name != '\0';
}

/* Read the file of a name, and put it in the place of the line. */
static int include(struct walk *walk, const char *name, struct error *err)
{
	const struct source_line *place = &walk->source->lines[walk->index];
	struct includes *includes = walk->includes;
	char quoted[ERROR_QUOTE_SIZE];
	struct include *grown, *new;
	char *flag;
	int result;

	error_quote(quoted, name);
	if (!is_plain(name))
		return refuse(walk, err,
			      "%s: give the name of a file in the same directory, without a path",
			      quoted);
	if (includes->count == MAX_INCLUDES)
		return refuse(walk, err, "%s: the program includes more than %d files", quoted,
			      MAX_INCLUDES);
	grown = realloc(includes->list, (includes->count + 1) * sizeof(*grown));
	if (!grown)
		return error_nomem(err);
	includes->list = grown;
	new = &grown[includes->count];
	*new = (struct include){ .path = NULL };
	if (asprintf(&flag, "%s:%u: #include", place->file, place->line) < 0)
		return error_nomem(err);
	result = user_file_read_beside(flag, place->file, name, walk->force, &new->path, &new->text,
				       err);
	free(flag);
	if (result)
		return result;
	includes->count++;
	if (walk->source->length + strlen(new->text) > MAX_LENGTH)
		return refuse(walk, err, "%s: the program becomes larger than %d MiB", quoted,
			      MAX_LENGTH >> 20);
	return insert(walk, new, err);
}

/* The name in an #include, from `quote` to the end that fits it. False: that is missing. */
static bool find_name(const char *rest, char name[NAME_SIZE])
{
	const char *end = *rest == '<' ? ">" : "\"";
	size_t length = strcspn(rest + 1, "\n");
	const char *behind = memchr(rest + 1, *end, length);

	if (!behind)
		return false;
	length = (size_t)(behind - rest - 1);
	if (length >= NAME_SIZE) /* longer than any file's: it becomes one that cannot be */
		length = 0;
	memcpy(name, rest + 1, length);
	name[length] = '\0';
	return true;
}

/* Handle the line that the walk is at. *inserted: a file took its place, whose lines come next. */
static int look_at_line(struct walk *walk, const struct directive *line, bool joined,
			bool *inserted, struct error *err)
{
	char name[NAME_SIZE], quoted[ERROR_QUOTE_SIZE];
	const bool includes = span_is(line->word, "include");

	if (!includes && !span_is(line->word, "include_next") && !span_is(line->word, "import"))
		return 0;
	if (!strchr("<\"", *line->rest) || !find_name(line->rest, name))
		return 0;
	if (*line->rest == '<')
		return *name == '/' || strstr(name, "..")
			       ? refuse(walk, err,
					"%s: only kernel headers can stand between < and >",
					error_quote(quoted, name))
			       : 0;
	if (!includes)
		return 0;
	if (joined)
		return refuse(walk, err,
			      "%s: a comment of several lines has to end before this line "
			      "and begin after it",
			      error_quote(quoted, name));
	*inserted = true;
	return include(walk, name, err);
}

int includes_expand(struct includes *includes, struct source *source, bool force, struct error *err)
{
	struct walk walk = { .includes = includes, .source = source, .force = force };
	int result = 0;

	walk.code = code_strip(source->text);
	if (!walk.code)
		return error_nomem(err);
	while (!result && walk.index < source->line_count) {
		const struct directive line = read_directive(walk.code + walk.offset);
		const size_t end = walk.offset + strcspn(walk.code + walk.offset, "\n");
		const bool joined = memchr(source->text + walk.offset, '\n', end - walk.offset);
		bool inserted = false;

		while (joined && walk.code + walk.offset < line.word.start)
			walk.index += source->text[walk.offset++] == '\n';
		result = look_at_line(&walk, &line, joined, &inserted, err);
		while (!inserted && walk.offset <= end)
			walk.index += source->text[walk.offset++] == '\n';
	}
	free(walk.code);
	return result;
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
