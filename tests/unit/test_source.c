// SPDX-License-Identifier: GPL-2.0-only
#include "generate/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/error.h"

static const struct template_part slots[] = {
	{ "one", { NULL, "generated 1\ngenerated 2\n" } },
	{ "two", { "two.c", "file 1\nfile 2\n" } },
	{ "none", { NULL, "" } },
};

static int render(struct source *source, const char *text, size_t slot_count, bool holds,
		  struct error *err)
{
	const struct template_part files[] = {
		{ "t.c", { "t.c", text } },
		{ "part.h",
		  { "dir/part.h",
		    "/* SPDX-License-Identifier: X */\n//@if yes\np1\n//@end\np2\n" } },
		{ "self.h", { "self.h", "//@include self.h\n" } },
		{ "open.h", { "open.h", "//@if yes\n" } },
		{ "end.h", { "end.h", "//@end\n" } },
	};
	const struct template_condition condition = { "yes", holds };
	const struct template template = {
		files, 5, slots, slot_count, &condition, strstr(text, "//@if") || strstr(text, ".h")
	};

	return template_render(source, &template, "t.c", err);
}

static void assert_origin(const struct source *source, size_t index, const char *file,
			  unsigned int line)
{
	assert_string_equal(source->lines[index].file, file);
	assert_int_equal(source->lines[index].line, line);
}

static void slots_are_filled_and_lines_known(void **state)
{
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(
		render(&source, "a\n//@slot one\nb\n//@slot two\n//@slot none\nc\n", 3, true, &err),
		0);
	assert_string_equal(source.text, "a\ngenerated 1\ngenerated 2\nb\nfile 1\nfile 2\nc\n");
	assert_int_equal(source.length, strlen(source.text));
	assert_int_equal(source.line_count, 7);
	assert_origin(&source, 0, "t.c", 1);
	assert_origin(&source, 1, "t.c", 2); /* generated text has no lines of its own */
	assert_origin(&source, 2, "t.c", 2);
	assert_origin(&source, 3, "t.c", 3);
	assert_origin(&source, 4, "two.c", 1);
	assert_origin(&source, 5, "two.c", 2);
	assert_origin(&source, 6, "t.c", 6);
	source_free(&source);
}

static void conditions_choose(void **state)
{
	static const char text[] = "a\n//@if yes\nb\n//@if yes\nc\n//@else\nd\n//@end\n"
				   "//@else\ne\n//@end\nf\n";
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(render(&source, text, 0, true, &err), 0);
	assert_string_equal(source.text, "a\nb\nc\nf\n");
	source_free(&source);
	assert_int_equal(render(&source, text, 0, false, &err), 0);
	assert_string_equal(source.text, "a\ne\nf\n");
	assert_origin(&source, 1, "t.c", 10);
	source_free(&source);
}

/* A template within a template: its conditions hold there, and its lines are its own. */
static void includes_are_templates(void **state)
{
	static const char text[] = "a\n//@include part.h\nb\n";
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(render(&source, text, 0, true, &err), 0);
	assert_string_equal(source.text, "a\np1\np2\n\nb\n");
	assert_origin(&source, 1, "dir/part.h", 3);
	assert_origin(&source, 2, "dir/part.h", 5);
	assert_origin(&source, 4, "t.c", 3);
	source_free(&source);
	assert_int_equal(render(&source, text, 0, false, &err), 0);
	assert_string_equal(source.text, "a\np2\n\nb\n");
	source_free(&source);
	assert_int_equal(
		render(&source, "//@if yes\n//@include part.h\n//@end\nb\n", 0, false, &err), 0);
	assert_string_equal(source.text, "b\n");
	source_free(&source);
}

/* A slot in a part that is left out counts as known, but its text does not appear. */
static void slot_in_part_left_out(void **state)
{
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(render(&source, "//@if yes\n//@slot one\n//@end\nz\n", 1, false, &err), 0);
	assert_string_equal(source.text, "z\n");
	source_free(&source);
}

/* Nothing tells that a part was left out. */
static void blank_lines_do_not_add_up(void **state)
{
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(render(&source, "a\n\n//@if yes\nb\n//@end\n\nc\n", 0, false, &err), 0);
	assert_string_equal(source.text, "a\n\nc\n");
	assert_origin(&source, 2, "t.c", 7);
	source_free(&source);
}

static void mistakes_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text;
		size_t slot_count;
		const char *message;
	} mistakes[] = {
		{ "a\n//@slot nobody\n", 0, "t.c:2: nothing fills the slot \"nobody\"" },
		{ "a\n", 1, "t.c:1: the templates lack the slot \"one\"" },
		{ "a\n//@include no.h\n", 0, "t.c:2: unknown template \"no.h\"" },
		{ "//@include self.h\n", 0,
		  "self.h:1: too many templates include each other at \"self.h\"" },
		{ "//@include open.h\n//@end\n", 0, "open.h:1: missing \"//@end\"" },
		{ "//@if yes\n//@include end.h\n", 0, "end.h:1: misplaced directive \"//@end\"" },
		{ "a\nb\n//@if no\n//@end\n", 0, "t.c:3: unknown condition \"no\"" },
		{ "//@if yes\n", 0, "t.c:1: missing \"//@end\"" },
		{ "//@end\n", 0, "t.c:1: misplaced directive \"//@end\"" },
		{ "//@else\n", 0, "t.c:1: misplaced directive \"//@else\"" },
		{ "//@solt one\n", 0, "t.c:1: misplaced directive \"//@solt one\"" },
		{ "//@", 0, "t.c:1: misplaced directive \"//@\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct source source;
		struct error err;

		assert_true(render(&source, mistakes[i].text, mistakes[i].slot_count, true, &err) <
			    0);
		assert_string_equal(err.text, mistakes[i].message);
		assert_int_equal(err.status, STATUS_COMPILE);
		source_free(&source);
	}
}

static void file_as_it_stands(void **state)
{
	const struct template_file file = { "mine.c", "//@slot one\n\n\nlast line without an end" };
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(source_from_file(&source, &file, &err), 0);
	assert_string_equal(source.text, file.text);
	assert_int_equal(source.line_count, 4);
	assert_origin(&source, 3, "mine.c", 4);
	source_free(&source);
}

/* What is put around a text has no lines of its own; the text's keep theirs. */
static void surrounded(void **state)
{
	const struct template_file file = { "mine.c", "a\nb\n" };
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(source_from_file(&source, &file, &err), 0);
	assert_int_equal(source_surround(&source, "1\n2\n", "3\n4\n"), 0);
	assert_string_equal(source.text, "1\n2\na\nb\n3\n4\n");
	assert_int_equal(source.length, strlen(source.text));
	assert_int_equal(source.line_count, 6);
	assert_origin(&source, 1, "struct drop_event", 0);
	assert_origin(&source, 2, "mine.c", 1);
	assert_origin(&source, 3, "mine.c", 2);
	assert_origin(&source, 4, "struct drop_event", 0);
	source_free(&source);
	assert_int_equal(source_from_file(&source, &(struct template_file){ "e", "" }, &err), 0);
	assert_int_equal(source_surround(&source, "", "3\n"), 0);
	assert_string_equal(source.text, "3\n");
	assert_int_equal(source.line_count, 1);
	source_free(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_filled_and_lines_known),
		cmocka_unit_test(conditions_choose),
		cmocka_unit_test(includes_are_templates),
		cmocka_unit_test(slot_in_part_left_out),
		cmocka_unit_test(blank_lines_do_not_add_up),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(file_as_it_stands),
		cmocka_unit_test(surrounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
