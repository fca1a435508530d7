// SPDX-License-Identifier: GPL-2.0-only
#include "compile/listing.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generate/source.h"
#include "util/error.h"
#include "util/text.h"

/* The line before a function's instructions. Up to libbcc 0.18 the section, then the name. */
#define FUNCTION "Disassembly of function "
#define SECTION "Disassembly of section .bpf.fn."
#define WINDOW 64 /* lines that libbcc may insert or join in one place */

/* Split the text into lines, and replace control bytes. */
static char **split(char *text, size_t *count)
{
	char **lines;
	size_t i = 0;

	*count = 0;
	for (const char *at = text; *at; at++)
		*count += *at == '\n' || !at[1];
	lines = calloc(*count + 1, sizeof(*lines));
	if (!lines)
		return NULL;
	for (char *at = text; i < *count; i++) {
		lines[i] = at;
		for (; *at && *at != '\n'; at++)
			if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
				*at = '?';
		*at++ = '\0';
	}
	return lines;
}

/* The name of the function whose instructions follow, and the rest of the line; or NULL. */
static const char *function_name(const char *line)
{
	if (strncmp(line, FUNCTION, strlen(FUNCTION)) == 0)
		return line + strlen(FUNCTION);
	return strncmp(line, SECTION, strlen(SECTION)) == 0 ? line + strlen(SECTION) : NULL;
}

static const char *trim(const char *line)
{
	return line + strspn(line, " \t");
}

/* Whether both continue with the same line; with two lines where one is too short to be unique. */
static bool matches(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
	bool significant = false;

	for (size_t i = 0; i < 2 && i < a_count && i < b_count; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
		significant = significant || *trim(a[i]);
		if (strlen(trim(a[i])) > 8)
			return true;
	}
	return significant;
}

/* Find how many lines to skip in each until they match again. */
static void skip(char *const *a, size_t a_count, char *const *b, size_t b_count, size_t *a_skip,
		 size_t *b_skip)
{
	for (size_t sum = 1; sum <= WINDOW; sum++) {
		for (size_t i = 0; i <= sum; i++) {
			if (i >= a_count || sum - i >= b_count)
				continue;
			if (matches(a + i, a_count - i, b + (sum - i), b_count - (sum - i))) {
				*a_skip = i;
				*b_skip = sum - i;
				return;
			}
		}
	}
	*a_skip = *b_skip = 1;
}

/*
 * libbcc inserts lines before and in the program, and joins others: follow both texts from one
 * common line to the next.
 */
static void align(struct listing *listing, char *const *lines, size_t count)
{
	char **rewritten = listing->rewritten;
	size_t rewritten_count = listing->rewritten_count;
	size_t from = 0, to = 0, passed, put;

	while (to < rewritten_count && count > 0 && strcmp(lines[0], rewritten[to]) != 0)
		to++;
	while (to < rewritten_count && from < count) {
		if (strcmp(lines[from], rewritten[to]) == 0) {
			listing->origins[to++] = from++;
			continue;
		}
		skip(lines + from, count - from, rewritten + to, rewritten_count - to, &passed,
		     &put);
		for (size_t i = 0; i < put; i++)
			listing->origins[to + i] = i < passed ? from + i : from + passed - 1;
		from += passed;
		to += put;
	}
}

int listing_open(struct listing *listing, char *text, const struct source *source)
{
	char *copy = strdup(source->text);
	char **lines = NULL;
	size_t count, first = 0;
	int result = -ENOMEM;

	*listing = (struct listing){ .text = text, .source = source };
	listing->lines = split(text, &listing->line_count);
	if (copy)
		lines = split(copy, &count);
	if (!listing->lines || !lines)
		goto out;
	/* The call of the compiler comes first. */
	while (first < listing->line_count &&
	       strncmp(listing->lines[first], "clang ", strlen("clang ")) == 0)
		first++;
	listing->rewritten = listing->lines + first;
	while (first + listing->rewritten_count < listing->line_count &&
	       !function_name(listing->rewritten[listing->rewritten_count]))
		listing->rewritten_count++;
	listing->origins = calloc(listing->rewritten_count + 1, sizeof(*listing->origins));
	if (!listing->origins)
		goto out;
	for (size_t i = 0; i < listing->rewritten_count; i++)
		listing->origins[i] = source->line_count;
	align(listing, lines, count);
	result = listing->rewritten_count ? 0 : -EBADMSG;
out:
	free(lines);
	free(copy);
	if (result)
		listing_close(listing);
	return result;
}

void listing_close(struct listing *listing)
{
	free(listing->origins);
	free(listing->lines);
	free(listing->text);
	*listing = (struct listing){ .text = NULL };
}

/* An include directory below an open one, by its own name instead of that in /proc/self/fd. */
static void print_directory(const char *path, int length, FILE *out)
{
	char link[64], target[PATH_MAX];
	ssize_t size;
	int fd, below;

	if (sscanf(path, "/proc/self/fd/%d%n", &fd, &below) != 1)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, target, sizeof(target));
	fprintf(out, "-I%.*s%.*s\n", size > 0 ? (int)size : 0, target, length - below,
		path + below);
}

