// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/enums.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "util/text.h"

int enums_add(struct enums *enums, uint32_t value, const char *name, size_t length)
{
	char *copy;

	if (enums->count == enums->capacity) {
		size_t capacity = enums->capacity ? enums->capacity * 2 : 16;
		void *grown = realloc(enums->entries, capacity * sizeof(*enums->entries));

		if (!grown)
			return -ENOMEM;
		enums->entries = grown;
		enums->capacity = capacity;
	}
	copy = strndup(name, length);
	if (!copy)
		return -ENOMEM;
	enums->entries[enums->count++] = (struct enumerator){ .value = value, .name = copy };
	return 0;
}

const struct enumerator *enums_by_value(const struct enums *enums, uint32_t value)
{
	size_t guess;

	if (enums->count == 0)
		return NULL;
	/* Most enums count upwards without gaps. */
	guess = value - enums->entries[0].value;
	if (guess < enums->count && enums->entries[guess].value == value)
		return &enums->entries[guess];
	for (size_t i = 0; i < enums->count; i++)
		if (enums->entries[i].value == value)
			return &enums->entries[i];
	return NULL;
}

const struct enumerator *enums_by_name(const struct enums *enums, const char *name, size_t length)
{
	for (size_t i = 0; i < enums->count; i++) {
		const char *have = enums->entries[i].name;

		if (strncmp(have, name, length) == 0 && have[length] == '\0')
			return &enums->entries[i];
	}
	return NULL;
}

void enums_free(struct enums *enums)
{
	for (size_t i = 0; i < enums->count; i++)
		free(enums->entries[i].name);
	free(enums->entries);
	*enums = (struct enums){ 0 };
}

static bool enum_wanted(const struct enums_query *query, const char *name, size_t length)
{
	size_t end = strlen(query->suffix);

	return length >= end && memcmp(name + length - end, query->suffix, end) == 0;
}

static bool value_wanted(const struct enums_query *query, uint32_t value)
{
	return value >= query->first && value <= query->last;
}

/* BTF */

static void collect_btf(struct enums *enums, const struct enums_query *query, const struct btf *btf)
{
	const struct btf_type *type;

	/* BTF_KIND_ENUM64 is only for enums with values beyond 32 bits. */
	for (__u32 id = 1; (type = btf__type_by_id(btf, id)); id++) {
		const struct btf_enum *member = btf_enum(type);
		const char *name;

		if (!btf_is_enum(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!name || !enum_wanted(query, name, strlen(name)))
			continue;
		for (__u16 i = 0; i < btf_vlen(type); i++, member++) {
			name = btf__name_by_offset(btf, member->name_off);
			if (!name || !value_wanted(query, (uint32_t)member->val))
				continue;
			if (enums_add(enums, (uint32_t)member->val, name, strlen(name)))
				return;
		}
	}
}

/* One convention for libbpf before 1.0, which returns error pointers, and after. */
static struct btf *parse_btf(const char *dir, const char *file, struct btf *base)
{
	struct btf *btf;
	char *path;

	if (asprintf(&path, "%s/%s", dir, file) < 0)
		return NULL;
	btf = btf__parse_split(path, base);
	free(path);
	return libbpf_get_error(btf) ? NULL : btf;
}

void enums_from_btf(struct enums *enums, const struct enums_query *query, const char *dir,
		    const char *module)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* no messages about invalid files */
	struct btf *vmlinux = parse_btf(dir, "vmlinux", NULL);
	struct btf *split = NULL;

	if (!vmlinux)
		goto out;
	if (module)
		split = parse_btf(dir, module, vmlinux);
	/* A split BTF includes the types of its base. */
	collect_btf(enums, query, split ? split : vmlinux);
out:
	btf__free(split);
	btf__free(vmlinux);
	libbpf_set_print(print);
}

/* Header text */

struct token {
	enum {
		TOKEN_END,
		TOKEN_NAME,
		TOKEN_NUMBER,
		TOKEN_DIRECTIVE, /* a whole line for the preprocessor */
		TOKEN_OTHER,	 /* one character */
	} kind;
	const char *text;
	size_t length;
};

struct lexer {
	const char *at, *end;
	struct token token; /* the current one */
};

static const char *skip_comment(const char *at, const char *end)
{
	if (end - at < 2 || at[0] != '/')
		return at;
	if (at[1] == '*') {
		const char *close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);

		return close ? close + 2 : end;
	}
	if (at[1] == '/') {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		return newline ? newline : end;
	}
	return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
	const char *before;

	do {
		before = at;
		while (at < end && strchr(" \t\r\n\\", *at))
			at++;
		at = skip_comment(at, end);
	} while (at != before);
	return at;
}

