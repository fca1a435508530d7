// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conflicts.h"
#include "cli/flags.h"
#include "filter/expression.h"
#include "record/keys.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

#define LONG_ONLY 256 /* getopt's key of flag i if it has no letter: LONG_ONLY + i */
#define MAX_CHOICES 8

static bool takes_argument(const struct flag *flag)
{
	return flag->argument && flag->argument[0] != '[';
}

static int bad_value(struct error *err, const char *flag, const char *text, const char *expected)
{
	char quoted[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_USAGE, EINVAL, "%s: %s is not %s", flag,
			 error_quote(quoted, text), expected);
}

/* The argument is not one of the words that the flag takes. */
static int bad_choice(struct error *err, const char *flag, const char *text,
		      const char *const *words, size_t count)
{
	struct nearest nearest = { .text = text };
	char quoted[ERROR_QUOTE_SIZE], list[256];

	for (size_t i = 0; i < count; i++)
		nearest_take(&nearest, words[i], 0, 0);
	if (nearest_is_close(&nearest))
		return error_set(err, STATUS_USAGE, EINVAL,
				 "%s: unknown value %s; did you mean %s?", flag,
				 error_quote(quoted, text), nearest.best[0].name);
	return bad_value(err, flag, text, text_list(list, sizeof(list), "", words, count));
}

static int choose(int *member, const struct flag *row, const char *flag, const char *text,
		  struct error *err)
{
	const char *words[MAX_CHOICES];
	size_t count = 0;

	if (!text) {
		*member = row->value;
		return 0;
	}
	for (const struct choice *choice = row->choices; choice->name; choice++) {
		if (strcmp(choice->name, text) == 0) {
			*member = choice->value;
			return 0;
		}
		if (count < MAX_CHOICES)
			words[count++] = choice->name;
	}
	return bad_choice(err, flag, text, words, count);
}

static int choose_format(const struct output_format **format, const char *flag, const char *text,
			 struct error *err)
{
	const char *words[MAX_CHOICES];
	size_t count = 0;

	for (; count < output_format_count && count < MAX_CHOICES; count++) {
		if (strcmp(output_formats[count]->name, text) == 0) {
			*format = output_formats[count];
			return 0;
		}
		words[count] = output_formats[count]->name;
	}
	return bad_choice(err, flag, text, words, count);
}

/* The kernel's buffers have a power of two of pages: from 4K to 256M are accepted. */
static bool parse_size(const char *text, uint64_t *size)
{
	size_t digits = strspn(text, "0123456789");
	unsigned int shift = 0;

	if (text[digits] == 'K' || text[digits] == 'M')
		shift = text[digits] == 'K' ? 10 : 20;
	if (text[digits + (shift > 0)] != '\0' || !text_number(text, digits, 1 << 28, size))
		return false;
	*size <<= shift;
	return *size >= 4096 && *size <= 1 << 28 && (*size & (*size - 1)) == 0;
}

static int add_word(struct words *words, const char *word, struct error *err)
{
	const char **grown = realloc(words->list, (words->count + 1) * sizeof(*grown));

	if (!grown)
		return error_nomem(err);
	words->list = grown;
	grown[words->count++] = word;
	return 0;
}

static int add_explained(struct options *options, const char *name, struct error *err)
{
	if (!*name)
		return bad_value(err, "--explain", name,
				 "the name of a reason, function or counter");
	return add_word(&options->explain, name, err);
}

