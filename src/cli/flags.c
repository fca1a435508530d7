// SPDX-License-Identifier: GPL-2.0-only
/* The list of flags, from which getopt's tables, --help and the man page are generated. */
#include "cli/flags.h"

#include <string.h>

#include "cli/options.h"
#include "filter/fields.h"
#include "output/output.h"
#include "record/columns.h"

#define MEMBER(name) offsetof(struct options, name)

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

static const struct flag other_flags[] = {
	{
		.name = "inner",
		.group = GROUP_FILTERS,
		.help = "match and show the packet inside a tunnel",
		.kind = FLAG_TRUE,
		.member = MEMBER(generate.inner),
	},
	{
		.letter = 'r',
		.name = "valid-reason",
		.group = GROUP_FILTERS,
		.help = "only drops for which the kernel gives a reason",
		.kind = FLAG_TRUE,
		.member = MEMBER(generate.filter.valid_reason),
	},
	{
		.letter = 'o',
		.name = "output",
		.argument = "FORMAT",
		.group = GROUP_OUTPUT,
		.kind = FLAG_FORMAT, /* the formats are its help */
		.member = MEMBER(output.format),
	},
	{
		.letter = 'v',
		.name = "verbose",
		.group = GROUP_OUTPUT,
		.help = "add INTERFACE; -vv: every column",
		.kind = FLAG_COUNTER,
		.member = MEMBER(output.verbosity),
	},
	{
		.letter = 'k',
		.name = "stack",
		.group = GROUP_OUTPUT,
		.help = "print the kernel stack below each drop",
		.kind = FLAG_TRUE,
		.member = MEMBER(output.stack),
	},
	{
		.name = "hints",
		.group = GROUP_OUTPUT,
		.help = "explain each new reason and location in one line",
		.kind = FLAG_TRUE,
		.member = MEMBER(output.hints),
	},
	{
		.letter = 'n',
		.name = "numeric",
		.group = GROUP_OUTPUT,
		.help = "print PROTOCOL as a number",
		.kind = FLAG_TRUE,
		.member = MEMBER(output.numeric),
	},
	{
		.name = "wide",
		.group = GROUP_OUTPUT,
		.help = "do not fit a table to the width of the terminal",
		.kind = FLAG_TRUE,
		.member = MEMBER(output.wide),
	},
	{
		.letter = 'c',
		.name = "color",
		.argument = "[WHEN]",
		.group = GROUP_OUTPUT,
		.help = "auto (default), always, never; -c: always",
		.kind = FLAG_CHOICE,
		.member = MEMBER(color),
		.value = COLOR_ALWAYS,
		.choices = color_choices,
	},
	{
		.name = "count",
		.argument = "N",
		.group = GROUP_OUTPUT,
		.help = "stop after N drops",
		.kind = FLAG_NUMBER,
		.member = MEMBER(limits.count),
		.value = 1,
	},
	{
		.name = "rate",
		.argument = "N",
		.group = GROUP_OUTPUT,
		.help = "show at most N drops a second; 0: all",
		.kind = FLAG_NUMBER,
		.member = MEMBER(limits.rate),
	},
	{
		.name = "duration",
		.argument = "TIME",
		.group = GROUP_OUTPUT,
		.help = "stop after TIME: seconds, or with a unit (1.5m, 2h)",
		.kind = FLAG_TIME,
		.member = MEMBER(limits.duration_ms),
	},
	{
		.name = "summary",
		.argument = "[KEYS]",
		.group = GROUP_OUTPUT,
		.help = "count in the kernel by location,reason or by KEYS",
		.kind = FLAG_KEYS,
		.member = MEMBER(generate.keys),
	},
	{
		.name = "interval",
		.argument = "TIME",
		.group = GROUP_OUTPUT,
		.help = "also print the summary every TIME",
		.kind = FLAG_TIME,
		.member = MEMBER(limits.interval_ms),
	},
	{
		.name = "buffer",
		.argument = "SIZE",
		.group = GROUP_OUTPUT,
		.help = "size of each CPU's buffer, 4K to 256M (default 1M)",
		.kind = FLAG_SIZE,
		.member = MEMBER(limits.buffer),
	},
	{
		.name = "types",
		.argument = "WHAT",
		.group = GROUP_TYPES,
		.help = "use only headers, or only btf",
		.kind = FLAG_CHOICE,
		.member = MEMBER(types.only),
		.choices = types_choices,
	},
	{
		.name = "headers",
		.argument = "DIR",
		.group = GROUP_TYPES,
		.help = "a header tree, unpacked packages, or kheaders.tar.xz",
		.kind = FLAG_PATH,
		.member = MEMBER(types.headers),
	},
	{
		.letter = 'b',
		.name = "btf",
		.argument = "FILE",
		.group = GROUP_TYPES,
		.help = "a BTF file",
		.kind = FLAG_PATH,
		.member = MEMBER(types.btf),
	},
	{
		.name = "attach",
		.argument = "WAY",
		.group = GROUP_SOURCE,
		.help = "tp_btf (best), raw_tracepoint, tracepoint or kprobe",
		.kind = FLAG_CHOICE,
		.member = MEMBER(attach),
		.choices = attach_choices,
	},
	{
		.name = "probe",
		.argument = "NAME",
		.group = GROUP_SOURCE,
		.help = "probe of --list-probes, or file; can be repeated",
		.kind = FLAG_WORD,
		.member = MEMBER(generate.probes),
	},
	{
		.name = "list-probes",
		.group = GROUP_SOURCE,
		.help = "list probes and whether they work on this kernel",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_LIST_PROBES,
	},
	{
		.name = "templates",
		.argument = "DIR",
		.group = GROUP_SOURCE,
		.help = "use the templates in DIR instead of the built-in ones",
		.kind = FLAG_PATH,
		.member = MEMBER(generate.templates_dir),
	},
	{
		.name = "print-filter",
		.group = GROUP_SOURCE,
		.help = "print what the filters match, and what they cost",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_PRINT_FILTER,
	},
	{
		.name = "print-source",
		.argument = "[WHAT]",
		.group = GROUP_SOURCE,
		.help = "print the program; rewritten: as libbcc rewrites it",
		.kind = FLAG_CHOICE,
		.member = MEMBER(action),
		.value = ACTION_PRINT_SOURCE,
		.choices = print_choices,
	},
	{
		.name = "print-asm",
		.group = GROUP_SOURCE,
		.help = "print the program's instructions below its lines",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_PRINT_ASM,
	},
	{
		.name = "print-cflags",
		.group = GROUP_SOURCE,
		.help = "print the compiler's flags",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_PRINT_CFLAGS,
	},
	{
		.name = "check",
		.group = GROUP_SOURCE,
		.help = "compile and load the program, print its size and cost",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_CHECK,
	},
	{
		.name = "source",
		.argument = "FILE",
		.group = GROUP_SOURCE,
		.help = "run the program in FILE",
		.kind = FLAG_PATH,
		.member = MEMBER(generate.source_file),
	},
	{
		.name = "watch",
		.group = GROUP_SOURCE,
		.help = "replace the running program when its file is saved",
		.kind = FLAG_TRUE,
		.member = MEMBER(watch),
	},
	{
		.name = "cache-dir",
		.argument = "DIR",
		.group = GROUP_SOURCE,
		.help = "keep compiled programs in DIR",
		.kind = FLAG_PATH,
		.member = MEMBER(compile.cache_dir),
	},
	{
		.name = "no-cache",
		.group = GROUP_SOURCE,
		.help = "do not use or keep compiled programs",
		.kind = FLAG_TRUE,
		.member = MEMBER(compile.no_cache),
	},
	{
		.name = "force",
		.group = GROUP_OTHER,
		.help = "accept another kernel's headers, files of other users",
		.kind = FLAG_TRUE,
		.member = MEMBER(force),
	},
	{
		.name = "explain",
		.argument = "[NAME]",
		.group = GROUP_OTHER,
		.help = "explain a reason, location or counter; alone: list all",
		.kind = FLAG_EXPLAIN,
		.member = MEMBER(action),
	},
	{
		.letter = 'h',
		.name = "help",
		.group = GROUP_OTHER,
		.help = "print this help",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_HELP,
	},
	{
		.name = "version",
		.group = GROUP_OTHER,
		.help = "print the version",
		.kind = FLAG_ACTION,
		.member = MEMBER(action),
		.value = ACTION_VERSION,
	},
};

