/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_TOKENS_H
#define BYTETRACE_GENERATE_TOKENS_H

#include <stdbool.h>

/* Just enough of C to find the arguments of a macro in a program's text. */

/* A stretch of the text. */
struct span {
	const char *start, *end;
};

bool span_is(struct span span, const char *text);

/* The text from its first token to its last one. */
struct span span_trim(struct span text);

/* Whether it may be part of a word. */
bool token_is_word(char c);

/* Behind comments and white space that start here; `at` itself if none do. */
const char *token_skip_blank(const char *at, const char *end);

/* Behind a directive of the preprocessor, in front of the newline that ends it. */
const char *token_skip_directive(const char *at, const char *end);

/* Behind a word, a literal or one other character. `at` is no blank. */
const char *token_skip(const char *at, const char *end);

/* Behind the bracket that closes the one at `at`; NULL: none does. */
const char *token_skip_brackets(const char *at, const char *end);

#endif
