// SPDX-License-Identifier: GPL-2.0-only
#include "explain/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain/counters.h"
#include "explain/list.h"
#include "explain/show.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "util/error.h"
#include "util/file.h"

static const char sample[] = "# no entry: [NONE]\n"
			     "hint: of nothing\n"
			     "\n"
			     "[FIRST OLD_FIRST]\n"
			     "hint: one line\n"
			     "# a comment within\n"
			     "fix: do this\n"
			     "meaning: words that\n"
			     "  go on\n"
			     "cause: a\n"
			     "cause: b\n"
			     "counter: nstat -az X # it moves\n"
			     "look: ls\n"
			     "[SECOND]\n"
			     "nonsense\n"
			     "meaning: x\n"
			     "[THIRD";

static void names(void **state)
{
	static const char *const found[] = {
		"FIRST",
		"first",
		"old_First",
		"SKB_DROP_REASON_FIRST",
		"skb_drop_reason_old_first",
		"FIRST+0x10/0x20 [module]",
		"first.isra.0",
		"SECOND",
		"THIRD",
	};
	static const char *const missing[] = {
		"",  "FIRS", "FIRSTS", "FIRST_",	  "NONE", "[", "]",
		".", " ",    "hint",   "SKB_DROP_REASON_"
	};
	struct explanation entry;

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++)
		assert_true(explain_find(sample, found[i], &entry));
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		assert_false(explain_find(sample, missing[i], &entry));
	assert_false(explain_find("", "FIRST", &entry));
}

/* What an entry looks like, printed. */
static char *print(const char *text, const char *name, const char *note, bool bold)
{
	struct explanation entry;
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_true(explain_find(text, name, &entry));
	explain_print(out, &entry, note, bold);
	fclose(out);
	return printed;
}

static void printed(void **state)
{
	static const struct {
		const char *name, *note;
		bool bold;
		const char *expected;
	} table[] = {
		{ "old_first", "A note.", false,
		  "OLD_FIRST: one line\n"
		  "Of FIRST OLD_FIRST\n"
		  "A note.\n"
		  "\nWhat it means\n  words that go on\n"
		  "\nUsual causes\n  - a\n  - b\n"
		  "\nWhat counts it\n  nstat -az X\n      it moves\n"
		  "\nWhere to look\n  ls\n"
		  "\nWhat helps\n  - do this\n" },
		{ "second", NULL, true,
		  "\033[1mSECOND\033[0m\n\n\033[1mWhat it means\033[0m\n  x\n" },
		{ "THIRD", NULL, false, "THIRD\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *text = print(sample, table[i].name, table[i].note, table[i].bold);

		assert_string_equal(text, table[i].expected);
		free(text);
	}
}

static void wrapped(void **state)
{
	const char *words = " \n a bb  ccc\td";
	const char *long_word = "0123456789012345678901234567890123456789"
				"0123456789012345678901234567890123456789x y";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	explain_wrap(out, 74, 3, words, strlen(words));
	explain_wrap(out, 0, 0, long_word, strlen(long_word));
	explain_wrap(out, 0, 0, "", 0);
	fclose(out);
	assert_string_equal(text, "a bb\n   ccc d\n"
				  "0123456789012345678901234567890123456789"
				  "0123456789012345678901234567890123456789x\ny\n\n");
	free(text);
}

/* Lines fit a terminal and have nothing invisible at their end. */
static void assert_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > EXPLAIN_WIDTH || (length > 0 && text[length - 1] == ' '))
			fail_msg("line: %.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* How many lines of an entry have this key. */
static size_t count_parts(const struct explanation *entry, const char *key)
{
	size_t count = 0;

	for (const char *line = entry->parts; line < entry->end; line = strchr(line, '\n') + 1)
		count += strncmp(line, key, strlen(key)) == 0;
	return count;
}

static bool is_known(const char *line)
{
	static const char *const starts[] = { "#",	" ",	     "\n",	"[",
					      "hint: ", "meaning: ", "cause: ", "counter: ",
					      "look: ", "fix: " };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static const char *whole_text; /* the one that check_entry() is called for */

static int check_entry(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct explanation entry;
	char *text = print(whole_text, name, NULL, false);

	(void)context;
	(void)first;
	(void)last;
	assert_true(explain_find(whole_text, name, &entry));
	assert_lines(text);
	free(text);
	if (count_parts(&entry, "hint: ") != 1 || count_parts(&entry, "meaning: ") != 1)
		fail_msg("%s: must have one hint and one meaning", name);
	if (strcmp(name, "MAX") != 0 &&
	    (count_parts(&entry, "cause: ") == 0 || count_parts(&entry, "look: ") == 0 ||
	     count_parts(&entry, "fix: ") == 0))
		fail_msg("%s: lacks causes, where to look, or what helps", name);
	return 0;
}

/* What is embedded is in the format that its first lines describe. */
static void texts(void **state)
{
	const char *const both[] = { embedded_reasons, embedded_locations };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		whole_text = both[i];
		for (const char *line = whole_text; *line; line = strchr(line, '\n') + 1) {
			if (!is_known(line))
				fail_msg("unknown: %.40s", line);
			if (strncmp(line, "hint: ", 6) == 0 && strcspn(line, "\n") > 76)
				fail_msg("hint too long: %.100s", line);
		}
		assert_int_equal(explain_each(whole_text, check_entry, NULL), 0);
	}
}

static int check_known(void *release, const char *name, uint64_t first, uint64_t last)
{
	struct explanation entry;

	(void)first;
	(void)last;
	if (!explain_find(embedded_reasons, name, &entry))
		fail_msg("%s of %s has no text", name, (const char *)release);
	return 0;
}

static struct reasons *read_reasons(const char *release, const struct reasons_source *source)
{
	struct reasons *reasons;
	struct error err;
	char path[64], *format;

	snprintf(path, sizeof(path), "tests/fixtures/format/%s", release);
	assert_int_equal(file_read_text(path, 1 << 16, &format), 0);
	assert_int_equal(reasons_create(&reasons, format, source, &err), 0);
	free(format);
	return reasons;
}

/* Each reason of each kernel that there is a format file of, and its subsystems' by headers. */
static void kernels(void **state)
{
	static char releases[][5] = { "6.1", "6.12", "6.18", "7.2" };
	const struct reasons_source source = { .include_dir = "tests/fixtures/headers/7.2" };

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct reasons *reasons = read_reasons(releases[i], &source);

		assert_int_equal(reasons_each(reasons, check_known, releases[i]), 0);
		reasons_free(reasons);
	}
}

