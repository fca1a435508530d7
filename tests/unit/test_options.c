// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"
#include "cli/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "util/error.h"

#define MAX_WORDS 32

/* Parse a command line given as one text; '~' stands for a space within a word. */
static int parse(struct options *options, const char *line, struct error *err)
{
	static char text[512];
	static char name[] = "bytetrace";
	char *argv[MAX_WORDS] = { name };
	int argc = 1;
	char *rest;

	strcpy(text, line);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (char *c = word; *c; c++)
			if (*c == '~')
				*c = ' ';
		argv[argc++] = word;
	}
	memset(err, 0, sizeof(*err));
	return options_parse(options, argc, argv, err);
}

static void nothing(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(&options, "", &err), 0);
	assert_int_equal(options.action, ACTION_TRACE);
	assert_int_equal(options.color, COLOR_AUTO);
	assert_int_equal(options.types.only, TYPES_ANY);
	for (int field = 0; field < FILTER_FIELDS; field++)
		assert_false(options.generate.filter.sets[field].given);
	options_free(&options);
}

/* Every flag in its long form, then in its short form. */
static void every_flag(void **state)
{
	static const char *const lines[] = {
		"--proto tcp --saddr fd00::/8 --daddr ::1 --sport 1-2 --dport 80,443 --vlan 7 "
		"--interface eth0 --valid-reason --verbose --verbose --stack --numeric "
		"--color=always --count 5 --duration 1.5 --output json",
		"-p tcp -s fd00::/8 -d ::1 -S 1-2 -D 80,443 -V 7 -i eth0 -rvvknco json --count=5 "
		"--duration=1.5",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct options options;
		struct error err;

		assert_int_equal(parse(&options, lines[i], &err), 0);
		assert_string_equal(options.generate.filter.sets[FILTER_PROTO].text, "tcp");
		assert_string_equal(options.generate.filter.sets[FILTER_SADDR].text, "fd00::/8");
		assert_string_equal(options.generate.filter.sets[FILTER_DADDR].text, "::1");
		assert_string_equal(options.generate.filter.sets[FILTER_SPORT].text, "1-2");
		assert_string_equal(options.generate.filter.sets[FILTER_DPORT].text, "80,443");
		assert_string_equal(options.generate.filter.sets[FILTER_VLAN].text, "7");
		assert_string_equal(options.generate.filter.sets[FILTER_INTERFACE].text, "eth0");
		assert_true(options.generate.filter.valid_reason);
		assert_int_equal(options.output.verbosity, 2);
		assert_true(options.output.stack);
		assert_true(options.output.numeric);
		assert_ptr_equal(options.output.format, &output_json);
		assert_int_equal(options.color, COLOR_ALWAYS);
		assert_int_equal(options.limits.count, 5);
		assert_int_equal(options.limits.duration_ms, 1500);
		options_free(&options);
	}
}

/* Flags without a short form. */
static void fields_that_pcap_lacks(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(&options,
			       "--tcp-flags syn --len 64-128 --mark 1 --netns blue --reason TCP_* "
			       "--location nft_* --cpu 0-1 --pid 1 --comm nginx --socket 7 --uid 0 "
			       "--program nginx --inner "
			       "--print-filter",
			       &err),
			 0);
	for (int field = FILTER_TCP_FLAGS; field < FILTER_FIELDS; field++)
		if (field != FILTER_VLAN && field != FILTER_INTERFACE)
			assert_true(options.generate.filter.sets[field].given);
	assert_true(options.generate.inner);
	assert_int_equal(options.action, ACTION_PRINT_FILTER);
	options_free(&options);
}