/* Store one flag in the options. `flag` is its name in messages, `text` its argument or NULL. */
static int apply(struct options *options, const struct flag *row, const char *flag,
		 const char *text, struct error *err)
{
	void *member = (char *)options + row->member;
	uint64_t number;

	switch (row->kind) {
	case FLAG_FILTER:
		return filter_parse(member, (enum filter_field)row->value, flag, text, err);
	case FLAG_TRUE:
		*(bool *)member = true;
		return 0;
	case FLAG_COUNTER:
		++*(int *)member;
		return 0;
	case FLAG_ACTION:
		*(enum action *)member = (enum action)row->value;
		return 0;
	case FLAG_CHOICE:
		return choose(member, row, flag, text, err);
	case FLAG_FORMAT:
		return choose_format(member, flag, text, err);
	case FLAG_NUMBER:
		if (!text_number(text, strlen(text), UINT64_MAX - 1, &number) ||
		    number < (uint64_t)row->value)
			return bad_value(err, flag, text,
					 row->value ? "a number above 0" : "a number");
		*(uint64_t *)member = number;
		return 0;
	case FLAG_TIME:
		if (!text_duration(text, member))
			return bad_value(err, flag, text,
					 "a time above 0 (such as 30, 0.5, 5m or 2h)");
		return 0;
	case FLAG_SIZE:
		if (!parse_size(text, member))
			return bad_value(err, flag, text, "a power of two from 4K to 256M");
		return 0;
	case FLAG_KEYS:
		((struct keys *)member)->set = KEYS_DEFAULT;
		return text ? keys_parse(member, text, err) : 0;
	case FLAG_EXPLAIN:
		options->action = ACTION_EXPLAIN;
		return text ? add_explained(options, text, err) : 0;
	case FLAG_WORD:
		if (!*text)
			return bad_value(err, flag, text, "a name or a path");
		return add_word(member, text, err);
	case FLAG_PATH:
		if (!*text)
			return bad_value(err, flag, text, "a path");
		*(const char **)member = text;
		return 0;
	}
	return 0;
}

/* Fill the tables of getopt_long(). */
static void make_tables(const struct flag *flags, size_t count, char *letters, struct option *names)
{
	*letters++ = ':'; /* return ':' if an argument is missing */
	for (size_t i = 0; i < count; i++) {
		names[i] = (struct option){
			.name = flags[i].name,
			.has_arg = takes_argument(&flags[i]) ? required_argument
				   : flags[i].argument	     ? optional_argument
							     : no_argument,
			.val = flags[i].letter ? flags[i].letter : LONG_ONLY + (int)i,
		};
		if (flags[i].letter) {
			*letters++ = (char)flags[i].letter;
			if (takes_argument(&flags[i]))
				*letters++ = ':';
		}
	}
	*letters = '\0';
}

/* The flag with a key of getopt's; NULL: unknown. */
static const struct flag *find(const struct flag *flags, size_t count, int key)
{
	if (key >= LONG_ONLY && (size_t)(key - LONG_ONLY) < count)
		return &flags[key - LONG_ONLY];
	for (size_t i = 0; i < count; i++)
		if (flags[i].letter == key && key != 0)
			return &flags[i];
	return NULL;
}

/* "--nmae=x" is not a flag, or abbreviates several. */
static int refuse_name(const struct flag *flags, size_t count, const char *word, struct error *err)
{
	const char *name = word + strlen("--");
	const size_t length = strcspn(name, "=");
	const char *candidates[FLAGS_MAX];
	size_t candidate_count = 0;
	char quoted[ERROR_QUOTE_SIZE], plain[NEAREST_MAX_NAME + 1], list[512];
	struct nearest nearest = { .text = plain + strlen("--") };

	snprintf(plain, sizeof(plain), "--%.*s", (int)length, name);
	error_quote(quoted, plain);
	for (size_t i = 0; i < count; i++) {
		nearest_take(&nearest, flags[i].name, 0, 0);
		if (strncmp(flags[i].name, name, length) == 0)
			candidates[candidate_count++] = flags[i].name;
	}
	if (candidate_count > 1)
		return error_set(err, STATUS_USAGE, EINVAL,
				 "option %s is ambiguous; did you mean %s?", quoted,
				 text_list(list, sizeof(list), "--", candidates, candidate_count));
	if (nearest_is_close(&nearest))
		return error_set(err, STATUS_USAGE, EINVAL, "unknown option %s; did you mean --%s?",
				 quoted, nearest.best[0].name);
	return error_set(err, STATUS_USAGE, EINVAL, "unknown option %s; see --help", quoted);
}

/*
 * getopt refused a word: `key` is ':' for a missing argument, else '?'. `word` is the one before
 * optind: the refused word, unless an unknown letter is followed by others in the same word.
 */
static int refuse(const struct flag *flags, size_t count, int key, const char *word,
		  struct error *err)
{
	const bool is_letter = optopt > 0 && optopt < LONG_ONLY && !find(flags, count, optopt);
	const char letter[3] = { '-', (char)optopt, '\0' };
	char quoted[ERROR_QUOTE_SIZE], name[NEAREST_MAX_NAME + 1];

