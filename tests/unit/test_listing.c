// SPDX-License-Identifier: GPL-2.0-only
#include "compile/listing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <cmocka.h>

#include "generate/source.h"
#include "util/error.h"

static const struct template_file file = { "mine.c",
					   "first\nint f(a, b)\n{\n\tcall(x,\n\t     y);\n"
					   "\tlast\n}\n" };

/* Lines before, one put in, and two joined; functions as new and old releases of libbcc head them.
 */
static const char told[] =
	"clang -cc1 -D A=1 -I x -O2 -Wall -D B -o m\n#before\n#it\nfirst\n"
	"int f(ctx)\n{\n int a = 1;\n\tcalled(x, y);\n\tlast\n}\n"
	"Disassembly of function f\n"
	"; called(x, y); // Line 7\n   0:\tb7 r0 = 0\n"
	"; last // Line 8\n   1:\t61 r1\033 = 1\n"
	"; elsewhere // Line 3\n   2:\t95 exit\n"
	"Disassembly of section .bpf.fn.g:\ng:\n; int a = 1; // Line 6\n   0:\t95 exit\n";

static void open_told(struct listing *listing, struct source *source)
{
	struct error err;

	assert_int_equal(source_from_file(source, &file, &err), 0);
	assert_int_equal(listing_open(listing, strdup(told), source), 0);
}

static void assert_printed(void (*print)(const struct listing *, FILE *), const char *expected)
{
	struct listing listing;
	struct source source;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	open_told(&listing, &source);
	print(&listing, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	listing_close(&listing);
	source_free(&source);
}

static void parts_are_printed(void **state)
{
	(void)state;
	assert_printed(listing_print_flags, "-DA=1\n-O2\n-Wall\n-DB\n");
	assert_printed(listing_print_rewritten, "#before\n#it\nfirst\nint f(ctx)\n{\n"
						" int a = 1;\n\tcalled(x, y);\n\tlast\n}\n");
	assert_printed(listing_print_instructions,
		       "f:\n; mine.c:5: y);\n   0:\tb7 r0 = 0\n; mine.c:6: last\n"
		       "   1:\t61 r1? = 1\n; elsewhere // Line 3\n   2:\t95 exit\n"
		       "g:\n; mine.c:4: call(x,\n   0:\t95 exit\n");
}

static void place(const char *function, unsigned long index, const char *expected)
{
	struct listing listing;
	struct source source;
	struct error err;

	open_told(&listing, &source);
	error_set(&err, STATUS_LOAD, EACCES, "refused\nits last words:\nno");
	listing_place_error(&listing, function, index, &err);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.status, STATUS_LOAD);
	listing_close(&listing);
	source_free(&source);
}

static void errors_get_their_line(void **state)
{
	(void)state;
	place("f", 1, "mine.c:6: refused\n    last\nits last words:\nno");
	place("f", 2, "refused\nits last words:\nno"); /* of a line that is not the user's */
	place("f", 9, "refused\nits last words:\nno");
	place("h", 0, "refused\nits last words:\nno");
}

static void nothing_told(void **state)
{
	struct listing listing;
	struct source source;
	struct error err;

	(void)state;
	assert_int_equal(source_from_file(&source, &file, &err), 0);
	assert_int_equal(listing_open(&listing, strdup(""), &source), -EBADMSG);
	assert_int_equal(listing_open(&listing, strdup("clang -cc1\n"), &source), -EBADMSG);
	source_free(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_printed),
		cmocka_unit_test(errors_get_their_line),
		cmocka_unit_test(nothing_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
