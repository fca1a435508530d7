// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conflicts.h"
#include "filter/expression.h"
#include "record/keys.h"
#include "util/error.h"
#include "util/text.h"

enum group { GROUP_FILTERS, GROUP_OUTPUT, GROUP_TYPES, GROUP_SOURCE, GROUP_OTHER, GROUPS };

static const char *const group_titles[GROUPS] = {
	[GROUP_FILTERS] =
		"Filters (lists; ! before a list or a value negates; all flags must match)",
	[GROUP_OUTPUT] = "Output",
	[GROUP_TYPES] = "Types of the kernel (default: headers, then kheaders, then BTF)",
	[GROUP_SOURCE] = "Source of the program",
	[GROUP_OTHER] = "Other",
};

/* What a flag does with the member of struct options at its offset. */
enum kind {
	KIND_FILTER,  /* `value` is an enum filter_field */
	KIND_TRUE,    /* bool */
	KIND_COUNTER, /* int, one up for each time */
	KIND_ENUM,    /* int, set to `value` or to what the argument names */
	KIND_NUMBER,  /* uint64_t, at least `value` */
	KIND_SECONDS, /* uint64_t, milliseconds; the argument may have decimals */
	KIND_PATH,    /* const char * */
	KIND_SIZE,    /* uint64_t, bytes: a number with or without K or M */
	KIND_FORMAT,  /* const struct output_format * */
	KIND_SUMMARY, /* struct keys */
	KIND_EXPLAIN, /* the action; the argument is one name */
	KIND_WORD,    /* struct words, one more */
};

struct choice {
	const char *name;
	int value;
};

static const struct choice color_choices[] = {
	{ "auto", COLOR_AUTO },
	{ "always", COLOR_ALWAYS },
	{ "never", COLOR_NEVER },
	{ NULL, 0 },
};

static const struct choice types_choices[] = {
	{ "headers", TYPES_HEADERS },
	{ "btf", TYPES_BTF },
	{ NULL, 0 },
};

static const struct choice attach_choices[] = {
	{ "tp_btf", ATTACH_TP_BTF },
	{ "raw_tracepoint", ATTACH_RAW_TRACEPOINT },
	{ "tracepoint", ATTACH_TRACEPOINT },
	{ "kprobe", ATTACH_KPROBE },
	{ NULL, 0 },
};

static const struct choice print_choices[] = {
	{ "generated", ACTION_PRINT_SOURCE },
	{ "rewritten", ACTION_PRINT_REWRITTEN },
	{ NULL, 0 },
};

#define MEMBER(name) offsetof(struct options, name)

