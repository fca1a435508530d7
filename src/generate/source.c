// SPDX-License-Identifier: GPL-2.0-only
#include "generate/source.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

#define MAX_NAMES 64 /* slots and conditions: each has a bit in a word that says it was used */
#define MAX_DEPTH 8
#define MAX_INCLUDES 4 /* files within files */

struct writer {
	FILE *out;
	struct source *source;
	size_t room;  /* of source->lines */
	bool squeeze; /* write runs of blank lines as one */
	bool after_blank;
};

static int write_line(struct writer *writer, const char *line, size_t length, const char *file,
		      unsigned int number)
{
	struct source *source = writer->source;
	bool blank = line[0] == '\n';

	/* Where parts are left out, the blank lines around them must not add up. */
	if (blank && writer->after_blank && writer->squeeze)
		return 0;
	writer->after_blank = blank;
	if (source->line_count == writer->room) {
		size_t room = writer->room ? writer->room * 2 : 512;
		struct source_line *lines = realloc(source->lines, room * sizeof(*lines));

		if (!lines)
			return -ENOMEM;
		source->lines = lines;
		writer->room = room;
	}
	source->lines[source->line_count++] = (struct source_line){ file, number };
	return fwrite(line, 1, length, writer->out) == length ? 0 : -ENOMEM;
}

/* Length of the line at `text`, its newline included. */
static size_t line_length(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? (size_t)(end - text) + 1 : strlen(text);
}

/* The text of a slot; lines of generated text belong to the line that holds the slot. */
static int write_file(struct writer *writer, const struct template_file *file,
		      const char *slot_file, unsigned int slot_line)
{
	unsigned int number = 1;
	int result = 0;

	for (const char *line = file->text; *line && !result; line += line_length(line), number++)
		result = write_line(writer, line, line_length(line),
				    file->name ? file->name : slot_file,
				    file->name ? number : slot_line);
	return result;
}

/* Whether the line is `//@<verb> name` (or `//@<verb>`): points `name` behind the verb. */
static bool directive(const char *line, size_t length, const char *verb, const char **name,
		      size_t *name_length)
{
	size_t verb_length = strlen(verb);
	const char *end = line + length;

	if (length < 3 + verb_length || strncmp(line, "//@", 3) != 0 ||
	    strncmp(line + 3, verb, verb_length) != 0)
		return false;
	line += 3 + verb_length;
	while (line < end && *line == ' ')
		line++;
	while (end > line && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	*name = line;
	*name_length = (size_t)(end - line);
	return true;
}

static bool same_name(const char *known, const char *name, size_t length)
{
	return strlen(known) == length && strncmp(known, name, length) == 0;
}

static int template_error(struct error *err, const struct template_file *file, unsigned int line,
			  const char *what, const char *name, size_t length)
{
	char text[64];
	char quoted[ERROR_QUOTE_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)length, name);
	return error_set(err, STATUS_COMPILE, EINVAL, "%s:%u: %s %s", file->name, line, what,
			 error_quote(quoted, text));
}

/* A template that is being rendered. */
struct rendering {
	struct writer writer;
	const struct template *template;
	uint64_t slots_used, conditions_used;
	bool shown[MAX_DEPTH]; /* at each depth of conditions: whether lines are kept */
	bool taken[MAX_DEPTH];
	size_t depth;
	size_t includes;
	struct error *err;
};

/* The index of the part with this name; `count`: none has it. */
static size_t find_part(const struct template_part *parts, size_t count, const char *name,
			size_t length)
{
	size_t i = 0;

	while (i < count && !same_name(parts[i].name, name, length))
		i++;
	return i;
}

static int render_file(struct rendering *rendering, const struct template_file *file);