	if (key == '?' && optopt == 0)
		return refuse_name(flags, count, word, err);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	error_quote(quoted, is_letter || strncmp(word, "--", 2) != 0 ? letter : name);
	if (key == ':')
		return error_set(err, STATUS_USAGE, EINVAL, "option %s needs an argument", quoted);
	if (!is_letter)
		return error_set(err, STATUS_USAGE, EINVAL, "option %s takes no argument", quoted);
	return error_set(err, STATUS_USAGE, EINVAL, "unknown option %s; see --help", quoted);
}

/* All other words, joined by spaces, are one filter expression. */
static int parse_expression(struct options *options, char **words, size_t count, struct error *err)
{
	size_t size;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);
	int result;

	if (!stream)
		return error_nomem(err);
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%s%s", i ? " " : "", words[i]);
	if (fclose(stream)) {
		result = error_nomem(err);
		goto out;
	}
	result = expression_compile(&options->generate.expression, text, err);
	if (result)
		goto out;
	result = conflicts_check_expression(options, err);
out:
	free(text);
	return result;
}

/* What one flag says to several stages. */
static void share(struct options *options)
{
	struct generate_config *generate = &options->generate;

	generate->force = options->types.force = options->types.any_release = options->force;
	generate->record = generate->keys.set ? 0 : options->output.format->needs(&options->output);
	/* The reader tests this filter. */
	if (generate->filter.sets[FILTER_PROGRAM].given) {
		generate->record |= RECORD_SOCKET;
		generate->keys.set |= generate->keys.set ? BIT_PROGRAM : 0;
	}
	options->output.inner = generate->inner;
	options->output.numeric |= generate->filter.numeric_protocol;
	if (!options->limits.buffer)
		options->limits.buffer = BUFFER_DEFAULT;
}

/* Parse all flags, or those up to --help or --version. Leaves optind at the first other word. */
static int parse_flags(struct options *options, int argc, char **argv, struct error *err)
{
	char letters[2 * FLAGS_MAX + 2];
	struct option names[FLAGS_MAX + 1] = { 0 };
	size_t count;
	const struct flag *flags = flags_all(&count);
	char action[32] = ""; /* the flag that chose the action */

	make_tables(flags, count, letters, names);
	opterr = 0;
	optind = 0; /* start anew: tests parse more than once */
	for (;;) {
		const enum action before = options->action;
		int index = -1;
		int key = getopt_long(argc, argv, letters, names, &index);
		const struct flag *row = find(flags, count, key);
		char flag[32];
		int result;

		if (key == -1)
			return 0;
		if (!row)
			return refuse(flags, count, key, argv[optind - 1], err);
		if (index >= 0)
			snprintf(flag, sizeof(flag), "--%s", row->name);
		else
			snprintf(flag, sizeof(flag), "-%c", row->letter);
		result = apply(options, row, flag, optarg, err);
		if (options->action == ACTION_HELP || options->action == ACTION_VERSION)
			return 0;
		if (result)
			return result;
		if (before != ACTION_TRACE && options->action != before)
			return error_set(err, STATUS_USAGE, EINVAL,
					 "%s contradicts %s: give one of them", flag, action);
		if (options->action != before)
			memcpy(action, flag, sizeof(action));
	}
}

int options_parse(struct options *options, int argc, char **argv, struct error *err)
{
	int result;

	memset(options, 0, sizeof(*options));
	options->output.format = output_formats[0];
	options->limits.rate = RATE_DEFAULT;
	result = parse_flags(options, argc, argv, err);
	if (result || options->action == ACTION_HELP || options->action == ACTION_VERSION)
		return result;
	for (; options->action == ACTION_EXPLAIN && optind < argc; optind++) {
		result = add_explained(options, argv[optind], err);
		if (result)
			return result;
	}
	result = conflicts_check(options, optind < argc, err);
	if (result)
		return result;
	share(options);
	if (optind == argc)
		return 0;
	return parse_expression(options, argv + optind, (size_t)(argc - optind), err);
}

void options_free(struct options *options)
{
	free(options->explain.list);
	free(options->generate.probes.list);
	filter_free(&options->generate.filter);
	expression_free(options->generate.expression);
	options->generate.expression = NULL;
}