#define OTHER_COUNT (sizeof(other_flags) / sizeof(*other_flags))
_Static_assert(FILTER_FIELDS + OTHER_COUNT <= FLAGS_MAX, "more flags than FLAGS_MAX");

const struct flag *flags_all(size_t *count)
{
	static struct flag all[FLAGS_MAX];

	for (int field = 0; field < FILTER_FIELDS; field++)
		all[field] = (struct flag){
			.letter = filter_fields[field].letter,
			.name = filter_fields[field].flag,
			.argument = filter_fields[field].argument,
			.group = GROUP_FILTERS,
			.help = filter_fields[field].help,
			.kind = FLAG_FILTER,
			.member = MEMBER(generate.filter),
			.value = field,
		};
	memcpy(&all[FILTER_FIELDS], other_flags, sizeof(other_flags));
	*count = FILTER_FIELDS + OTHER_COUNT;
	return all;
}

static const char *const group_titles[GROUPS] = {
	[GROUP_FILTERS] = "Filters (comma-separated; ! negates a list or a value; all must match)",
	[GROUP_OUTPUT] = "Output",
	[GROUP_TYPES] = "Kernel types (default: the first of headers, kheaders and BTF)",
	[GROUP_SOURCE] = "The program that runs in the kernel",
	[GROUP_OTHER] = "Other",
};

