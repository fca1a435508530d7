// SPDX-License-Identifier: GPL-2.0-only
#include "filter/pattern.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/text.h"

#define NAME_SIZE 16 /* IFNAMSIZ, TASK_COMM_LEN */

bool pattern_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *rest = NULL; /* the last *, and what follows it in the name */

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			rest = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++rest;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* Whether the name is compared by words: its only wildcard, if any, is a * at the end. */
static bool is_prefix(const char *text)
{
	size_t plain = strcspn(text, "*?");

	return text[plain] == '\0' || strcmp(text + plain, "*") == 0;
}

/* The program runs on this host, so the words have this host's byte order. */
static void put_words(const char *text, const char *value, FILE *out)
{
	size_t length = strcspn(text, "*");
	char name[NAME_SIZE] = "", mask[NAME_SIZE];
	uint64_t words[2], masks[2];
	bool first = true;

	memcpy(name, text, length);
	memset(mask, 0xff, sizeof(mask));
	if (text[length])
		memset(mask + length, 0, sizeof(mask) - length);
	memcpy(words, name, sizeof(words));
	memcpy(masks, mask, sizeof(masks));
	for (int i = 0; i < 2; i++) {
		if (masks[i] == 0)
			continue;
		fputs(first ? "" : " && ", out);
		if (masks[i] == UINT64_MAX)
			fprintf(out, "%s_words[%d] == 0x%016llx", value, i,
				(unsigned long long)words[i]);
		else
			fprintf(out, "(%s_words[%d] & 0x%016llx) == 0x%016llx", value, i,
				(unsigned long long)masks[i], (unsigned long long)words[i]);
		first = false;
	}
	fputs(first ? "1" : "", out);
}

static void comment_name(FILE *out, const char *text)
{
	char name[4 * NAME_SIZE + 1];

	text_escape(name, sizeof(name), text, strlen(text), "*/", NULL);
	fprintf(out, "/* %s */", name);
}

void pattern_emit_test(const char *field, size_t index, const char *pattern, const char *value,
		       FILE *out)
{
	if (is_prefix(pattern)) {
		put_words(pattern, value, out);
		fputs(" ", out);
		comment_name(out, pattern);
	} else {
		fprintf(out, "%s_matches_%zu(%s)", field, index, value);
	}
}

/*
 * A function that matches a name against a pattern with * and ?. It steps through the name; bit N
 * of its state says whether the first N characters of the pattern match the part seen so far.
 */
static void emit_steps(const char *field, size_t index, const char *text, FILE *out)
{
	uint32_t any = 0, repeated = 0;
	size_t length = 0;
	char characters[NAME_SIZE];

	for (; *text; text++) {
		if (*text == '*') {
			repeated |= 1u << length;
			continue;
		}
		if (*text == '?')
			any |= 1u << length;
		characters[length++] = *text;
	}
	fprintf(out,
		"static __always_inline int %s_matches_%zu(const char *name)\n"
		"{\n"
		"\tu32 seen = 1; /* bit N: the first N characters of the pattern match */\n\n"
		"#pragma unroll\n"
		"\tfor (int i = 0; i < %d; i++) {\n"
		"\t\tu32 next = 0x%x; /* which of them the character goes on */\n\n"
		"\t\tif (!name[i])\n"
		"\t\t\tbreak;\n",
		field, index, NAME_SIZE, any);
	for (size_t i = 0; i < length; i++) {
		uint32_t places = 0;

		if (any >> i & 1 || memchr(characters, characters[i], i))
			continue; /* already written */
		for (size_t k = i; k < length; k++)
			if (characters[k] == characters[i] && !(any >> k & 1))
				places |= 1u << k;
		if (isalnum((unsigned char)characters[i]))
			fprintf(out, "\t\tif (name[i] == '%c')", characters[i]);
		else
			fprintf(out, "\t\tif ((u8)name[i] == 0x%02x)",
				(unsigned char)characters[i]);
		fprintf(out, "\n\t\t\tnext |= 0x%x;\n", places);
	}
	fprintf(out,
		"\t\tseen = (seen & next) << 1 | (seen & 0x%x);\n"
		"\t}\n"
		"\treturn seen >> %zu & 1;\n"
		"}\n\n",
		repeated, length);
}

void pattern_emit_function(const char *field, size_t index, const char *pattern, FILE *out)
{
	if (!is_prefix(pattern))
		emit_steps(field, index, pattern, out);
}