/* The subsystems' reasons, which no format file has, and names of kernels in between. */
static void subsystems(void **state)
{
	static char origin[] = "tests/fixtures/reasons";
	char *list, *rest;

	(void)state;
	assert_int_equal(file_read_text(origin, 1 << 16, &list), 0);
	for (char *line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line[0] != '#')
			check_known(origin, line, 0, 0);
	free(list);
}

/* What --explain prints for names; the status that it ends with is returned. */
static int show(const char *const *shown, size_t count, struct reasons *reasons, char **text,
		struct error *err)
{
	struct symbols *symbols = symbols_create("tests/fixtures/kallsyms/table", "/nonexistent");
	struct show_config config = { .reasons = reasons, .symbols = symbols };
	size_t size;
	int result;

	config.file = open_memstream(text, &size);
	result = count ? show_names(&config, shown, count, err) : list_reasons(&config, err);
	fclose(config.file);
	symbols_free(symbols);
	return result;
}

static void shown_names(void **state)
{
	const struct reasons_source nowhere = { 0 };
	struct reasons *reasons = read_reasons("6.1", &nowhere);
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show((const char *[]){ "skb_drop_reason_xdp", "nft_do_chain" }, 2, reasons,
			      &text, &err),
			 0);
	assert_int_equal(strncmp(text, "XDP: ", 5), 0);
	assert_non_null(strstr(text, "\n\nnft_do_chain: "));
	assert_null(strstr(text, "Not among"));
	free(text);
	assert_int_equal(show((const char *[]){ "PSP_INPUT" }, 1, reasons, &text, &err), 0);
	assert_non_null(
		strstr(text, "\nThis kernel and its loaded subsystems do not have this reason"));
	free(text);
	assert_int_equal(show((const char *[]){ "PSP_INPUT" }, 1, NULL, &text, &err), 0);
	assert_null(strstr(text, "Not among"));
	free(text);
	reasons_free(reasons);
}

/* Names that are not in the texts, from a kernel that is newer than they are. */
static void unknown_names(void **state)
{
	static const char format[] =
		"name: kfree_skb\n\tfield:enum skb_drop_reason reason;\toffset:36;\n\n"
		"print fmt: \"%s\", __print_symbolic(REC->reason, { 2, \"NOT_SPECIFIED\" }, "
		"{ 3, \"SOLAR_FLARE\" })\n";
	const struct reasons_source nowhere = { 0 };
	struct reasons *reasons;
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(reasons_create(&reasons, format, &nowhere, &err), 0);
	assert_int_equal(
		show((const char *[]){ "SKB_DROP_REASON_solar_flare" }, 1, reasons, &text, &err),
		0);
	assert_int_equal(strncmp(text, "solar_flare: no text yet\n", 25), 0);
	assert_lines(text);
	free(text);
	assert_int_equal(show(NULL, 0, reasons, &text, &err), 0);
	assert_non_null(strstr(text, "NOT_SPECIFIED  "));
	assert_non_null(strstr(text, "\nSOLAR_FLARE                 no text yet\n"));
	free(text);
	assert_int_equal(show((const char *[]){ "sollar_flare" }, 1, reasons, &text, &err),
			 -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_non_null(
		strstr(err.text, "unknown drop reason, function or counter \"sollar_flare\""));
	assert_non_null(strstr(err.text, "did you mean SOLAR_FLARE, "));
	free(text);
	reasons_free(reasons);
}

/* A function of the kernel without a text: where it is. */
static void functions(void **state)
{
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show((const char *[]){ "in_module+0x1/0x40" }, 1, NULL, &text, &err), 0);
	assert_string_equal(text,
			    "in_module: a function of this kernel, no text yet\n\n"
			    "  0xffffffffc0000000 to 0xffffffffc000003f in the module "
			    "nf_tables\n\n"
			    "To see its callers when it drops, and to find it in the source:\n\n"
			    "  bytetrace --stack --location in_module\n"
			    "  grep -rnw in_module net drivers/net   # in the kernel's source\n");
	free(text);
}

/* Without the kernel's reasons: all that have a text, within 80 columns. */
static void listed(void **state)
{
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show(NULL, 0, NULL, &text, &err), 0);
	assert_lines(text);
	assert_null(strstr(text, "no text yet"));
	assert_non_null(strstr(text, "\nNETFILTER_DROP  "));
	assert_non_null(strstr(text, "\nOVS_DROP_METER  "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),       cmocka_unit_test(printed),
		cmocka_unit_test(wrapped),     cmocka_unit_test(texts),
		cmocka_unit_test(kernels),     cmocka_unit_test(subsystems),
		cmocka_unit_test(shown_names), cmocka_unit_test(unknown_names),
		cmocka_unit_test(functions),   cmocka_unit_test(listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