/* The one list of flags: getopt's tables, the help and the man page are made from it. */
static const struct option_spec {
	int letter; /* 0: no short form */
	const char *name;
	const char *argument; /* NULL: none; in []: optional */
	enum group group;
	const char *help;
	enum kind kind;
	size_t member;
	int value;
	const struct choice *choices;
	const char *expected; /* what the choices are, in words */
} specs[] = {
	{ 'p', "proto", "P", GROUP_FILTERS, "L3 or L4 protocol, name or number (tcp, 1, 0x88cc)",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_PROTO, NULL, NULL },
	{ 's', "saddr", "A", GROUP_FILTERS, "source address or prefix (10.0.0.0/8, ::1)",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_SADDR, NULL, NULL },
	{ 'd', "daddr", "A", GROUP_FILTERS, "destination address or prefix", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_DADDR, NULL, NULL },
	{ 'S', "sport", "N", GROUP_FILTERS, "source port or range (53, 1024-2047)", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_SPORT, NULL, NULL },
	{ 'D', "dport", "N", GROUP_FILTERS, "destination port or range", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_DPORT, NULL, NULL },
	{ 'V', "vlan", "N", GROUP_FILTERS, "VLAN ID or range; of two tags the outer", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_VLAN, NULL, NULL },
	{ 'i', "interface", "I", GROUP_FILTERS,
	  "interface name or pattern ('veth*'), in every netns", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_INTERFACE, NULL, NULL },
	{ 0, "tcp-flags", "F", GROUP_FILTERS, "all of these TCP flags (syn,!ack); again: or these",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_TCP_FLAGS, NULL, NULL },
	{ 0, "len", "N", GROUP_FILTERS, "bytes that the packet still had, or a range (64-1500)",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_LEN, NULL, NULL },
	{ 0, "mark", "N", GROUP_FILTERS, "firewall mark, or MARK/MASK (0x10/0xf0)", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_MARK, NULL, NULL },
	{ 0, "netns", "NS", GROUP_FILTERS, "network namespace: name, path, PID or inode",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_NETNS, NULL, NULL },
	{ 0, "reason", "NAME", GROUP_FILTERS, "drop reason or pattern ('TCP_*,!TCP_OLD*')",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_REASON, NULL, NULL },
	{ 0, "location", "FUNC", GROUP_FILTERS, "kernel function or pattern ('nft_*')", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_LOCATION, NULL, NULL },
	{ 0, "cpu", "N", GROUP_FILTERS, "CPU or range of CPUs (0-3)", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_CPU, NULL, NULL },
	{ 0, "pid", "N", GROUP_FILTERS, "process that was running, or a range", KIND_FILTER,
	  MEMBER(generate.filter), FILTER_PID, NULL, NULL },
	{ 0, "comm", "NAME", GROUP_FILTERS, "name of that process, or pattern ('nginx*')",
	  KIND_FILTER, MEMBER(generate.filter), FILTER_COMM, NULL, NULL },
	{ 0, "inner", NULL, GROUP_FILTERS, "filter and show the packet inside of a tunnel",
	  KIND_TRUE, MEMBER(generate.inner), 0, NULL, NULL },
	{ 'r', "valid-reason", NULL, GROUP_FILTERS, "only drops whose reason the kernel gives",
	  KIND_TRUE, MEMBER(generate.filter.valid_reason), 0, NULL, NULL },
	{ 'o', "output", "FORMAT", GROUP_OUTPUT, "table (default), or json: one object a line",
	  KIND_FORMAT, MEMBER(output.format), 0, NULL, NULL },
	{ 'v', "verbose", NULL, GROUP_OUTPUT, "add INTERFACE; -vv: every column", KIND_COUNTER,
	  MEMBER(output.verbosity), 0, NULL, NULL },
	{ 'k', "stack", NULL, GROUP_OUTPUT, "kernel stack below each drop", KIND_TRUE,
	  MEMBER(output.stack), 0, NULL, NULL },
	{ 0, "hints", NULL, GROUP_OUTPUT, "a line about each reason when it is new", KIND_TRUE,
	  MEMBER(output.hints), 0, NULL, NULL },
	{ 'n', "numeric", NULL, GROUP_OUTPUT, "PROTOCOL as a number", KIND_TRUE,
	  MEMBER(output.numeric), 0, NULL, NULL },
	{ 'c', "color", "[WHEN]", GROUP_OUTPUT, "auto (default), always, never; -c: always",
	  KIND_ENUM, MEMBER(color), COLOR_ALWAYS, color_choices, "auto, always or never" },
	{ 0, "count", "N", GROUP_OUTPUT, "stop after N drops", KIND_NUMBER, MEMBER(limits.count), 1,
	  NULL, NULL },
	{ 0, "rate", "N", GROUP_OUTPUT, "show up to N drops a second; 0: all", KIND_NUMBER,
	  MEMBER(limits.rate), 0, NULL, NULL },
	{ 0, "duration", "SEC", GROUP_OUTPUT, "stop after so many seconds", KIND_SECONDS,
	  MEMBER(limits.duration_ms), 0, NULL, NULL },
	{ 0, "summary", "[KEYS]", GROUP_OUTPUT, "count in the kernel by location,reason or KEYS",
	  KIND_SUMMARY, MEMBER(generate.keys), 0, NULL, NULL },
	{ 0, "interval", "SEC", GROUP_OUTPUT, "a summary each SEC seconds, too", KIND_SECONDS,
	  MEMBER(limits.interval_ms), 0, NULL, NULL },
	{ 0, "buffer", "SIZE", GROUP_OUTPUT, "buffer of each CPU: 1M, or 4K to 256M", KIND_SIZE,
	  MEMBER(limits.buffer), 0, NULL, NULL },
	{ 0, "types", "WHAT", GROUP_TYPES, "only headers, or only btf", KIND_ENUM,
	  MEMBER(types.only), 0, types_choices, "headers or btf" },
	{ 0, "headers", "DIR", GROUP_TYPES, "a header tree, unpacked packages, kheaders.tar.xz",
	  KIND_PATH, MEMBER(types.headers), 0, NULL, NULL },
	{ 'b', "btf", "FILE", GROUP_TYPES, "a BTF file", KIND_PATH, MEMBER(types.btf), 0, NULL,
	  NULL },
	{ 0, "force", NULL, GROUP_OTHER, "take headers of another kernel, files all may write",
	  KIND_TRUE, MEMBER(force), 0, NULL, NULL },
	{ 0, "attach", "WAY", GROUP_SOURCE, "tp_btf (best), raw_tracepoint, tracepoint or kprobe",
	  KIND_ENUM, MEMBER(attach), 0, attach_choices,
	  "tp_btf, raw_tracepoint, tracepoint or kprobe" },
	{ 0, "probe", "NAME", GROUP_SOURCE, "a probe of --list-probes, or a file; again: one more",
	  KIND_WORD, MEMBER(generate.probes), 0, NULL, NULL },
	{ 0, "list-probes", NULL, GROUP_SOURCE, "probes, and whether they work on this kernel",
	  KIND_ENUM, MEMBER(action), ACTION_LIST_PROBES, NULL, NULL },
	{ 0, "templates", "DIR", GROUP_SOURCE, "its drop.c and event.h, not those built in",
	  KIND_PATH, MEMBER(generate.templates_dir), 0, NULL, NULL },
	{ 0, "print-filter", NULL, GROUP_SOURCE, "say what passes and what it costs, and end",
	  KIND_ENUM, MEMBER(action), ACTION_PRINT_FILTER, NULL, NULL },
	{ 0, "print-source", "[WHAT]", GROUP_SOURCE,
	  "print the program and end; rewritten: by libbcc", KIND_ENUM, MEMBER(action),
	  ACTION_PRINT_SOURCE, print_choices, "generated or rewritten" },
	{ 0, "print-asm", NULL, GROUP_SOURCE, "print its instructions with their lines and end",
	  KIND_ENUM, MEMBER(action), ACTION_PRINT_ASM, NULL, NULL },
	{ 0, "print-cflags", NULL, GROUP_SOURCE, "print the flags of its compiler and end",
	  KIND_ENUM, MEMBER(action), ACTION_PRINT_CFLAGS, NULL, NULL },
	{ 0, "check", NULL, GROUP_SOURCE, "compile and load it, say what it takes, and end",
	  KIND_ENUM, MEMBER(action), ACTION_CHECK, NULL, NULL },
	{ 0, "source", "FILE", GROUP_SOURCE, "run this program instead", KIND_PATH,
	  MEMBER(generate.source_file), 0, NULL, NULL },
	{ 0, "watch", NULL, GROUP_SOURCE, "swap a program in when its file is saved", KIND_TRUE,
	  MEMBER(watch), 0, NULL, NULL },
	{ 0, "cache-dir", "DIR", GROUP_SOURCE, "where compiled programs are kept", KIND_PATH,
	  MEMBER(compile.cache_dir), 0, NULL, NULL },
	{ 0, "no-cache", NULL, GROUP_SOURCE, "compile anew and keep nothing", KIND_TRUE,
	  MEMBER(compile.no_cache), 0, NULL, NULL },
	{ 0, "explain", "[NAME]", GROUP_OTHER, "what a reason or location means; without: all",
	  KIND_EXPLAIN, MEMBER(action), 0, NULL, NULL },
	{ 'h', "help", NULL, GROUP_OTHER, "print this and end", KIND_ENUM, MEMBER(action),
	  ACTION_HELP, NULL, NULL },
	{ 0, "version", NULL, GROUP_OTHER, "print the version and end", KIND_ENUM, MEMBER(action),
	  ACTION_VERSION, NULL, NULL },
};

