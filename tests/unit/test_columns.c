// SPDX-License-Identifier: GPL-2.0-only
#include "generate/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "generate/code.h"
#include "generate/source.h"
#include "record/layout.h"
#include "util/error.h"

static int find(const char *text, struct layout *layout, struct error *err)
{
	const struct template_file file = { "mine.c", text };
	struct source source;
	char *code;
	int result;

	memset(layout, 0, sizeof(*layout));
	assert_int_equal(source_from_file(&source, &file, err), 0);
	code = code_strip(source.text);
	assert_non_null(code);
	result = columns_find(layout, &source, code, err);
	free(code);
	source_free(&source);
	return result;
}

/* What is found in a text, as the list of it. */
static void assert_list(const char *text, const char *expected)
{
	struct error err = { .text = "" };
	struct layout layout;
	char *list = NULL;
	size_t size;
	FILE *out;

	if (find(text, &layout, &err))
		fail_msg("%s: %s", text, err.text);
	out = open_memstream(&list, &size);
	columns_write_list(&layout, "LIST", out);
	fclose(out);
	assert_string_equal(list, expected);
	free(list);
}

static void assert_refused(const char *text, const char *message)
{
	struct layout layout;
	struct error err;

	if (find(text, &layout, &err) == 0)
		fail_msg("taken: %s", text);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, STATUS_COMPILE);
}

static void numbers(void **state)
{
	static const char *const types[] = {
		"u8",	  "__u8",   "u16",  "__u16", "u32",	     "__u32",
		"u64",	  "__u64",  "bool", "char",  "unsigned int", "unsigned long",
		"__be16", "__be32", "s8",   "__s8",  "s16",	     "__s16",
		"s32",	  "__s32",  "s64",  "__s64", "int",	     "long",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const bool is_signed = types[i][0] == 's' || strncmp(types[i], "__s", 3) == 0 ||
				       strcmp(types[i], "int") == 0 ||
				       strcmp(types[i], "long") == 0 ||
				       strcmp(types[i], "char") == 0;
		char text[128];
		struct layout layout;
		struct error err;

		snprintf(text, sizeof(text), "\tDROP_FIELD(%s, a, \"<%%d>\", 1) y\n", types[i]);
		assert_int_equal(find(text, &layout, &err), 0);
		assert_int_equal(layout.field_count, 1);
		assert_int_equal(layout.size, 8);
		assert_string_equal(layout.fields[0].name, "a");
		assert_int_equal(layout.fields[0].kind, is_signed ? FIELD_SIGNED : FIELD_UNSIGNED);
		assert_string_equal(layout.fields[0].format, is_signed ? "<%lld>" : "<%llu>");
		assert_false(layout.fields[0].in_bytes);
		assert_int_equal(layout.fields[0].size, 8);
		assert_int_equal(layout.fields[0].swap, strcmp(types[i], "__be16") == 0	  ? 16
							: strcmp(types[i], "__be32") == 0 ? 32
											  : 0);
	}
}

