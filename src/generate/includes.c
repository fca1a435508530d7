// SPDX-License-Identifier: GPL-2.0-only
#include "generate/includes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/source.h"
#include "generate/user_file.h"
#include "util/error.h"

#define MAX_INCLUDES 64
#define MAX_LENGTH (4 * 1024 * 1024) /* of the whole program */
#define NAME_SIZE 256

/* What the preprocessor sees in a line. */
struct line {
	const char *word; /* the directive's name, NULL: it is none */
	size_t word_length;
	const char *rest; /* what comes behind that */
	bool blank;	  /* nothing but comments */
};

/* Where the line goes on behind blanks and comments. */
static const char *skip_blank(const char *at, const char *end, bool *in_comment)
{
	while (at < end) {
		if (*in_comment) {
			*in_comment = strncmp(at, "*/", 2) != 0;
			at += *in_comment ? 1 : 2;
		} else if (strncmp(at, "/*", 2) == 0) {
			*in_comment = true;
			at += 2;
		} else if (isspace((unsigned char)*at)) {
			at++;
		} else {
			break;
		}
	}
	return at;
}

/* Move *in_comment over the rest of a line, in which a string may hold what looks like one. */
static void skip_rest(const char *at, const char *end, bool *in_comment)
{
	while ((at = skip_blank(at, end, in_comment)) < end) {
		const char quote = *at++;

		if (quote == '/' && *at == '/')
			return;
		if (quote != '"' && quote != '\'')
			continue;
		while (at < end && *at != quote)
			at += *at == '\\' && at + 1 < end ? 2 : 1;
		at += at < end;
	}
}

/* *in_comment says whether a comment is open where the line starts, and then where it ends. */
static struct line read_line(const char *at, bool *in_comment)
{
	const char *end = at + strcspn(at, "\n");
	struct line line = { .word = NULL };

	at = skip_blank(at, end, in_comment);
	line.blank = at == end || strncmp(at, "//", 2) == 0;
	if (*at == '#') {
		line.word = at = skip_blank(at + 1, end, in_comment);
		while (isalpha((unsigned char)*at) || *at == '_')
			at++;
		line.word_length = (size_t)(at - line.word);
		line.rest = at = skip_blank(at, end, in_comment);
	}
	skip_rest(at, end, in_comment);
	return line;
}

static bool is_word(const struct line *line, const char *word)
{
	return line->word && strlen(word) == line->word_length &&
	       strncmp(line->word, word, line->word_length) == 0;
}

/* By how much a line changes the number of open conditions. */
static int depth_change(const struct line *line)
{
	if (is_word(line, "if") || is_word(line, "ifdef") || is_word(line, "ifndef"))
		return 1;
	return is_word(line, "endif") ? -1 : 0;
}

static size_t name_length(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || at[length] == '_')
		length++;
	return length;
}

/* Whether a file lies between `#ifndef NAME`, `#define NAME` and an `#endif`, all of it. */
static bool has_guard(const char *text)
{
	enum { START, IFNDEF, INSIDE, BEHIND } state = START;
	const char *guard = NULL;
	bool in_comment = false;
	int depth = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const struct line line = read_line(text, &in_comment);

		if (line.blank)
			continue;
		depth += depth_change(&line);
		if (state == START && is_word(&line, "ifndef")) {
			guard = line.rest;
			state = IFNDEF;
		} else if (state == IFNDEF && is_word(&line, "define") &&
			   name_length(guard) == name_length(line.rest) &&
			   strncmp(guard, line.rest, name_length(guard)) == 0) {
			state = INSIDE;
		} else if (state != INSIDE ||
			   (depth == 1 && line.word && strncmp(line.word, "el", 2) == 0)) {
			return false;
		} else if (depth == 0) {
			state = BEHIND;
		}
	}
	return state == BEHIND;
}

static bool has_pragma_once(const char *text)
{
	bool in_comment = false;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const struct line line = read_line(text, &in_comment);

		if (is_word(&line, "pragma") && name_length(line.rest) == strlen("once") &&
		    strncmp(line.rest, "once", strlen("once")) == 0)
			return true;
	}
	return false;
}

