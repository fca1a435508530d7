// SPDX-License-Identifier: GPL-2.0-only
#include "generate/includes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "generate/source.h"
#include "util/error.h"

/* The files of a test, in a directory that only it can write to, where it stands. */
static char directory[] = "/var/tmp/test_includes.XXXXXX";

static void save(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int enter(void **state)
{
	(void)state;
	umask(022);
	strcpy(strchr(directory, '.'), ".XXXXXX");
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	char command[sizeof(directory) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return chdir("/") || system(command);
}

static int expand(struct source *source, struct includes *includes, const char *text,
		  struct error *err)
{
	const struct template_file file = { "mine.c", text };

	*includes = (struct includes){ .list = NULL };
	assert_int_equal(source_from_file(source, &file, err), 0);
	return includes_expand(includes, source, false, err);
}

static void assert_expands(const char *text, const char *wanted)
{
	struct includes includes;
	struct source source;
	struct error err = { .text = "" };

	if (expand(&source, &includes, text, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(source.text, wanted);
	source_free(&source);
	includes_free(&includes);
}

static void assert_refused(const char *text, enum status status, const char *message)
{
	struct includes includes;
	struct source source;
	struct error err;

	if (expand(&source, &includes, text, &err) == 0)
		fail_msg("accepted: %s", text);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, status);
	source_free(&source);
	includes_free(&includes);
}

static void forms(void **state)
{
	(void)state;
	save("a.h", "A\n");
	save("no newline.h", "B");
	save("empty.h", "");
	assert_expands("#include \"a.h\"\nend\n", "A\nend\n");
	assert_expands("  #  include\"a.h\" // why\n", "A\n");
	assert_expands("/* c */ # /* c */ include /* c */ \"a.h\" /* c */\n", "A\n");
	assert_expands("#include \"a.h\"\n#include \"a.h\"\n", "A\nA\n");
	assert_expands("#include \"no newline.h\"\nend\n", "B\nend\n");
	assert_expands("#include \"empty.h\"\n#include \"a.h\"\n", "A\n");
	assert_expands("", "");
}

/* What is none stays as it is. */
static void none(void **state)
{
	static const char *const texts[] = {
		"// #include \"x.h\"\n",
		"/* #include \"x.h\" */\n",
		"/*\n#include \"x.h\"\n*/\n",
		"#include <linux/ip.h>\n",
		"#include <net/..\n",
		"#include NAME\n",
		"#include\n",
		"#include \"x.h\n",
		"#includes \"x.h\"\n",
		"#import \"x.h\"\n",
		"char *s = \"\n#endif\n",
		"x #include \"x.h\"\n",
		"#define X \\\n#include \"x.h\"\n",
		"s = \"\\\n#include \"x.h\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_expands(texts[i], texts[i]);
}

/* What only looks like a comment opens none. */
static void strings(void **state)
{
	(void)state;
	save("a.h", "A\n");
	assert_expands("char *s = \"/*\";\n#include \"a.h\"\n", "char *s = \"/*\";\nA\n");
	assert_expands("char *s = \"\\\"/*\";\n#include \"a.h\"\n", "char *s = \"\\\"/*\";\nA\n");
	assert_expands("c = '\"'; /* ' */\n#include \"a.h\"\n", "c = '\"'; /* ' */\nA\n");
	assert_expands("c = '\\\\'; // /*\n#include \"a.h\"\n", "c = '\\\\'; // /*\nA\n");
	assert_expands("#error don't\n#include \"a.h\"\n", "#error don't\nA\n");
	assert_expands("a / b /* \" */\n#include \"a.h\"\n", "a / b /* \" */\nA\n");
	assert_expands("s = \"\\\n\";\n#include \"a.h\"\n", "s = \"\\\n\";\nA\n");
}

static void lines_are_those_of_their_files(void **state)
{
	static const struct {
		const char *file;
		unsigned int line;
	} wanted[] = { { "mine.c", 1 }, { "a.h", 1 },	 { "once.h", 1 },
		       { "once.h", 2 }, { "once.h", 1 }, { "once.h", 2 },
		       { "once.h", 3 }, { "a.h", 3 },	 { "mine.c", 3 } };
	struct includes includes;
	struct source source;
	struct error err;

	(void)state;
	save("a.h", "1\n#include \"once.h\"\n3\n");
	save("once.h", "#pragma once\n2\n");
	assert_int_equal(expand(&source, &includes, "1\n#include \"a.h\"\n3\n", &err), 0);
	assert_int_equal(source.line_count, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < source.line_count; i++) {
		assert_string_equal(source.lines[i].file, wanted[i].file);
		assert_int_equal(source.lines[i].line, wanted[i].line);
	}
	source_free(&source);
	includes_free(&includes);
}

#define GUARD(text) "#ifndef G\n#define G\n" text "#endif\n"
#define ONCE(text)                                                                                 \
	"#ifndef INCLUDED_ONCE_0\n#define INCLUDED_ONCE_0\n"                                       \
	"/*\n*/ # pragma /* c */ once // c\n" text "#endif\n"

/* Guards are left to the preprocessor, but for the one that is none in the midst of a program. */
static void once(void **state)
{
	(void)state;
	save("guard.h", GUARD("A\n"));
	save("once.h", "/*\n*/ # pragma /* c */ once // c\nA\n");
	save("both.h", "#include \"once.h\"\nB\n");
	save("not.h", "/* #pragma once */\n#pragma once_more\n#pragma GCC once\n");
	assert_expands("#include \"guard.h\"\n#include \"guard.h\"\nend\n",
		       GUARD("A\n") GUARD("A\n") "end\n");
	assert_expands("#include \"not.h\"\n",
		       "/* #pragma once */\n#pragma once_more\n#pragma GCC once\n");
	assert_expands("#include \"once.h\"\n#include \"both.h\"\n", ONCE("A\n") ONCE("A\n") "B\n");
}

/* A file does not come into itself, however long the way. */
static void circles(void **state)
{
	(void)state;
	save("a.h", "#ifndef A\n#define A\n#include \"b.h\"\n#endif\n");
	save("b.h", "#ifndef B\n#define B\n#include \"a.h\"\n#endif\n");
	assert_expands("#include \"a.h\"\nend\n",
		       "#ifndef A\n#define A\n#ifndef B\n#define B\n#endif\n#endif\nend\n");
	save("self.h", "1\n#include \"self.h\"\n2\n");
	assert_expands("#include \"self.h\"\n#include \"self.h\"\n", "1\n2\n1\n2\n");
	save("c.h", "\n#include \"d.h\"\n");
	save("d.h", "\n\n#include \"c.h\"\n");
	assert_expands("#include \"c.h\"\nend\n", "\n\n\nend\n");
	save("mine.c", "x\n");
	assert_expands("x\n#include \"mine.c\"\n", "x\n");
}

static void mistakes(void **state)
{
#define ONLY_BESIDE "give the name of a file in the same directory, without a path"
#define ONLY_KERNEL "only kernel headers can stand between < and >"
#define OFF_THE_LINE "a comment of several lines has to end before this line and begin after it"
	static const struct {
		const char *text, *message;
		enum status status;
	} cases[] = {
		{ "#include \"\"\n", "mine.c:1: #include \"\": " ONLY_BESIDE, STATUS_COMPILE },
		{ "#include \"../a.h\"\n", "mine.c:1: #include \"../a.h\": " ONLY_BESIDE,
		  STATUS_COMPILE },
		{ "\n#include \"/etc/passwd\"\n",
		  "mine.c:2: #include \"/etc/passwd\": " ONLY_BESIDE, STATUS_COMPILE },
		{ "#include \"a\033.h\"\n", "mine.c:1: #include \"a\\x1b.h\": " ONLY_BESIDE,
		  STATUS_COMPILE },
		{ "#include </etc/passwd>\n", "mine.c:1: #include \"/etc/passwd\": " ONLY_KERNEL,
		  STATUS_COMPILE },
		{ "#include_next <net/../../x.h>\n",
		  "mine.c:1: #include \"net/../../x.h\": " ONLY_KERNEL, STATUS_COMPILE },
		{ "#import </x.h>\n", "mine.c:1: #include \"/x.h\": " ONLY_KERNEL, STATUS_COMPILE },
		{ "/*\n*/ #include \"a.h\"\n", "mine.c:2: #include \"a.h\": " OFF_THE_LINE,
		  STATUS_COMPILE },
		{ "#include \"a.h\" /*\n*/\n", "mine.c:1: #include \"a.h\": " OFF_THE_LINE,
		  STATUS_COMPILE },
		{ "#include \"none.h\"\n",
		  "mine.c:1: #include: cannot read \"none.h\": No such file or directory",
		  STATUS_ENVIRONMENT },
		{ "#include \"..\"\n", "mine.c:1: #include: \"..\" is not a regular file",
		  STATUS_ENVIRONMENT },
		{ "#include \"link.h\"\n",
		  "mine.c:1: #include: cannot read \"link.h\": it is a symbolic link",
		  STATUS_ENVIRONMENT },
		{ "#include \"all.h\"\n",
		  "mine.c:1: #include: everybody may write to \"all.h\": --force takes it all the "
		  "same",
		  STATUS_ENVIRONMENT },
	};

	(void)state;
	assert_int_equal(symlink("a.h", "link.h"), 0);
	save("a.h", "A\n");
	save("all.h", "A\n");
	assert_int_equal(chmod("all.h", 0666), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_refused(cases[i].text, cases[i].status, cases[i].message);
}

static void too_much(void **state)
{
	static char text[1024 * 1024];
	char name[32], line[64];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "deep%d.h", i);
		snprintf(line, sizeof(line), "#include \"deep%d.h\"\n", i + 1);
		save(name, line);
	}
	assert_refused(
		"#include \"deep0.h\"\n", STATUS_COMPILE,
		"deep63.h:1: #include \"deep64.h\": the program includes more than 64 files");
	memset(text, '\n', sizeof(text) - 1);
	save("large.h", text);
	assert_refused("#include \"large.h\"\n#include \"large.h\"\n#include \"large.h\"\n"
		       "#include \"large.h\"\n",
		       STATUS_COMPILE,
		       "mine.c:4: #include \"large.h\": the program becomes larger than 4 MiB");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(forms), TEST(none),    TEST(strings),  TEST(lines_are_those_of_their_files),
		TEST(once),  TEST(circles), TEST(mistakes), TEST(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