#define SPECS (sizeof(specs) / sizeof(*specs))
#define LONG_ONLY 256 /* getopt's value of specs[i] without a letter is LONG_ONLY + i */

static bool takes_argument(const struct option_spec *spec)
{
	return spec->argument && spec->argument[0] != '[';
}

static const struct option_spec *find_letter(int letter)
{
	for (size_t i = 0; i < SPECS; i++)
		if (specs[i].letter == letter && letter != 0)
			return &specs[i];
	return NULL;
}

static int bad_value(struct error *err, const char *flag, const char *text, const char *expected)
{
	char quoted[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_USAGE, EINVAL, "%s: %s is not %s", flag,
			 error_quote(quoted, text), expected);
}

static int apply_choice(int *member, const struct option_spec *spec, const char *flag,
			const char *text, struct error *err)
{
	if (!text) {
		*member = spec->value;
		return 0;
	}
	for (const struct choice *choice = spec->choices; choice->name; choice++) {
		if (strcmp(choice->name, text) == 0) {
			*member = choice->value;
			return 0;
		}
	}
	return bad_value(err, flag, text, spec->expected);
}

static int choose_format(const struct output_format **format, const char *flag, const char *text,
			 struct error *err)
{
	char expected[128] = "";

	for (size_t i = 0; i < output_format_count; i++) {
		const char *separator = i == 0 ? "" : i + 1 < output_format_count ? ", " : " or ";
		const size_t length = strlen(expected);

		if (strcmp(output_formats[i]->name, text) == 0) {
			*format = output_formats[i];
			return 0;
		}
		snprintf(expected + length, sizeof(expected) - length, "%s%s", separator,
			 output_formats[i]->name);
	}
	return bad_value(err, flag, text, expected);
}

