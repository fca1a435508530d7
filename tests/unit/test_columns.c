// SPDX-License-Identifier: GPL-2.0-only
#include "generate/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "generate/source.h"
#include "record/layout.h"
#include "util/error.h"

/* Take the columns out of a text: 0 leaves what became of it in `source`, to be freed. */
static int take(const char *text, struct layout *layout, struct source *source, struct error *err)
{
	const struct template_file file = { "mine.c", text };
	int result;

	memset(layout, 0, sizeof(*layout));
	assert_int_equal(source_from_file(source, &file, err), 0);
	result = columns_take(layout, source, err);
	if (result)
		source_free(source);
	else
		assert_int_equal(source->length, strlen(source->text));
	return result;
}

static void assert_text(const char *text, const char *expected)
{
	struct layout layout;
	struct source source;
	struct error err = { .text = "" };

	if (take(text, &layout, &source, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(source.text, expected);
	source_free(&source);
}

static void assert_refused(const char *text, const char *message)
{
	struct layout layout;
	struct source source;
	struct error err;

	if (take(text, &layout, &source, &err) == 0)
		fail_msg("taken: %s", text);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, STATUS_COMPILE);
}

/* What an expression becomes that says where text is. */
static void assert_address(const char *expression, const char *expected)
{
	char text[512], whole[512];

	snprintf(text, sizeof(text), "DROP_FIELD(char[16], a, \"%%s\", %s)\n", expression);
	snprintf(whole, sizeof(whole), "DROP_FIELD_BYTES(a, %s)\n", expected);
	assert_text(text, whole);
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
		char text[128], expected[128];
		struct layout layout;
		struct source source;
		struct error err;

		snprintf(text, sizeof(text), "x DROP_FIELD(%s, a, \"<%%d>\", 1) y\n", types[i]);
		assert_int_equal(take(text, &layout, &source, &err), 0);
		snprintf(expected, sizeof(expected), "x DROP_FIELD_NUMBER(%s, a, 1) y\n", types[i]);
		assert_string_equal(source.text, expected);
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
		source_free(&source);
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
		struct source source;
		struct error err;

		snprintf(text, sizeof(text), "DROP_FIELD(%s, name, \"%s\", 0)", cases[i].type,
			 cases[i].format);
		if (take(text, &layout, &source, &err))
			fail_msg("%s", err.text);
		assert_string_equal(layout.fields[0].format, cases[i].made);
		assert_int_equal(layout.fields[0].kind, cases[i].kind);
		assert_int_equal(layout.fields[0].in_bytes, strchr(cases[i].type, '[') != NULL);
		/* An address is shown as its bytes lie in memory. */
		assert_true(cases[i].kind != FIELD_IPV4 || layout.fields[0].swap == 0);
		source_free(&source);
	}
}

static void several(void **state)
{
	struct layout layout;
	struct source source;
	struct error err;
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)state;
	assert_int_equal(
		take("DROP_FIELD(u8, one, \"%u\", 1)DROP_FIELD(char[9], two, \"%s\", 2);\n"
		     "DROP_FIELD(u8[6], three, \"%pM\", 3)\nDROP_FIELD(u8[16], x4, \"%pI6\", 4)",
		     &layout, &source, &err),
		0);
	assert_string_equal(source.text, "DROP_FIELD_NUMBER(u8, one, 1)DROP_FIELD_BYTES(two, 2);\n"
					 "DROP_FIELD_BYTES(three, 3)\nDROP_FIELD_BYTES(x4, 4)");
	assert_int_equal(layout.field_count, 4);
	assert_int_equal(layout.fields[0].offset, 0);
	assert_int_equal(layout.fields[1].offset, 8);
	assert_int_equal(layout.fields[1].size, 9);
	assert_int_equal(layout.fields[2].offset, 24);
	assert_int_equal(layout.fields[3].offset, 32);
	assert_int_equal(layout.size, 48);
	source_free(&source);
	out = open_memstream(&list, &size);
	columns_write_list(&layout, "DROP_FIELDS", out);
	fclose(out);
	assert_string_equal(list, "#define DROP_FIELDS(number, string, bytes) number(one) "
				  "string(two, 9) bytes(three, 6) bytes(x4, 16)\n");
	free(list);
	layout.field_count = 0;
	out = open_memstream(&list, &size);
	columns_write_list(&layout, "DROP_FIELDS", out);
	fclose(out);
	assert_string_equal(list, "");
	free(list);
}