static void types_and_source(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(
		parse(&options, "--types=headers --headers /h --force --templates /t", &err), 0);
	assert_int_equal(options.types.only, TYPES_HEADERS);
	assert_true(options.force);
	assert_string_equal(options.types.headers, "/h");
	assert_string_equal(options.generate.templates_dir, "/t");
	assert_int_equal(parse(&options, "-b /file --types btf --source mine.c -vv -k", &err), 0);
	assert_int_equal(options.types.only, TYPES_BTF);
	assert_string_equal(options.types.btf, "/file");
	assert_string_equal(options.generate.source_file, "mine.c");
	assert_int_equal(parse(&options, "--print-source -p tcp", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_SOURCE);
	options_free(&options);
	assert_int_equal(parse(&options, "--print-source=rewritten", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_REWRITTEN);
	assert_int_equal(parse(&options, "--print-source=generated", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_SOURCE);
	assert_int_equal(parse(&options, "--print-asm --source mine.c", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_ASM);
	assert_int_equal(parse(&options, "--print-cflags", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_CFLAGS);
	assert_int_equal(parse(&options, "--check --cache-dir /c", &err), 0);
	assert_int_equal(options.action, ACTION_CHECK);
	options_free(&options);
}

static void probes(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(&options, "--probe xdp -p tcp --probe=./mine.c", &err), 0);
	assert_int_equal(options.action, ACTION_TRACE);
	assert_int_equal(options.generate.probes.count, 2);
	assert_string_equal(options.generate.probes.list[0], "xdp");
	assert_string_equal(options.generate.probes.list[1], "./mine.c");
	options_free(&options);
	assert_int_equal(parse(&options, "--probe xdp --print-source -p tcp", &err), 0);
	assert_int_equal(options.action, ACTION_PRINT_SOURCE);
	assert_int_equal(options.generate.probes.count, 1);
	options_free(&options);
	assert_int_equal(parse(&options, "--list-probes", &err), 0);
	assert_int_equal(options.action, ACTION_LIST_PROBES);
	options_free(&options);
}

static void help_and_version(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(&options, "-h", &err), 0);
	assert_int_equal(options.action, ACTION_HELP);
	assert_int_equal(parse(&options, "--version --nonsense", &err), 0);
	assert_int_equal(options.action, ACTION_VERSION);
}

/* Names behind --explain are no filter; those behind "=" and those between flags count as well. */
static void explain(void **state)
{
	static const struct {
		const char *line;
		const char *names[3];
	} cases[] = {
		{ "--explain", { NULL } },
		{ "--explain XDP", { "XDP" } },
		{ "--explain=XDP", { "XDP" } },
		{ "--explain=a b c", { "a", "b", "c" } },
		{ "a --explain -c b", { "a", "b" } },
		{ "--explain -- -x", { "-x" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct options options;
		struct error err;

		assert_int_equal(parse(&options, cases[i].line, &err), 0);
		assert_int_equal(options.action, ACTION_EXPLAIN);
		for (size_t j = 0; j < options.explain.count; j++)
			assert_string_equal(options.explain.list[j], cases[i].names[j]);
		assert_true(options.explain.count == 3 || !cases[i].names[options.explain.count]);
		options_free(&options);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *line;
		uint64_t milliseconds;
	} cases[] = {
		{ "--duration 1", 1000 },
		{ "--duration .5", 500 },
		{ "--duration 0.001", 1 },
		{ "--duration 2.0009", 2000 },
		{ "--duration 1000000000", 1000000000000 },
		{ "--duration 1m", 60000 },
		{ "--duration 1.5s", 1500 },
		{ "--duration 2h", 7200000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct options options;
		struct error err;

		assert_int_equal(parse(&options, cases[i].line, &err), 0);
		assert_int_equal(options.limits.duration_ms, cases[i].milliseconds);
	}
}

static void mistakes(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{ "-x", "unknown option \"-x\"; see --help" },
		{ "-vxk", "unknown option \"-x\"; see --help" },
		{ "--print-source=x", "--print-source: \"x\" is not generated or rewritten" },
		{ "--check --count 1", "--count has no effect with --check: nothing is traced" },
		{ "--print-asm --duration 1",
		  "--duration has no effect with --print-asm, "
		  "--print-cflags or --print-source=rewritten: nothing is traced" },
		{ "--print-cflags --cache-dir /c",
		  "--cache-dir has no effect with --print-asm, --print-cflags or "
		  "--print-source=rewritten: the program is always compiled" },
		{ "--print-source -xv", "unknown option \"-x\"; see --help" },
		{ "--nonsense", "unknown option \"--nonsense\"; see --help" },
		{ "--nonsense=5", "unknown option \"--nonsense\"; see --help" },
		{ "--stack=1", "option \"--stack\" takes no argument" },
		{ "-p", "option \"-p\" needs an argument" },
		{ "--proto", "option \"--proto\" needs an argument" },
		{ "--count", "option \"--count\" needs an argument" },
		{ "--count 0", "--count: \"0\" is not a number above 0" },
		{ "--count -1", "--count: \"-1\" is not a number above 0" },
		{ "--duration 0",
		  "--duration: \"0\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--duration 0.0001",
		  "--duration: \"0.0001\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--duration 1.",
		  "--duration: \"1.\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--duration 1.2.3",
		  "--duration: \"1.2.3\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--duration 1e3",
		  "--duration: \"1e3\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--color=red", "--color: \"red\" is not auto, always or never" },
		{ "-o xml", "-o: \"xml\" is not table or json" },
		{ "-o jsn", "-o: unknown value \"jsn\"; did you mean json?" },
		{ "--types=dwarf", "--types: \"dwarf\" is not headers or btf" },
		{ "--source=", "--source: \"\" is not a path" },
		{ "-D 65536", "-D: \"65536\" is not a port or a range of ports (0-65535)" },
		{ "-v tcp prot~80", "\"tcp prot 80\": can't parse filter expression: syntax error\n"
				    "  tcp prot 80\n"
				    "      ^" },
		{ "--headers /h -b /b",
		  "--headers and --btf contradict: both name the kernel types" },
		{ "--types=headers -b /b", "--btf contradicts --types=headers" },
		{ "--types=btf --headers /h", "--headers contradicts --types=btf" },
		{ "--source a.c --templates /t",
		  "--source and --templates contradict: both name the program" },
		{ "--explain=",
		  "--explain: \"\" is not the name of a reason, function or counter" },
		{ "--explain XDP -p tcp",
		  "filters have no effect with --explain: nothing is traced" },
		{ "--hints -o json", "--hints contradicts --output: hints are printed only below "
				     "the rows of a table" },
		{ "--check --print-asm", "--print-asm contradicts --check: give one of them" },
		{ "--print-asm --probe a --probe b",
		  "--print-asm, --print-cflags or --print-source=rewritten prints one program: "
		  "give one --probe" },
		{ "--hints --summary",
		  "--hints has no effect with --summary, which shows no single drops" },
		{ "--probe=", "--probe: \"\" is not a name or a path" },
		{ "--probe", "option \"--probe\" needs an argument" },
		{ "--probe a --source a.c",
		  "--source and --probe contradict: both name the program" },
		{ "--probe a --attach kprobe", "--attach has no effect with --probe: the probe's "
					       "functions say what to attach to" },
		{ "--probe a --probe b --print-source",
		  "--print-source prints one program: give one --probe" },
		{ "--probe a --probe b --print-filter",
		  "--print-filter describes one program: give one --probe" },
		{ "--list-probes -p tcp",
		  "filters have no effect with --list-probes: nothing is traced" },
		{ "--list-probes --probe a", "--probe has no effect with --list-probes" },
		{ "--source a.c -r",
		  "filters have no effect with --source: the program has filters of its own" },
		{ "--source a.c -p tcp",
		  "filters have no effect with --source: the program has filters of its own" },
		{ "--source a.c tcp",
		  "filters have no effect with --source: the program has filters of its own" },
		{ "--interfcae eth0", "unknown option \"--interfcae\"; did you mean --interface?" },
		{ "--in eth0", "option \"--in\" is ambiguous; did you mean --interface, --inner or "
			       "--interval?" },
		{ "--output=jso", "--output: unknown value \"jso\"; did you mean json?" },
		{ "--summry", "unknown option \"--summry\"; did you mean --summary?" },
		{ "--stakc=1", "unknown option \"--stakc\"; did you mean --stack?" },
		{ "--types=hedaers", "--types: unknown value \"hedaers\"; did you mean headers?" },
		{ "--color=nevr", "--color: unknown value \"nevr\"; did you mean never?" },
		{ "--attach=kprbe", "--attach: unknown value \"kprbe\"; did you mean kprobe?" },
		{ "--attach=x",
		  "--attach: \"x\" is not tp_btf, raw_tracepoint, tracepoint or kprobe" },
		{ "--check --print-source=rewritten --explain",
		  "--print-source contradicts --check: give one of them" },
		{ "-v --check -k --explain", "--explain contradicts --check: give one of them" },
		{ "--inner --summary=reason", "--inner has no effect on this --summary: neither "
					      "its keys nor filters read the packet" },
		{ "--inner --summary=socket,uid,program",
		  "--inner has no effect on this --summary: neither its keys nor filters read the "
		  "packet" },
		{ "--watch --probe a --check", "--watch has no effect: nothing is traced" },
		{ "--watch", "--watch needs a file: --source FILE or --probe FILE" },
		{ "--interval 1m", "--interval has no effect without --summary" },
		{ "--zzz", "unknown option \"--zzz\"; see --help" },
		{ "--duration 1mm",
		  "--duration: \"1mm\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
		{ "--interval x --summary",
		  "--interval: \"x\" is not a time above 0 (such as 30, 0.5, 5m or 2h)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct options options;
		struct error err;

		if (parse(&options, cases[i].line, &err) == 0)
			fail_msg("accepted: %s", cases[i].line);
		assert_string_equal(err.text, cases[i].message);
		assert_int_equal(err.status, STATUS_USAGE);
		options_free(&options);
	}
}

static void help_fits_a_terminal(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char *rest;

	(void)state;
	flags_print_help(out);
	fclose(out);
	assert_int_equal(strncmp(text, "Usage: bytetrace [flags] [filter expression]\n", 45), 0);
	assert_non_null(strstr(text, "-p, --proto P "));
	assert_non_null(strstr(text, "-c, --color[=WHEN] "));
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strlen(line) > 80)
			fail_msg("longer than 80: %s", line);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(every_flag),
		cmocka_unit_test(fields_that_pcap_lacks),
		cmocka_unit_test(types_and_source),
		cmocka_unit_test(probes),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(explain),
		cmocka_unit_test(durations),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(help_fits_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