/* A walk along the lines of a source that grows. */
struct walk {
	struct includes *includes;
	struct source *source;
	size_t index;  /* of the line */
	size_t offset; /* in the text */
	int depth;     /* conditions that are open */
	bool force;
};

static bool is_open(const struct walk *walk, const struct include *file)
{
	return file->end > walk->index;
}

/* Whether a condition is open here that is not the guard of a file. */
static bool is_conditional(const struct walk *walk)
{
	int guards = 0;

	for (size_t i = 0; i < walk->includes->count; i++)
		guards +=
			walk->includes->list[i].guarded && is_open(walk, &walk->includes->list[i]);
	return walk->depth > guards;
}

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
 * Make the guard that `#pragma once` stands for, which says nothing in the midst of a program:
 * names the file by its number. Two lines come in front of the text, and one behind it.
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

/* Give the lines that a guard was added to, `count` of them, the numbers that they have in the
 * file. */
static void number_guarded(struct source_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const size_t last = count > 3 ? count - 3 : 1;
		const size_t number = i < 3 ? 1 : i - 1;

		lines[i].line = (unsigned int)(number < last ? number : last);
	}
}

/* Put a file that was read in the place of its line, if what it says was not said before. */
static int insert(struct walk *walk, struct include *new, const char *quoted, struct error *err)
{
	struct includes *includes = walk->includes;
	struct source *source = walk->source;
	struct template_file file = { new->path, new->text };
	const size_t before = source->line_count;
	const size_t new_index = (size_t)(new - includes->list);
	size_t first = new_index;
	bool once = !has_guard(new->text) && has_pragma_once(new->text);
	bool open = strcmp(source->lines[walk->index].file, new->path) == 0, said = false;

	new->guarded = once || has_guard(new->text);
	new->conditional = is_conditional(walk);
	for (size_t i = new_index; i-- > 0;) {
		const struct include *other = &includes->list[i];

		if (strcmp(other->path, new->path) != 0)
			continue;
		first = i;
		open |= is_open(walk, other);
		said |= other->guarded && !other->conditional;
	}
	if (open && !new->guarded)
		return refuse(walk, err, "%s: the file includes itself, and has no guard", quoted);
	if (open || said)
		file.text = "";
	else if (once && add_guard(&new->text, first))
		return error_nomem(err);
	else
		file.text = new->text;
	if (source_replace_line(source, walk->index, &file))
		return error_nomem(err);
	for (size_t i = 0; i < new_index; i++)
		if (is_open(walk, &includes->list[i]))
			includes->list[i].end += source->line_count - before;
	new->end = walk->index + 1 + source->line_count - before;
	if (once && *file.text)
		number_guarded(&source->lines[walk->index], new->end - walk->index);
	return 0;
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
			      "%s: only files that lie next to this one can be included by their "
			      "names",
			      quoted);
	if (includes->count == MAX_INCLUDES)
		return refuse(walk, err, "%s: more than %d files are included", quoted,
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
	return insert(walk, new, quoted, err);
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

int includes_expand(struct includes *includes, struct source *source, bool force, struct error *err)
{
	struct walk walk = { .includes = includes, .source = source, .force = force };
	bool in_comment = false;

	while (walk.index < source->line_count) {
		const char *text = source->text + walk.offset;
		const bool before = in_comment;
		const struct line line = read_line(text, &in_comment);
		const bool named = is_word(&line, "include") || is_word(&line, "include_next") ||
				   is_word(&line, "import");
		char name[NAME_SIZE], quoted[ERROR_QUOTE_SIZE];

		if (named && *line.rest == '<' && find_name(line.rest, name) &&
		    (*name == '/' || strstr(name, "..")))
			return refuse(
				&walk, err,
				"%s: only headers of the kernel can be included between < and "
				">",
				error_quote(quoted, name));
		if (is_word(&line, "include") && *line.rest == '"' && find_name(line.rest, name)) {
			int result;

			if (before || in_comment)
				return refuse(&walk, err,
					      "%s: a comment of several lines has to stay off this "
					      "line, which goes",
					      error_quote(quoted, name));
			/* Its own lines come next, and may include others. */
			result = include(&walk, name, err);
			if (result)
				return result;
			continue;
		}
		walk.depth += depth_change(&line);
		walk.offset += strcspn(text, "\n") + 1;
		walk.index++;
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