static void arrows_become_reads(void **state)
{
	static const struct {
		const char *expression, *expected;
	} cases[] = {
		{ "1 + 0x2f", "1 + 0x2f" },
		{ "skb->len", "DROP_READ(skb, len)" },
		{ "sk->sk_rcvbuf", "DROP_READ(DROP_SK, sk_rcvbuf)" },
		{ "sk", "DROP_SK" },
		{ "task->sk + sk_x", "DROP_READ(task, sk) + sk_x" },
		{ "skb->dev->mtu", "DROP_READ(DROP_READ(skb, dev), mtu)" },
		{ "skb -> dev\t->\nmtu", "DROP_READ(DROP_READ(skb, dev), mtu)\n" },
		{ "a->b.c", "DROP_READ(a, b.c)" },
		{ "a->b[1].c[2]->d", "DROP_READ(DROP_READ(a, b[1].c[2]), d)" },
		{ "a->b[c->d]", "DROP_READ(a, b[DROP_READ(c, d)])" },
		{ "a[i]->b", "DROP_READ(a[i], b)" },
		{ "a.b->c", "DROP_READ(a.b, c)" },
		{ "a[b->c]", "a[DROP_READ(b, c)]" },
		{ "f(a->b, (c->d))->e", "DROP_READ(f(DROP_READ(a, b), (DROP_READ(c, d))), e)" },
		{ "f()", "f()" },
		{ "f(x)(y->z)", "f(x)(DROP_READ(y, z))" },
		{ "((struct Qdisc *)TRACEPOINT_ARG(1))->limit",
		  "DROP_READ(((struct Qdisc *)TRACEPOINT_ARG(1)), limit)" },
		{ "((struct a *)x)->b->c", "DROP_READ(DROP_READ(((struct a *)x), b), c)" },
		{ "(u32)a->b", "(u32)DROP_READ(a, b)" },
		/* A cast takes less than what follows it. */
		{ "(u32)(a)->b", "(u32)DROP_READ((a), b)" },
		{ "(unsigned long)(a)->b", "(unsigned long)DROP_READ((a), b)" },
		{ "(struct a *)(x)->b", "(struct a *)DROP_READ((x), b)" },
		{ "(size_t)(x)->b", "(size_t)DROP_READ((x), b)" },
		{ "(f)(x)->b", "DROP_READ((f)(x), b)" },
		{ "(*f)(x)->b", "DROP_READ((*f)(x), b)" },
		{ "(a * b) * c->d", "(a * b) * DROP_READ(c, d)" },
		{ "(a->b)", "(DROP_READ(a, b))" },
		{ "((((a->b))))->c", "DROP_READ(((((DROP_READ(a, b))))), c)" },
		{ "a->b ? c->d : -e->f", "DROP_READ(a, b) ? DROP_READ(c, d) : -DROP_READ(e, f)" },
		{ "a-->b", "a-->b" },
		{ "a->b & c->d", "DROP_READ(a, b) & DROP_READ(c, d)" },
		{ "a->b&&c->d", "DROP_READ(a, b)&&DROP_READ(c, d)" },
		{ "1 & a->b", "1 & DROP_READ(a, b)" },
		{ "(u64)&a->b.c[1]", "(u64)&(a)->b.c[1]" },
		{ "&a->b->c", "&(DROP_READ(a, b))->c" },
		{ "x + &(a->b)", "x + &((a)->b)" },
		{ "f(&a->b, a->c)", "f(&(a)->b, DROP_READ(a, c))" },
		{ "sizeof(struct sock) + sizeof sk->x",
		  "sizeof(struct sock) + sizeof DROP_READ(DROP_SK, x)" },
		{ "'->' + a->b", "'->' + DROP_READ(a, b)" },
		{ "f(\"a->b)\\\"(\", ')', '\\'')", "f(\"a->b)\\\"(\", ')', '\\'')" },
		{ "a /* -> ) */ ->b // )\n", "DROP_READ(a, b)\n" },
		{ "({ int x = a->b, y; x; })", "({ int x = DROP_READ(a, b), y; x; })" },
		{ "1.5 + a.b", "1.5 + a.b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *expected = cases[i].expected;
		size_t length = strlen(expected);
		char text[512], whole[512];
		bool newline = expected[length - 1] == '\n';

		snprintf(text, sizeof(text), "DROP_FIELD(u32, a, \"%%u\", %s)\n",
			 cases[i].expression);
		/* A newline within goes behind. */
		snprintf(whole, sizeof(whole), "DROP_FIELD_NUMBER(u32, a, %.*s)\n%s",
			 (int)(length - newline), expected, newline ? "\n" : "");
		assert_text(text, whole);
	}
}

/* Text and bytes are copied from where they are. */
static void addresses_of_text(void **state)
{
	(void)state;
	assert_address("skb->dev->name", "DROP_ADDRESS(DROP_READ(skb, dev), name)");
	assert_address("(char *)skb->cb", "(char *)DROP_ADDRESS(skb, cb)");
	assert_address("(const char *)(x)->cb", "(const char *)DROP_ADDRESS((x), cb)");
	assert_address("((skb->cb))", "((DROP_ADDRESS(skb, cb)))");
	assert_address("skb->cb + 8", "DROP_READ(skb, cb) + 8");
	assert_address("&skb->cb[8]", "&(skb)->cb[8]");
	assert_address("(u8 *)&skb->cb", "(u8 *)&(skb)->cb");
	assert_address("f(skb->dev)", "f(DROP_READ(skb, dev))");
	assert_address("x ? a->b : c->d", "x ? DROP_READ(a, b) : DROP_READ(c, d)");
	assert_address("comm", "comm");
}

static void what_is_no_declaration_stays(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"int x;\n",
		"/* DROP_FIELD(u8, a, \"%u\", 1) */\n",
		"// DROP_FIELD(u8, a, \"%u\", 1)\n",
		"\"DROP_FIELD(u8, a\"\n",
		"'DROP_FIELD('\n",
		"\"\\\"DROP_FIELD(u8, a\"\n",
		"#define DROP_FIELD(a, b, c, d) x\n",
		"#define DROP_FIELD(a, b, \\\n  c, d) \\\nDROP_FIELD(\n",
		"  #  define X DROP_FIELD(\n",
		"#define X 1 /* DROP_FIELD(\n DROP_FIELD(\n*/ DROP_FIELD(\n",
		"#define X \"/*\" DROP_FIELD(\n",
		"#define X // /* DROP_FIELD(\n",
		"#error don't DROP_FIELD(\n",
		"/* */ #define X DROP_FIELD(\n",
		"MY_DROP_FIELD(u8)\nDROP_FIELDS(x)\nDROP_FIELD_NUMBER(u8, a, 1)\n",
		"int x; /* not closed DROP_FIELD(",
		"int x; /*",
		"int x; /",
		"#",
		"#\\",
		"\"not closed DROP_FIELD(",
		"'",
		"\"\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct layout layout;
		struct source source;
		struct error err;

		if (take(texts[i], &layout, &source, &err))
			fail_msg("%s: %s", texts[i], err.text);
		assert_string_equal(source.text, texts[i]);
		assert_int_equal(layout.field_count, 0);
		source_free(&source);
	}
}