static void print_formats(FILE *out)
{
	for (size_t i = 0; i < output_format_count; i++)
		fprintf(out, "%s%s (%s)", i ? ", " : "", output_formats[i]->name,
			output_formats[i]->help);
}

static void print_flag(const struct flag *flag, FILE *out)
{
	char words[32];

	if (!flag->argument)
		snprintf(words, sizeof(words), "--%s", flag->name);
	else if (flag->argument[0] != '[')
		snprintf(words, sizeof(words), "--%s %s", flag->name, flag->argument);
	else /* "[WHEN]" as "[=WHEN]" */
		snprintf(words, sizeof(words), "--%s[=%s", flag->name, flag->argument + 1);
	if (flag->letter)
		fprintf(out, "  -%c, %-19s ", flag->letter, words);
	else
		fprintf(out, "      %-19s ", words);
	if (flag->kind == FLAG_FORMAT)
		print_formats(out);
	else
		fputs(flag->help, out);
	fputc('\n', out);
}

/* Print a list of words, indented and broken at spaces. */
static void print_words(const char *words, FILE *out)
{
	const size_t width = 78;

	while (strlen(words) > width) {
		size_t end = width;

		while (words[end] != ' ')
			end--;
		fprintf(out, "  %.*s\n", (int)end, words);
		words += end + 1;
	}
	fprintf(out, "  %s\n", words);
}

void flags_print_help(FILE *out)
{
	size_t count;
	const struct flag *flags = flags_all(&count);

	fputs("Usage: bytetrace [flags] [filter expression]\n"
	      "Show which packets the kernel drops, where and why. Filter expressions have the\n"
	      "syntax of tcpdump, see pcap-filter(7).\n",
	      out);
	for (int group = 0; group < GROUPS; group++) {
		fprintf(out, "\n%s:\n", group_titles[group]);
		for (size_t i = 0; i < count; i++)
			if (flags[i].group == (enum flag_group)group)
				print_flag(&flags[i], out);
	}
	fputs("\nKEYS of --summary, besides the columns of a probe:\n", out);
	print_words(columns_key_names(), out);
	fputs("\nExamples:\n"
	      "  bytetrace                           every drop on this host\n"
	      "  bytetrace -i eth0 -p tcp -D 80,443  web traffic on one interface\n"
	      "  bytetrace 'tcp[tcpflags] & tcp-syn != 0 and not net 10.0.0.0/8'\n"
	      "                                      TCP handshakes, except with 10.0.0.0/8\n"
	      "  bytetrace -r -k -s 10.0.0.0/8       drops with a reason, and their stacks\n"
	      "  bytetrace --summary=iface,reason    counts for each interface and reason\n"
	      "  bytetrace --probe qdisc             drops by a qdisc, and its state\n"
	      "  bytetrace --explain NETFILTER_DROP  what a reason means, and what helps\n",
	      out);
}