static int render_include(struct rendering *rendering, const struct template_file *file,
			  unsigned int number, const char *name, size_t length)
{
	const struct template *template = rendering->template;
	size_t i = find_part(template->files, template->file_count, name, length);
	int result;

	if (i == template->file_count)
		return template_error(rendering->err, file, number, "unknown template", name,
				      length);
	if (rendering->includes == MAX_INCLUDES)
		return template_error(rendering->err, file, number,
				      "too many templates include each other at", name, length);
	rendering->includes++;
	result = render_file(rendering, &template->files[i].file);
	rendering->includes--;
	if (!result && rendering->shown[rendering->depth])
		result = write_line(&rendering->writer, "\n", 1, file->name, number);
	return result;
}

static int render_slot(struct rendering *rendering, const struct template_file *file,
		       unsigned int number, const char *name, size_t length)
{
	const struct template *template = rendering->template;
	size_t i = find_part(template->slots, template->slot_count, name, length);

	if (i == template->slot_count)
		return template_error(rendering->err, file, number, "nothing fills the slot", name,
				      length);
	rendering->slots_used |= UINT64_C(1) << i;
	if (!rendering->shown[rendering->depth])
		return 0;
	return write_file(&rendering->writer, &template->slots[i].file, file->name, number);
}

static int render_if(struct rendering *rendering, const struct template_file *file,
		     unsigned int number, const char *name, size_t length)
{
	const struct template *template = rendering->template;
	size_t i = 0;

	while (i < template->condition_count &&
	       !same_name(template->conditions[i].name, name, length))
		i++;
	if (i == template->condition_count || rendering->depth + 1 == MAX_DEPTH)
		return template_error(rendering->err, file, number, "unknown condition", name,
				      length);
	rendering->conditions_used |= UINT64_C(1) << i;
	rendering->depth++;
	rendering->taken[rendering->depth] = template->conditions[i].holds;
	rendering->shown[rendering->depth] =
		rendering->shown[rendering->depth - 1] && template->conditions[i].holds;
	return 0;
}

static int render_line(struct rendering *rendering, const struct template_file *file,
		       unsigned int number, const char *line, size_t depth)
{
	size_t length = line_length(line);
	const char *name;
	size_t name_length;

	if (strncmp(line, "//@", 3) != 0) {
		/* The licence is said once, at the top. */
		if (!rendering->shown[rendering->depth] ||
		    (rendering->includes > 0 && number == 1 && strncmp(line, "/* SPDX-", 8) == 0))
			return 0;
		return write_line(&rendering->writer, line, length, file->name, number);
	}
	if (directive(line, length, "include ", &name, &name_length))
		return render_include(rendering, file, number, name, name_length);
	if (directive(line, length, "slot ", &name, &name_length))
		return render_slot(rendering, file, number, name, name_length);
	if (directive(line, length, "if ", &name, &name_length))
		return render_if(rendering, file, number, name, name_length);
	if (directive(line, length, "else", &name, &name_length) && rendering->depth > depth) {
		rendering->shown[rendering->depth] = rendering->shown[rendering->depth - 1] &&
						     !rendering->taken[rendering->depth];
		return 0;
	}
	if (directive(line, length, "end", &name, &name_length) && rendering->depth > depth) {
		rendering->depth--;
		return 0;
	}
	return template_error(rendering->err, file, number, "misplaced directive", line,
			      length - (line[length - 1] == '\n'));
}

static int render_file(struct rendering *rendering, const struct template_file *file)
{
	const size_t depth = rendering->depth;
	unsigned int number = 0;

	for (const char *line = file->text; *line; line += line_length(line)) {
		int result = render_line(rendering, file, ++number, line, depth);

		if (result)
			return result;
	}
	if (rendering->depth != depth)
		return template_error(rendering->err, file, number, "missing", "//@end",
				      strlen("//@end"));
	return 0;
}