/* Whatever stands before and within declarations, the compiler's lines are those of the file. */
static void lines_stay(void **state)
{
	(void)state;
	assert_text("a\nDROP_FIELD(u32,\n\tone,\n\n\t\"%u\",\n\tskb->len\n)\nb\n",
		    "a\nDROP_FIELD_NUMBER(u32, one, DROP_READ(skb, len))\n\n\n\n\n\nb\n");
	assert_text(
		"DROP_FIELD /* x\n */ ( u32 // type\n, one /* name */, \"%u\" /* format */, 1)\n",
		"DROP_FIELD_NUMBER(u32, one, 1)\n\n\n");
	assert_refused(
		"/* 1\n2 */\n\"3\\\n4\"\n'5\n#define 6 \\\n7 /*\n8 */\n'\n\n\nDROP_FIELD(, )",
		"mine.c:12: DROP_FIELD: \", \" is not TYPE, NAME, \"FORMAT\", EXPRESSION");
	assert_refused(
		"DROP_FIELD(u8, a, \"%u\",\n\n1)\nDROP_FIELD(\nu8)\n",
		"mine.c:4: DROP_FIELD: \"\\x0au8\" is not TYPE, NAME, \"FORMAT\", EXPRESSION");
}

#define BAD_TYPE                                                                                   \
	" is not a type that a column may have: u8 to u64, s8 to s64, bool, int, __be16, __be32, " \
	"char[N] up to 64, u8[4], u8[6], u8[16]"
#define BAD_NAME " is not a name of small letters, digits and _, up to 31"
#define BAD_FORMAT                                                                                 \
	" is not a format with one conversion for that type: %d %u %x %o %c for numbers, %s for "  \
	"char[N], %pI4 %pI6 %pM for addresses, %pS for a place in the kernel"

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
		{ "u8", NULL, "%u", "reason", " is the name of a column that bytetrace has" },
		{ "u8", NULL, "%u", "earlier", " is the name of an earlier column" },
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
	assert_refused("DROP_FIELD(u8, a, \", 0)\n)",
		       "mine.c:1: DROP_FIELD: \"u8, a, \\x22, 0)\\x0a\" is not TYPE, NAME, "
		       "\"FORMAT\", EXPRESSION");
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
			 "mine.c:1: DROP_FIELD: \"%s\" is the name of a column that bytetrace has",
			 names[i]);
		assert_refused(text, message);
	}
}