void listing_print_flags(const struct listing *listing, FILE *out)
{
	const char *at = listing->lines[0];

	while (*at) {
		int length = (int)strcspn(at, " ");
		const char *next = at + length + strspn(at + length, " ");
		int value = (int)strcspn(next, " ");

		if (length == 2 && strncmp(at, "-D", 2) == 0) {
			fprintf(out, "-D%.*s\n", value, next);
			next += value;
		} else if (strncmp(at, "-D", 2) == 0 || strncmp(at, "-W", 2) == 0 ||
			   strncmp(at, "-O", 2) == 0 || strncmp(at, "-fms-", 5) == 0) {
			fprintf(out, "%.*s\n", length, at);
		} else if (strncmp(at, "/proc/self/fd/", 14) == 0) {
			print_directory(at, length, out);
		}
		at = next + strspn(next, " ");
	}
}

void listing_print_rewritten(const struct listing *listing, FILE *out)
{
	for (size_t i = 0; i < listing->rewritten_count; i++)
		fprintf(out, "%s\n", listing->rewritten[i]);
}

/*
 * Find the source line that "; text // Line N" names. The text is compared, because N may count the
 * lines of another file. False: another file, or another kind of line.
 */
static bool find_line(const struct listing *listing, const char *line, size_t *origin)
{
	const char *number = NULL;
	const char *text;
	unsigned long n;

	if (line[0] != ';' || line[1] != ' ')
		return false;
	for (const char *at = line; (at = strstr(at, " // Line ")); at++)
		number = at;
	n = number ? strtoul(number + strlen(" // Line "), NULL, 10) : 0;
	if (n < 1 || n > listing->rewritten_count)
		return false;
	line = trim(line + 2);
	text = trim(listing->rewritten[n - 1]);
	if (line > number || strncmp(line, text, (size_t)(number - line)) != 0)
		return false;
	*origin = listing->origins[n - 1];
	return *origin < listing->source->line_count;
}

/* Print a line of the program without its indentation. */
static void print_source_text(const struct source *source, size_t index, FILE *out)
{
	const char *text = source->text;
	size_t length;

	for (size_t i = 0; i < index; i++)
		text = strchr(text, '\n') + 1;
	text = trim(text);
	length = strcspn(text, "\n");
	for (size_t i = 0; i < length; i++)
		fputc((unsigned char)text[i] >= 0x20 && text[i] != 0x7f ? text[i] : '?', out);
}

void listing_print_instructions(const struct listing *listing, FILE *out)
{
	char *const *end = listing->lines + listing->line_count;
	char *const *line = listing->rewritten + listing->rewritten_count;
	size_t origin;

	for (; line < end; line++) {
		if (function_name(*line)) {
			if (strncmp(*line, SECTION, strlen(SECTION)) != 0)
				fprintf(out, "%s:\n", function_name(*line));
		} else if (find_line(listing, *line, &origin)) {
			fputs("; ", out);
			text_print(out, listing->source->lines[origin].file);
			fprintf(out, ":%u: ", listing->source->lines[origin].line);
			print_source_text(listing->source, origin, out);
			fputc('\n', out);
		} else {
			fprintf(out, "%s\n", *line);
		}
	}
}

/*
 * The index in source->lines of the line that instruction `index` of a function comes from, or
 * line_count if the listing does not say.
 */
static size_t find_instruction(const struct listing *listing, const char *function,
			       unsigned long index)
{
	char *const *end = listing->lines + listing->line_count;
	char *const *line = listing->rewritten + listing->rewritten_count;
	size_t origin = listing->source->line_count;
	bool inside = false;
	char *rest;

	for (; line < end; line++) {
		const char *name = function_name(*line);

		if (name) {
			inside = strncmp(name, function, strlen(function)) == 0 &&
				 strspn(name + strlen(function), ":") ==
					 strlen(name + strlen(function));
			origin = listing->source->line_count;
		} else if (inside && **line == ';') {
			if (!find_line(listing, *line, &origin))
				origin = listing->source->line_count;
		} else if (inside && strtoul(*line, &rest, 10) == index && rest > *line &&
			   *rest == ':') {
			return origin;
		}
	}
	return listing->source->line_count;
}

void listing_place_error(const struct listing *listing, const char *function, unsigned long index,
			 struct error *err)
{
	const struct source *source = listing->source;
	size_t found = find_instruction(listing, function, index);
	struct error told = *err;
	size_t first = strcspn(told.text, "\n");
	FILE *out = found < source->line_count ? fmemopen(err->text, sizeof(err->text), "w") : NULL;

	if (!out)
		return;
	text_print(out, source->lines[found].file);
	fprintf(out, ":%u: %.*s\n    ", source->lines[found].line, (int)first, told.text);
	print_source_text(source, found, out);
	fputs(told.text + first, out);
	fclose(out);
	err->text[sizeof(err->text) - 1] = '\0';
}