/* What the caller knows and no template names would be left out without a word. */
static int check_used(const struct rendering *rendering, const struct template_file *file)
{
	const struct template *template = rendering->template;

	for (size_t i = 0; i < template->slot_count; i++)
		if (!(rendering->slots_used & UINT64_C(1) << i))
			return template_error(
				rendering->err, file, 1, "the templates lack the slot",
				template->slots[i].name, strlen(template->slots[i].name));
	for (size_t i = 0; i < template->condition_count; i++)
		if (!(rendering->conditions_used & UINT64_C(1) << i))
			return template_error(
				rendering->err, file, 1, "the templates lack the condition",
				template->conditions[i].name, strlen(template->conditions[i].name));
	return 0;
}

int template_render(struct source *source, const struct template *template, const char *name,
		    struct error *err)
{
	const size_t i = find_part(template->files, template->file_count, name, strlen(name));
	const struct template_file *file = &template->files[i].file;
	struct rendering rendering = { .writer = { .source = source, .squeeze = true },
				       .template = template,
				       .shown = { true },
				       .err = err };
	int result;

	memset(source, 0, sizeof(*source));
	rendering.writer.out = open_memstream(&source->text, &source->length);
	if (!rendering.writer.out)
		return error_nomem(err);
	result = render_file(&rendering, file);
	if (!result)
		result = check_used(&rendering, file);
	if ((fclose(rendering.writer.out) && !result) || result == -ENOMEM)
		result = error_nomem(err);
	return result;
}

int source_from_file(struct source *source, const struct template_file *file, struct error *err)
{
	struct writer writer = { .source = source };
	int result;

	memset(source, 0, sizeof(*source));
	writer.out = open_memstream(&source->text, &source->length);
	if (!writer.out)
		return error_nomem(err);
	result = write_file(&writer, file, file->name, 1);
	if (fclose(writer.out) || result)
		return error_nomem(err);
	return 0;
}

/* The lines of `source` from `first` up to `end`, of which the first one starts at *text. */
static int write_lines(struct writer *writer, const struct source *source, const char **text,
		       size_t first, size_t end)
{
	int result = 0;

	for (size_t i = first; i < end && !result; i++) {
		size_t length = line_length(*text);

		result = write_line(writer, *text, length, source->lines[i].file,
				    source->lines[i].line);
		*text += length;
	}
	return result;
}

/* Close what was written and put it in the place of a source, unless `result` says otherwise. */
static int finish_source(struct writer *writer, struct source *source, int result)
{
	if (fclose(writer->out) || result) {
		source_free(writer->source);
		return -ENOMEM;
	}
	source_free(source);
	*source = *writer->source;
	return 0;
}

int source_replace_line(struct source *source, size_t index, const struct template_file *file)
{
	struct source whole = { .text = NULL };
	struct writer writer = { .source = &whole };
	const char *text = source->text;
	int result;

	writer.out = open_memstream(&whole.text, &whole.length);
	if (!writer.out)
		return -ENOMEM;
	result = write_lines(&writer, source, &text, 0, index);
	text += line_length(text);
	if (!result)
		result = write_file(&writer, file, file->name, 1);
	if (!result)
		result = write_lines(&writer, source, &text, index + 1, source->line_count);
	return finish_source(&writer, source, result);
}

int source_surround(struct source *source, const char *front, const char *behind)
{
	struct source whole = { .text = NULL };
	const struct template_file added[] = { { NULL, front }, { NULL, behind } };
	struct writer writer = { .source = &whole };
	const char *text = source->text;
	int result;

	writer.out = open_memstream(&whole.text, &whole.length);
	if (!writer.out)
		return -ENOMEM;
	result = write_file(&writer, &added[0], "struct drop_event", 0);
	if (!result)
		result = write_lines(&writer, source, &text, 0, source->line_count);
	if (!result)
		result = write_file(&writer, &added[1], "struct drop_event", 0);
	return finish_source(&writer, source, result);
}

void source_free(struct source *source)
{
	free(source->text);
	free(source->lines);
	memset(source, 0, sizeof(*source));
}