static void formats(void **state)
{
	static const struct {
		const char *type, *format;
		enum field_kind kind;
		const char *made;
	} cases[] = {
		{ "u32", "%u", FIELD_UNSIGNED, "%llu" },
		{ "u32", "%i", FIELD_UNSIGNED, "%llu" },
		{ "u32", "%x", FIELD_UNSIGNED, "%llx" },
		{ "s32", "%#X", FIELD_SIGNED, "%#llX" },
		{ "u32", "%-08o", FIELD_UNSIGNED, "%-08llo" },
		{ "s32", "% +5d", FIELD_SIGNED, "% +5lld" },
		{ "u32", "100%% of %u%%", FIELD_UNSIGNED, "100%% of %llu%%" },
		{ "u8", "'%c'", FIELD_CHARACTER, "'%s'" },
		{ "s8", "%c", FIELD_CHARACTER, "%s" },
		{ "u64", "at %pS", FIELD_ADDRESS, "at %s" },
		{ "u32", "%pI4", FIELD_IPV4, "%s" },
		{ "__be32", "%pI4", FIELD_IPV4, "%s" },
		{ "u8[4]", "%pI4", FIELD_IPV4, "%s" },
		{ "__u8[ 4 ]", "%pI4:", FIELD_IPV4, "%s:" },
		{ "u8[16]", "%pI6", FIELD_IPV6, "%s" },
		{ "u8 [6]", "%-20pM|", FIELD_MAC, "%-20s|" },
		{ "char[1]", "%s", FIELD_STRING, "%s" },
		{ "char[0x40]", "%9s", FIELD_STRING, "%9s" },
		/* As long as it may be. */
		{ "char[64]", "%s567890123456789012345678901234567890123456789012345678901",
		  FIELD_STRING, "%s567890123456789012345678901234567890123456789012345678901" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[256];
		struct layout layout;
		struct error err;

		snprintf(text, sizeof(text), "DROP_FIELD(%s, name, \"%s\", 0)", cases[i].type,
			 cases[i].format);
		if (find(text, &layout, &err))
			fail_msg("%s", err.text);
		assert_string_equal(layout.fields[0].format, cases[i].made);
		assert_int_equal(layout.fields[0].kind, cases[i].kind);
		assert_int_equal(layout.fields[0].in_bytes, strchr(cases[i].type, '[') != NULL);
		/* An address is shown as its bytes lie in memory. */
		assert_true(cases[i].kind != FIELD_IPV4 || layout.fields[0].swap == 0);
	}
}

static void several(void **state)
{
	static const char text[] =
		"DROP_FIELD(u8, one, \"%u\", 1)\nDROP_FIELD(char[9], two, \"%s\", 2);\n"
		"DROP_FIELD(u8[6], three, \"%pM\", 3)\nDROP_FIELD(u8[16], x4, \"%pI6\", 4)";
	struct layout layout;
	struct error err;
	char *found = NULL;
	size_t size;
	FILE *out;

	(void)state;
	assert_int_equal(find(text, &layout, &err), 0);
	assert_int_equal(layout.field_count, 4);
	assert_int_equal(layout.fields[0].offset, 0);
	assert_int_equal(layout.fields[1].offset, 8);
	assert_int_equal(layout.fields[1].size, 9);
	assert_int_equal(layout.fields[2].offset, 24);
	assert_int_equal(layout.fields[3].offset, 32);
	assert_int_equal(layout.size, 48);
	assert_list(text, "#define LIST(number, string, bytes) number(one) string(two, 9) "
			  "bytes(three, 6) bytes(x4, 16)\n");
	layout.field_count = 2;
	out = open_memstream(&found, &size);
	columns_write_found(&layout, out);
	fclose(out);
	assert_string_equal(found, "enum { drop_field_begins_its_line_one };\n"
				   "enum { drop_field_begins_its_line_two };\n");
	free(found);
}

/* Anything may be the value, and a declaration takes as many lines as it likes. */
static void values_and_lines(void **state)
{
	static const char *const texts[] = {
		"DROP_FIELD(u8, a, \"%u\", f(1, (2)))\n",
		"DROP_FIELD(u8, a, \"%u\", ({ int x = 1, y = 2; x + y; }))\n",
		"DROP_FIELD(u8, a, \"%u\", ')' + \",)\"[0])\n",
		"DROP_FIELD(u8, a, \"%u\", 1, 2)\n",
		"DROP_FIELD(u8,\n\ta,\n\n\t\"%u\",\n\t1\n)\n",
		"DROP_FIELD /* x\n */ ( u8 // type\n, a /* ) */, \"%u\" /* format */, 1)\n",
		"/* c\n */ \t DROP_FIELD(u8, a, \"%u\", 1)\n",
		"DROP_FIELD(u8, \\\na, \"%u\", 1)\n",
		"int x;\n\n// c\n  DROP_FIELD(u8, a, \"%u\", 1)",
		"#if 0\nDROP_FIELD(u8, a, \"%u\", 1)\n#endif\n",
		"/* DROP_FIELD( */\nDROP_FIELD(u8, a, \"%u\", 1)\n",
		"#error don't\nDROP_FIELD(u8, a, \"%u\", 1)\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_list(texts[i], "#define LIST(number, string, bytes) number(a)\n");
	assert_refused(
		"/* 1\n2 */\n\"3\\\n4\"\n'5\n#define 6 \\\n7 /*\n8 */\n'\n\n\nDROP_FIELD(u8,\nA,"
		"\"%u\", 1)",
		"mine.c:12: DROP_FIELD: \"A\" is not a column name: use up to 31 lowercase "
		"letters, digits and _, a letter first");
}

static void what_does_not_begin_a_line_is_not_found(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"int x;\n",
		"/* DROP_FIELD(u8, a, \"%u\", 1) */\n",
		"// DROP_FIELD(u8, a, \"%u\", 1)\n",
		"// \\\nDROP_FIELD(u8, a, \"%u\", 1)\n",
		"int x; DROP_FIELD(u8, a, \"%u\", 1)\n",
		"\"DROP_FIELD(u8, a\"\n",
		"\"\\\nDROP_FIELD(u8, a, 1, 1)\"\n",
		"#define DROP_FIELD(a, b, c, d) x\n",
		"#define DROP_FIELD(a, b, \\\n  c, d) \\\nDROP_FIELD(u8, b, c, d)\n",
		"#define X 1 /* DROP_FIELD(\n DROP_FIELD(\n*/ DROP_FIELD(u8, a, \"%u\", 1)\n",
		"MY_DROP_FIELD(u8)\nDROP_FIELDS(x)\nDROP_FIELD_NUMBER(u8, a, 1)\n",
		"int x; /* not closed DROP_FIELD(",
		"int x; /*\nDROP_FIELD(u8, a, 1, 1)\n",
		"int x; /",
		"#",
		"#\\",
		"\"\\",
		"'",
		/* These the compiler refuses. */
		"DROP_FIELD\n",
		"DROP_FIELD;\n",
		"DROP_FIELD(\n",
		"DROP_FIELD()\n",
		"DROP_FIELD(u8)\n",
		"DROP_FIELD(u8, a, \"%u\", (1)\n",
		"DROP_FIELD(u8, a, \"%u\", 1])\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_list(texts[i], "");
}

#define BAD_TYPE                                                                                   \
	" is not a column type: use u8 to u64, s8 to s64, bool, int, __be16, __be32, char[N] up "  \
	"to 64, u8[4], u8[6] or u8[16]"
#define BAD_NAME                                                                                   \
	" is not a column name: use up to 31 lowercase letters, digits and _, a letter first"
#define BAD_FORMAT                                                                                 \
	" does not fit the type: a format has one conversion, %d %u %x %o %c for numbers, %s for " \
	"char[N], %pI4 %pI6 %pM for addresses, %pS for a kernel function"

static void types_names_and_formats_refused(void **state)
{
	static const struct {
		const char *type, *name, *format; /* one of them NULL: which is refused */
		const char *bad, *message;
	} cases[] = {
		{ NULL, "a", "%u", "u33", BAD_TYPE },
		{ NULL, "a", "%u", "", BAD_TYPE },
		{ NULL, "a", "%u", "struct sock *", BAD_TYPE },
		{ NULL, "a", "%u", "U8", BAD_TYPE },
		{ NULL, "a", "%s", "char[0]", BAD_TYPE },
		{ NULL, "a", "%s", "char[65]", BAD_TYPE },
		{ NULL, "a", "%s", "char[-1]", BAD_TYPE },
		{ NULL, "a", "%s", "char[]", BAD_TYPE },
		{ NULL, "a", "%s", "char[4]x", BAD_TYPE },
		{ NULL, "a", "%s", "char[N]", BAD_TYPE },
		{ NULL, "a", "%s", "char[99999999999999999999]", BAD_TYPE },
		{ NULL, "a", "%s", "charm[4]", BAD_TYPE },
		{ NULL, "a", "%pM", "u8[5]", BAD_TYPE },
		{ NULL, "a", "%u", "u16[2]", BAD_TYPE },
		{ "u8", NULL, "%u", "", BAD_NAME },
		{ "u8", NULL, "%u", "Rcvbuf", BAD_NAME },
		{ "u8", NULL, "%u", "1a", BAD_NAME },
		{ "u8", NULL, "%u", "_a", BAD_NAME },
		{ "u8", NULL, "%u", "a b", BAD_NAME },
		{ "u8", NULL, "%u", "a-b", BAD_NAME },
		{ "u8", NULL, "%u", "a\xc3\xa9", BAD_NAME },
		{ "u8", NULL, "%u", "a2345678901234567890123456789012", BAD_NAME },
		{ "u8", NULL, "%u", "reason", " is the name of a built-in column or key" },
		{ "u8", NULL, "%u", "earlier", " is the name of two columns" },
		{ "u8", "a", NULL, "", BAD_FORMAT },
		{ "u8", "a", NULL, "x", BAD_FORMAT },
		{ "u8", "a", NULL, "%", BAD_FORMAT },
		{ "u8", "a", NULL, "%0", BAD_FORMAT },
		{ "u8", "a", NULL, "%%", BAD_FORMAT },
		{ "u8", "a", NULL, "%u%u", BAD_FORMAT },
		{ "u8", "a", NULL, "%lu", BAD_FORMAT },
		{ "u8", "a", NULL, "%n", BAD_FORMAT },
		{ "u8", "a", NULL, "%f", BAD_FORMAT },
		{ "u8", "a", NULL, "%*u", BAD_FORMAT },
		{ "u8", "a", NULL, "%1$u", BAD_FORMAT },
		{ "u8", "a", NULL, "%1234567u", BAD_FORMAT },
		{ "u8", "a", NULL, "%s", BAD_FORMAT },
		{ "u8", "a", NULL, "%p", BAD_FORMAT },
		{ "u8", "a", NULL, "%pI", BAD_FORMAT },
		{ "u8", "a", NULL, "%pI6", BAD_FORMAT },
		{ "u8", "a", NULL, "%pM", BAD_FORMAT },
		{ "u8", "a", NULL, "%pI4%u", BAD_FORMAT },
		{ "s64", "a", NULL, "%pS", BAD_FORMAT },
		{ "s32", "a", NULL, "%pI4", BAD_FORMAT },
		{ "u8[6]", "a", NULL, "%pIM", BAD_FORMAT },
		{ "u8[6]", "a", NULL, "%pI4", BAD_FORMAT },
		{ "u8[16]", "a", NULL, "%u", BAD_FORMAT },
		{ "u64", "a", NULL, "%pIS", BAD_FORMAT },
		{ "char[4]", "a", NULL, "%d", BAD_FORMAT },
		{ "char[4]", "a", NULL, "%c", BAD_FORMAT },
		{ "char[4]", "a", NULL, "%pI4", BAD_FORMAT },
		{ "char[4]", "a", NULL, "%pS", BAD_FORMAT },
		{ "u8", "a", NULL, "%u\xc3\xa9", BAD_FORMAT },
		/* One longer than the longest, and one that fills the room for it. */
		{ "u8", "a", NULL, "%u34567890123456789012345678901234567890123456789012345678901",
		  BAD_FORMAT },
		{ "s8", "a", NULL, "%u345678901234567890123456789012345678901234567890123456789012",
		  BAD_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512], message[512], quoted[ERROR_QUOTE_SIZE];

		snprintf(text, sizeof(text),
			 "DROP_FIELD(u8, earlier, \"%%u\", 0)\nDROP_FIELD(%s, %s, \"%s\", 0)",
			 cases[i].type ? cases[i].type : cases[i].bad,
			 cases[i].name ? cases[i].name : cases[i].bad,
			 cases[i].format ? cases[i].format : cases[i].bad);
		snprintf(message, sizeof(message), "mine.c:2: DROP_FIELD: %s%s",
			 error_quote(quoted, cases[i].bad), cases[i].message);
		assert_refused(text, message);
	}
	assert_refused("DROP_FIELD(u8, a, \"%u\\n\", 0)",
		       "mine.c:1: DROP_FIELD: \"%u\\x5cn\"" BAD_FORMAT);
	assert_refused("DROP_FIELD(u8, a, \"%u\" \"x\", 0)",
		       "mine.c:1: DROP_FIELD: \"%u\\x22 \\x22x\"" BAD_FORMAT);
	assert_refused("DROP_FIELD(u8, a, FORMAT, 0)",
		       "mine.c:1: DROP_FIELD: \"FORMAT\"" BAD_FORMAT);
}

/* Titles of columns, and keys of JSON, that a second one would make ambiguous. */
static void names_that_bytetrace_has(void **state)
{
	static const char *const names[] = { "iface", "interface", "reason_name", "stack" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[128], message[128];

		snprintf(text, sizeof(text), "DROP_FIELD(u8, %s, \"%%u\", 1)", names[i]);
		snprintf(message, sizeof(message),
			 "mine.c:1: DROP_FIELD: \"%s\" is the name of a built-in column or key",
			 names[i]);
		assert_refused(text, message);
	}
}

static void too_many_or_too_large(void **state)
{
	char text[4096] = "";

	(void)state;
	for (int i = 0; i < 17; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "DROP_FIELD(u8, a%d, \"%%u\", %d)\n", i, i);
	assert_refused(text, "mine.c:17: DROP_FIELD: \"a16\" is one column too many: a program can "
			     "have 16");
	text[0] = '\0';
	for (int i = 0; i < 5; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "DROP_FIELD(char[64], a%d, \"%%s\", %d)\n", i, i);
	assert_refused(text,
		       "mine.c:5: DROP_FIELD: \"a4\" makes the columns larger than 256 bytes");
}

/* Any text is taken or refused, and that soon; the sanitizers see a read or write out of it. */
static void hostile_texts(void **state)
{
	static const struct {
		const char *before, *repeated, *behind;
	} cases[] = {
		{ "DROP_FIELD(u8, a, \"%u\", ", "(", "" },
		{ "DROP_FIELD(u8, a, \"%u\", ", "(", "\"" },
		{ "DROP_FIELD(u8, a, \"%u\", ", "()", ")" },
		{ "DROP_FIELD(u8, a, \"%u\", ", "a->", "b)" },
		{ "DROP_FIELD(", "(", "" },
		{ "DROP_FIELD(", "()", ")" },
		{ "DROP_FIELD(", ",", ")" },
		{ "DROP_FIELD(", "u8[", ")" },
		{ "", "DROP_FIELD ", "" },
		{ "", "DROP_FIELD(", "" },
		{ "", "DROP_FIELD(\n", "" },
		{ "", "DROP_FIELD\n", "" },
		{ "", "DROP_FIELD(u8)\n", "" },
		{ "", "\"", "" },
		{ "", "/*", "" },
		{ "", "\\", "" },
		{ "", "#\n", "" },
	};
	const size_t count = 10000;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t length = strlen(cases[i].repeated);
		char *text = calloc(1, count * (length + 1) + 128);
		struct layout layout;
		struct error err;

		assert_non_null(text);
		strcpy(text, cases[i].before);
		for (size_t n = 0, at = strlen(text); n < count; n++, at += length)
			memcpy(text + at, cases[i].repeated, length);
		strcat(text, cases[i].behind);
		find(text, &layout, &err);
		free(text);
	}
}

static void random_texts(void **state)
{
	static const char *const tokens[] = {
		"DROP_FIELD", "(",	"(",  "(", ")",	      ")",	  ")",	"[",  "]", "{",
		"}",	      "->",	"->", ".", ",",	      ",",	  "*",	"&",  "a", "sk",
		"u8",	      "\"%u\"", "\"", "'", "/*",      "*/",	  "//", "\n", "#", "\\",
		" ",	      "1",	"-",  ">", "char[4]", "struct x", "_t", "+",
	};
	unsigned int seed = 20261125;
	size_t taken = 0;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		const bool expression = round % 2;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct layout layout;
		struct error err;

		if (expression)
			fprintf(out, "DROP_FIELD(%s, a, \"%s\", ",
				round % 4 == 1 ? "u8" : "char[4]", round % 4 == 1 ? "%u" : "%s");
		for (int n = rand_r(&seed) % 24; n > 0; n--)
			fputs(tokens[(size_t)rand_r(&seed) % (sizeof(tokens) / sizeof(*tokens))],
			      out);
		fputs(expression ? "z)))\n" : "\n", out);
		fclose(out);
		if (find(text, &layout, &err) == 0)
			taken += layout.field_count;
		free(text);
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(formats),
		cmocka_unit_test(several),
		cmocka_unit_test(values_and_lines),
		cmocka_unit_test(what_does_not_begin_a_line_is_not_found),
		cmocka_unit_test(types_names_and_formats_refused),
		cmocka_unit_test(names_that_bytetrace_has),
		cmocka_unit_test(too_many_or_too_large),
		cmocka_unit_test(hostile_texts),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