/* A power of two from 4K to 256M, which is what the kernel makes its buffers of. */
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
		return bad_value(err, "--explain", name, "the name of a reason or a function");
	return add_word(&options->explain, name, err);
}

/* Take over one flag. `flag` is how the user wrote it, `text` its argument or NULL. */
static int apply(struct options *options, const struct option_spec *spec, const char *flag,
		 const char *text, struct error *err)
{
	void *member = (char *)options + spec->member;
	uint64_t number;

	switch (spec->kind) {
	case KIND_FILTER:
		return filter_parse(member, (enum filter_field)spec->value, flag, text, err);
	case KIND_TRUE:
		*(bool *)member = true;
		return 0;
	case KIND_COUNTER:
		++*(int *)member;
		return 0;
	case KIND_ENUM:
		return apply_choice(member, spec, flag, text, err);
	case KIND_NUMBER:
		if (!text_number(text, strlen(text), UINT64_MAX - 1, &number) ||
		    number < (uint64_t)spec->value)
			return bad_value(err, flag, text,
					 spec->value ? "a number above 0" : "a number");
		*(uint64_t *)member = number;
		return 0;
	case KIND_SECONDS:
		if (!text_seconds(text, &number))
			return bad_value(err, flag, text, "a number of seconds above 0");
		*(uint64_t *)member = number;
		return 0;
	case KIND_SIZE:
		if (!parse_size(text, member))
			return bad_value(err, flag, text, "a power of two from 4K to 256M");
		return 0;
	case KIND_FORMAT:
		return choose_format(member, flag, text, err);
	case KIND_SUMMARY:
		((struct keys *)member)->set = KEYS_DEFAULT;
		return text ? keys_parse(member, text, err) : 0;
	case KIND_EXPLAIN:
		options->action = ACTION_EXPLAIN;
		return text ? add_explained(options, text, err) : 0;
	case KIND_WORD:
		if (!*text)
			return bad_value(err, flag, text, "a name or a path");
		return add_word(member, text, err);
	case KIND_PATH:
		if (!*text)
			return bad_value(err, flag, text, "a path");
		*(const char **)member = text;
		return 0;
	}
	return 0;
}

/* getopt's own tables. */
static void make_tables(char *letters, struct option *names)
{
	*letters++ = ':'; /* tell a missing argument from an unknown flag */
	for (size_t i = 0; i < SPECS; i++) {
		names[i] = (struct option){
			.name = specs[i].name,
			.has_arg = takes_argument(&specs[i]) ? required_argument
				   : specs[i].argument	     ? optional_argument
							     : no_argument,
			.val = specs[i].letter ? specs[i].letter : LONG_ONLY + (int)i,
		};
		if (specs[i].letter) {
			*letters++ = (char)specs[i].letter;
			if (takes_argument(&specs[i]))
				*letters++ = ':';
		}
	}
	*letters = '\0';
}

/*
 * What getopt refused: `key` is ':' for a missing argument, else '?'. `word` is the word of the
 * command line before optind: the refused one, except for an unknown letter in the midst of others.
 */
static int refuse(struct error *err, int key, const char *word)
{
	char quoted[ERROR_QUOTE_SIZE];
	char flag[3] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt > 0 && optopt < LONG_ONLY && !find_letter(optopt);

	if (is_letter || strncmp(word, "--", 2) != 0)
		word = flag;
	error_quote(quoted, word);
	if (key == ':')
		return error_set(err, STATUS_USAGE, EINVAL, "%s needs an argument", quoted);
	if (optopt != 0 && !is_letter)
		return error_set(err, STATUS_USAGE, EINVAL, "%s: the flag takes no argument",
				 quoted);
	return error_set(err, STATUS_USAGE, EINVAL, "%s is not a flag; see --help", quoted);
}

/* The words that are no flags, with a space between each two, are one expression. */
static int parse_expression(struct options *options, char **words, size_t count, struct error *err)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	int result;

	for (size_t i = 0; i < count && out; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (!out || fclose(out))
		return error_nomem(err);
	result = expression_compile(&options->generate.expression, text, err);
	if (!result)
		result = conflicts_check_expression(options, text, err);
	options->generate.expression_text = text;
	return result;
}