static void arguments_refused(void **state)
{
	char text[4096] = "", long_one[1200];

	(void)state;
	assert_refused("DROP_FIELD", "mine.c:1: DROP_FIELD has no arguments between brackets");
	assert_refused("\nDROP_FIELD;", "mine.c:2: DROP_FIELD has no arguments between brackets");
	assert_refused("DROP_FIELD(u8, a, \"%u\", (1)",
		       "mine.c:1: DROP_FIELD has no arguments between brackets");
	assert_refused("DROP_FIELD(", "mine.c:1: DROP_FIELD has no arguments between brackets");
	assert_refused("DROP_FIELD()",
		       "mine.c:1: DROP_FIELD: \"\" is not TYPE, NAME, \"FORMAT\", EXPRESSION");
	assert_refused("DROP_FIELD(u8, a, \"%u\")", "mine.c:1: DROP_FIELD: \"u8, a, \\x22%u\\x22\" "
						    "is not TYPE, NAME, \"FORMAT\", EXPRESSION");
	assert_refused("DROP_FIELD(u8, a, \"%u\", /* */ )",
		       "mine.c:1: DROP_FIELD: \"u8, a, \\x22%u\\x22, /* */ \" is not TYPE, NAME, "
		       "\"FORMAT\", EXPRESSION");

	memset(long_one, '1', sizeof(long_one));
	snprintf(text, sizeof(text), "DROP_FIELD(u8, a, \"%%u\", %.1024s)", long_one);
	long_one[1024] = '\0';
	snprintf(text + 2048, 2048, "DROP_FIELD_NUMBER(u8, a, %s)", long_one);
	assert_text(text, text + 2048);
	snprintf(text, sizeof(text), "DROP_FIELD(u8, a, \"%%u\", %s1)", long_one);
	assert_refused(text,
		       "mine.c:1: DROP_FIELD: \"a\" has an expression of more than 1024 bytes");

	text[0] = '\0';
	for (int i = 0; i < 17; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "DROP_FIELD(u8, a%d, \"%%u\", %d)\n", i, i);
	assert_refused(text,
		       "mine.c:17: DROP_FIELD: \"a16\" is one column too many: there may be 16");
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
		struct source source;
		struct error err;

		assert_non_null(text);
		strcpy(text, cases[i].before);
		for (size_t n = 0, at = strlen(text); n < count; n++, at += length)
			memcpy(text + at, cases[i].repeated, length);
		strcat(text, cases[i].behind);
		if (take(text, &layout, &source, &err) == 0)
			source_free(&source);
		free(text);
	}
	/* As deep as an expression may be. */
	{
		char text[1200] = "DROP_FIELD(u8, a, \"%u\", ", expected[1200];
		size_t start = strlen(text);

		memset(text + start, '(', 511);
		strcpy(text + start + 511, "aa");
		memset(text + start + 513, ')', 511);
		strcpy(text + start + 1024, ")");
		snprintf(expected, sizeof(expected), "DROP_FIELD_NUMBER(u8, a, %s", text + start);
		assert_text(text, expected);
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
		struct source source;
		struct error err;

		if (expression)
			fprintf(out, "DROP_FIELD(%s, a, \"%s\", ",
				round % 4 == 1 ? "u8" : "char[4]", round % 4 == 1 ? "%u" : "%s");
		for (int n = rand_r(&seed) % 24; n > 0; n--)
			fputs(tokens[(size_t)rand_r(&seed) % (sizeof(tokens) / sizeof(*tokens))],
			      out);
		fputs(expression ? "z)))\n" : "\n", out);
		fclose(out);
		if (take(text, &layout, &source, &err) == 0) {
			taken += layout.field_count;
			source_free(&source);
		}
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
		cmocka_unit_test(arrows_become_reads),
		cmocka_unit_test(addresses_of_text),
		cmocka_unit_test(what_is_no_declaration_stays),
		cmocka_unit_test(lines_stay),
		cmocka_unit_test(types_names_and_formats_refused),
		cmocka_unit_test(names_that_bytetrace_has),
		cmocka_unit_test(arguments_refused),
		cmocka_unit_test(hostile_texts),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