static const char *skip_directive(const char *at, const char *end)
{
	while (at < end && *at != '\n') {
		const char *after = skip_comment(at, end);

		if (after == at)
			after += *at == '\\' && end - at > 1 ? 2 : 1;
		at = after;
	}
	return at;
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static void next_token(struct lexer *lexer)
{
	struct token *token = &lexer->token;
	const char *at = skip_blanks(lexer->at, lexer->end);

	*token = (struct token){ .kind = TOKEN_END, .text = at };
	if (at < lexer->end && *at == '#') {
		token->kind = TOKEN_DIRECTIVE;
		at = skip_directive(at, lexer->end);
	} else if (at < lexer->end && is_word(*at)) {
		token->kind = *at <= '9' ? TOKEN_NUMBER : TOKEN_NAME;
		while (at < lexer->end && is_word(*at))
			at++;
	} else if (at < lexer->end) {
		token->kind = TOKEN_OTHER;
		at++;
	}
	token->length = (size_t)(at - token->text);
	lexer->at = at;
}

static bool token_is(const struct lexer *lexer, const char *text)
{
	return lexer->token.length == strlen(text) &&
	       memcmp(lexer->token.text, text, lexer->token.length) == 0;
}

static bool number_value(const struct token *token, uint32_t *value)
{
	size_t length = token->length;
	uint64_t number;

	while (length > 1 && strchr("uUlL", token->text[length - 1]))
		length--;
	/* A leading zero would be octal. */
	if (length > 1 && token->text[0] == '0' && (token->text[1] | 0x20) != 'x')
		return false;
	if (!text_number(token->text, length, UINT32_MAX, &number))
		return false;
	*value = (uint32_t)number;
	return true;
}

static bool operand_value(struct lexer *lexer, const struct enums *constants, uint32_t *value)
{
	const struct token token = lexer->token;
	const struct enumerator *constant;

	next_token(lexer);
	if (token.kind == TOKEN_NUMBER)
		return number_value(&token, value);
	if (token.kind != TOKEN_NAME)
		return false;
	constant = enums_by_name(constants, token.text, token.length);
	if (constant)
		*value = constant->value;
	return constant;
}

/* Evaluate A or A << B up to the next comma or brace. Skips to there in any case. */
static bool expression_value(struct lexer *lexer, const struct enums *constants, uint32_t *value)
{
	bool known = operand_value(lexer, constants, value);

	if (known && token_is(lexer, "<")) {
		uint32_t shift;

		next_token(lexer);
		known = token_is(lexer, "<");
		next_token(lexer);
		known = known && operand_value(lexer, constants, &shift) && shift < 32;
		if (known)
			*value <<= shift;
	}
	known = known && (token_is(lexer, ",") || token_is(lexer, "}"));
	while (!token_is(lexer, ",") && !token_is(lexer, "}") && lexer->token.kind != TOKEN_END &&
	       lexer->token.kind != TOKEN_DIRECTIVE)
		next_token(lexer);
	return known;
}

/*
 * Parse the enumerators after the brace. Stops at anything besides names, values and commas: a
 * condition or macro call may add enumerators, after which the values are unknown.
 */
static int parse_enumerators(struct lexer *lexer, struct enums *constants, struct enums *wanted,
			     const struct enums_query *query)
{
	uint32_t value = 0;
	bool known = true;

	while (lexer->token.kind == TOKEN_NAME) {
		const struct token name = lexer->token;

		next_token(lexer);
		if (token_is(lexer, "=")) {
			next_token(lexer);
			known = expression_value(lexer, constants, &value);
		}
		if (!token_is(lexer, ",") && !token_is(lexer, "}"))
			break;
		if (known && enums_add(constants, value, name.text, name.length))
			return -ENOMEM;
		if (known && wanted && value_wanted(query, value) &&
		    enums_add(wanted, value, name.text, name.length))
			return -ENOMEM;
		value++;
		if (token_is(lexer, ","))
			next_token(lexer);
	}
	return 0;
}

/* #define NAME NUMBER */
static int parse_directive(const struct token *directive, struct enums *constants)
{
	struct lexer lexer = { .at = directive->text + 1,
			       .end = directive->text + directive->length };
	struct token name;
	uint32_t value;

	next_token(&lexer);
	if (!token_is(&lexer, "define"))
		return 0;
	next_token(&lexer);
	name = lexer.token;
	next_token(&lexer);
	if (lexer.token.kind != TOKEN_NUMBER || !number_value(&lexer.token, &value))
		return 0;
	next_token(&lexer);
	if (lexer.token.kind != TOKEN_END)
		return 0;
	return enums_add(constants, value, name.text, name.length);
}

void enums_from_header(struct enums *enums, const struct enums_query *query,
		       struct enums *constants, const char *text)
{
	struct lexer lexer = { .at = text, .end = text + strlen(text) };
	int result = 0;

	next_token(&lexer);
	while (lexer.token.kind != TOKEN_END && result == 0) {
		const struct token token = lexer.token;
		bool is_enum = token_is(&lexer, "enum");

		next_token(&lexer);
		if (token.kind == TOKEN_DIRECTIVE)
			result = parse_directive(&token, constants);
		if (is_enum && lexer.token.kind == TOKEN_NAME) {
			const struct token name = lexer.token;
			bool wanted = enum_wanted(query, name.text, name.length);

			next_token(&lexer);
			if (!token_is(&lexer, "{"))
				continue;
			next_token(&lexer);
			result = parse_enumerators(&lexer, constants, wanted ? enums : NULL, query);
		}
	}
}