/* What one flag says to several stages. */
static void share(struct options *options)
{
	options->generate.force = options->types.any_release = options->force;
	options->generate.record =
		options->generate.keys.set ? 0 : options->output.format->needs(&options->output);
	options->output.inner = options->generate.inner;
	options->output.numeric_protocol = options->generate.filter.numeric_protocol;
	if (!options->limits.buffer)
		options->limits.buffer = BUFFER_DEFAULT;
}

int options_parse(struct options *options, int argc, char **argv, struct error *err)
{
	char letters[2 * SPECS + 2];
	struct option names[SPECS + 1] = { 0 };
	int result = 0;

	memset(options, 0, sizeof(*options));
	options->output.format = output_formats[0];
	options->limits.rate = RATE_DEFAULT;
	make_tables(letters, names);
	opterr = 0;
	optind = 0; /* start anew: tests parse more than once */
	while (!result) {
		int index = -1;
		int key = getopt_long(argc, argv, letters, names, &index);
		const struct option_spec *spec =
			key >= LONG_ONLY ? &specs[key - LONG_ONLY] : find_letter(key);
		char flag[32];

		if (key == -1)
			break;
		if (!spec)
			return refuse(err, key, argv[optind - 1]);
		if (index >= 0)
			snprintf(flag, sizeof(flag), "--%s", spec->name);
		else
			snprintf(flag, sizeof(flag), "-%c", spec->letter);
		const enum action before = options->action;

		result = apply(options, spec, flag, optarg, err);
		if (options->action == ACTION_HELP || options->action == ACTION_VERSION)
			return 0;
		if (!result && before != ACTION_TRACE && options->action != before)
			return error_set(err, STATUS_USAGE, EINVAL,
					 "%s: an earlier flag says already what to do instead of "
					 "tracing",
					 flag);
	}
	for (; !result && options->action == ACTION_EXPLAIN && optind < argc; optind++)
		result = add_explained(options, argv[optind], err);
	if (!result)
		result = conflicts_check(options, optind < argc, err);
	if (!result)
		share(options);
	if (!result && optind < argc)
		result = parse_expression(options, argv + optind, (size_t)(argc - optind), err);
	return result;
}

void options_help(FILE *out)
{
	fputs("Usage: bytetrace [flags] [filter expression]\n"
	      "Show the packets that the kernel drops: where, and why. A filter expression is\n"
	      "what tcpdump takes, see pcap-filter(7).\n",
	      out);
	for (int group = 0; group < GROUPS; group++) {
		fprintf(out, "\n%s:\n", group_titles[group]);
		for (size_t i = 0; i < SPECS; i++) {
			const struct option_spec *spec = &specs[i];
			char flag[32];

			if (spec->group != (enum group)group)
				continue;
			if (!spec->argument)
				snprintf(flag, sizeof(flag), "--%s", spec->name);
			else if (takes_argument(spec))
				snprintf(flag, sizeof(flag), "--%s %s", spec->name, spec->argument);
			else /* "[WHEN]" as "[=WHEN]" */
				snprintf(flag, sizeof(flag), "--%s[=%s", spec->name,
					 spec->argument + 1);
			if (spec->letter)
				fprintf(out, "  -%c, %-19s %s\n", spec->letter, flag, spec->help);
			else
				fprintf(out, "      %-19s %s\n", flag, spec->help);
		}
	}
	fputs("\nExamples:\n"
	      "  bytetrace                           every drop on this host\n"
	      "  bytetrace -i eth0 -p tcp -D 80,443  web traffic on one interface\n"
	      "  bytetrace 'tcp[tcpflags] & tcp-syn != 0 and not net 10.0.0.0/8'\n"
	      "                                      connection attempts from and to elsewhere\n"
	      "  bytetrace -r -k -s 10.0.0.0/8       with stacks, where the kernel knows why\n"
	      "  bytetrace --summary=iface,reason    counts: KEYS are reason, location, iface,\n"
	      "                                      proto, saddr, daddr, sport, dport, and the\n"
	      "                                      columns of a probe\n"
	      "  bytetrace --probe qdisc             drops of a qdisc, and its state\n"
	      "  bytetrace --explain NETFILTER_DROP  what that means, and what helps\n",
	      out);
}

void options_free(struct options *options)
{
	free(options->explain.list);
	free(options->generate.probes.list);
	filter_free(&options->generate.filter);
	expression_free(options->generate.expression);
	free(options->generate.expression_text);
	options->generate.expression = NULL;
	options->generate.expression_text = NULL;
}
