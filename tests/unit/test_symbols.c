// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/symbols.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/kallsyms.h"

static struct symbols *open_fixture(const char *name)
{
	const char *dir = getenv("FIXTURES");
	struct symbols *symbols;
	char path[512];

	snprintf(path, sizeof(path), "%s/kallsyms/%s", dir ? dir : "tests/fixtures", name);
	symbols = symbols_create(path, "/nonexistent");
	assert_non_null(symbols);
	return symbols;
}

static void assert_unknown(struct symbols *symbols, uint64_t address)
{
	struct symbol symbol;

	assert_false(symbols_find(symbols, address, &symbol));
}

/* `expected` is how the kernel prints a symbol: name+offset/size [module]. */
static void assert_symbol(struct symbols *symbols, uint64_t address, const char *expected)
{
	struct symbol symbol;
	char text[512];

	assert_true(symbols_find(symbols, address, &symbol));
	snprintf(text, sizeof(text), "%s+0x%llx/0x%llx%s%s%s", symbol.name,
		 (unsigned long long)symbol.offset, (unsigned long long)symbol.size,
		 symbol.module ? " [" : "", symbol.module ? symbol.module : "",
		 symbol.module ? "]" : "");
	assert_string_equal(text, expected);
}

static void find(void **state)
{
	static const struct {
		uint64_t address;
		const char *expected; /* NULL: unknown */
	} table[] = {
		/* the first of two names for one address; ends at the padding of the next one */
		{ 0xffffffff81000000, "_stext+0x0/0x100" },
		{ 0xffffffff810000ff, "_stext+0xff/0x100" },
		{ 0xffffffff81000100, NULL },
		{ 0xffffffff8100010f, NULL },
		{ 0xffffffff81000110, "first+0x0/0x40" },
		{ 0xffffffff8100014f, "first+0x3f/0x40" },
		/* not the weak one, and up to data */
		{ 0xffffffff81000160, "second+0x0/0xa0" },
		{ 0xffffffff810001ff, "second+0x9f/0xa0" },
		{ 0xffffffff81000200, NULL },
		{ 0xffffffff81000240, "third+0x0/0xc0" },
		{ 0xffffffff81000300, NULL }, /* _etext */
		{ 0xffffffff82000000, NULL },
		{ 0xffffffff90000000, NULL },
		/* modules, not in order; a module's last function ends with its page at most */
		{ 0xffffffffc0401010, "one_a+0x10/0x20 [mod_one]" },
		{ 0xffffffffc0401fff, "one_last+0xfdf/0xfe0 [mod_one]" },
		{ 0xffffffffc0402010, "two_a+0x10/0x80 [mod_two]" },
		{ 0xffffffffc0402080, "two_b+0x0/0xf80 [mod_two]" },
		{ 0xffffffffc0403000, NULL },
		{ 0xffffffffc0500123, "bpf_prog_0123456789abcdef_drop+0x123/0x1000 [bpf]" },
		{ 0xffffffffc0501000, NULL },
		{ 0, NULL },
		{ 1, NULL },
		{ UINT64_MAX, NULL },
	};
	struct symbols *symbols = open_fixture("small");

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].expected)
			assert_symbol(symbols, table[i].address, table[i].expected);
		else
			assert_unknown(symbols, table[i].address);
	}
	assert_false(symbols_restricted(symbols));
	symbols_free(symbols);
}

struct listed {
	char text[1024];
};

static int list_symbol(void *context, const char *name, uint64_t first, uint64_t last)
{
	struct listed *listed = context;
	size_t length = strlen(listed->text);

	snprintf(listed->text + length, sizeof(listed->text) - length, "%s %llx-%llx\n", name,
		 (unsigned long long)first, (unsigned long long)last);
	return strcmp(name, "one_last") == 0 ? -E2BIG : 0;
}

/* All functions with what is theirs: up to the next one, but not into another module. */
static void each(void **state)
{
	struct symbols *symbols = symbols_create("tests/fixtures/kallsyms/small", "/nonexistent");
	struct listed listed = { .text = "" };

	(void)state;
	assert_int_equal(symbols_each(symbols, list_symbol, &listed), -E2BIG);
	assert_string_equal(listed.text, "_stext ffffffff81000000-ffffffff8100010f\n"
					 "first ffffffff81000110-ffffffff8100015f\n"
					 "second ffffffff81000160-ffffffff8100023f\n"
					 "third ffffffff81000240-ffffffff810002ff\n"
					 "one_a ffffffffc0401000-ffffffffc040101f\n"
					 "one_last ffffffffc0401020-ffffffffc0401fff\n");
	symbols_free(symbols);
}

static void restricted(void **state)
{
	struct symbols *symbols = open_fixture("restricted");

	(void)state;
	assert_false(symbols_restricted(symbols)); /* not read yet */
	assert_unknown(symbols, 0xffffffff81000110);
	assert_unknown(symbols, 0);
	assert_true(symbols_restricted(symbols));
	symbols_free(symbols);
}

static void missing_file(void **state)
{
	struct symbols *symbols = open_fixture("nonexistent");

	(void)state;
	assert_unknown(symbols, 0xffffffff81000110);
	assert_false(symbols_restricted(symbols));
	symbols_free(symbols);
}

static FILE *create_file(char *path)
{
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	assert_non_null(file);
	return file;
}

/* Lines that lie across the blocks in which the file is read. */
static void many_lines(void **state)
{
	char path[] = "/tmp/test_symbols.XXXXXX";
	FILE *file = create_file(path);
	struct symbols *symbols;
	char expected[64];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++)
		fprintf(file, "%016llx t function_%u\n", 0xffffffff81000000ull + i * 16, i);
	fputs("ffffffffc0000000 t last\t[no_newline]", file);
	assert_int_equal(fclose(file), 0);
	symbols = symbols_create(path, "/nonexistent");
	assert_non_null(symbols);
	for (unsigned int i = 0; i < 19999; i++) {
		snprintf(expected, sizeof(expected), "function_%u+0xf/0x10", i);
		assert_symbol(symbols, 0xffffffff81000000ull + i * 16 + 15, expected);
	}
	assert_symbol(symbols, 0xffffffffc0000000, "last+0x0/0x1000 [no_newline]");
	symbols_free(symbols);
	unlink(path);
}

/* Of a line that is larger than a block no part is taken for a line, wherever it is cut. */
static void long_line(void **state)
{
	(void)state;
	for (int length = 65530; length < 65540; length++) {
		char path[] = "/tmp/test_symbols.XXXXXX";
		FILE *file = create_file(path);
		struct symbols *symbols = symbols_create(path, "/nonexistent");

		assert_non_null(symbols);
		for (int i = 0; i < length; i++)
			putc('x', file);
		fputs("ffffffff81000000 t inside\nffffffff81001000 t after\n", file);
		assert_int_equal(fclose(file), 0);
		assert_symbol(symbols, 0xffffffff81001000, "after+0x0/0x1000");
		assert_unknown(symbols, 0xffffffff81000000);
		symbols_free(symbols);
		unlink(path);
	}
}

/* A module that is loaded after the first look-up is found, but not by reading all the time. */
static void late_module(void **state)
{
	char path[] = "/tmp/test_symbols.XXXXXX";
	FILE *file = create_file(path);
	struct symbols *symbols = symbols_create(path, "/nonexistent");

	(void)state;
	assert_non_null(symbols);
	fputs("ffffffff81000000 T early\n", file);
	fflush(file);
	assert_symbol(symbols, 0xffffffff81000010, "early+0x10/0x1000");
	fputs("ffffffffc0000000 t late\t[module]\n", file);
	assert_int_equal(fclose(file), 0);
	assert_unknown(symbols, 0xffffffffc0000010);
	usleep(1100000);
	assert_symbol(symbols, 0xffffffffc0000010, "late+0x10/0x1000 [module]");
	assert_symbol(symbols, 0xffffffff81000010, "early+0x10/0x1000");
	symbols_free(symbols);
	unlink(path);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* A function ends at another module's symbol, also within a page, and is never larger than it can
 * say. */
static void ends(void **state)
{
	char path[] = "/tmp/test_symbols.XXXXXX";
	struct symbols *symbols;

	(void)state;
	fclose(create_file(path));
	write_file(path, "0000000000001000 T low\n"
			 "ffffffff81000000 T high\n"
			 "ffffffffc0000000 t function\t[a]\n"
			 "ffffffffc0000100 d data\t[b]\n");
	symbols = symbols_create(path, "/nonexistent");
	assert_non_null(symbols);
	assert_symbol(symbols, 0x1010, "low+0x10/0x1000");
	assert_unknown(symbols, 0x2000);
	assert_symbol(symbols, 0xffffffffc00000ff, "function+0xff/0x100 [a]");
	assert_unknown(symbols, 0xffffffffc0000180);
	symbols_free(symbols);
	unlink(path);
}

/*
 * What lies in the place of a module that went, or of the functions that only loading took, is not
 * called by their names. Users of a module are no reason to read all again.
 */
static void replaced_module(void **state)
{
	char path[] = "/tmp/test_symbols.XXXXXX", modules[] = "/tmp/test_symbols.XXXXXX";
	struct symbols *symbols;

	(void)state;
	fclose(create_file(path));
	fclose(create_file(modules));
	symbols = symbols_create(path, modules);
	assert_non_null(symbols);
	write_file(path, "ffffffffc0000000 t a_init\t[a]\n");
	write_file(modules, "a 1 0 - Loading 0xffffffffc0001000\n");
	assert_symbol(symbols, 0xffffffffc0000010, "a_init+0x10/0x1000 [a]");

	write_file(path, "ffffffffc0000000 t b_function\t[b]\n");
	write_file(modules, "a 1 0 - Live 0xffffffffc0001000\n");
	usleep(25000);
	assert_symbol(symbols, 0xffffffffc0000010, "b_function+0x10/0x1000 [b]");

	write_file(path, "ffffffffc0000000 t unread\t[b]\n");
	write_file(modules, "a 1 2 c,d, Live 0xffffffffc0001000\n");
	usleep(25000);
	assert_symbol(symbols, 0xffffffffc0000010, "b_function+0x10/0x1000 [b]");
	symbols_free(symbols);
	unlink(path);
	unlink(modules);
}

static void lines(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: refused */
		bool function;
	} table[] = {
		{ "ffffffff81000000 T name", "name", true },
		{ "ffffffff81000000 w name\t[module]", "name", true },
		{ "c0100000 t thirty_two_bits", "thirty_two_bits", true },
		{ "ffffffff81000000 D name", "name", false },
		{ "ffffffff81000000 t __cfi_name", "__cfi_name", false },
		{ "ffffffff81000000 t __pfx_", "__pfx_", true },
		{ "ffffffff81000000 T name.isra.0", "name.isra.0", true },
		{ "ffffffff81000000 T name\t[module", NULL, false },
		{ "ffffffff81000000 T name\t[]", NULL, false },
		{ "ffffffff81000000 T name\t[mod ule]", NULL, false },
		{ "ffffffff81000000 T name [module]", NULL, false },
		{ "ffffffff81000000 T \033[2Jname", NULL, false },
		{ "ffffffff81000000 T name\x80", NULL, false },
		{ "ffffffff81000000 T ", NULL, false },
		{ "ffffffff81000000 T", NULL, false },
		{ "ffffffff81000000  name", NULL, false },
		{ "ffffffff81000000", NULL, false },
		{ "0ffffffff81000000 T name", NULL, false },
		{ "FFFFFFFF81000000 T name", NULL, false },
		{ " T name", NULL, false },
		{ "", NULL, false },
		{ "ffffffff81000000 t $x", NULL, false },
		{ "ffffffff81000000 t .L1", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t length = strlen(table[i].text);
		char *copy = malloc(length ? length : 1); /* exact: reads beyond it are seen */
		struct kallsyms_line line;
		bool parsed;

		assert_non_null(copy);
		memcpy(copy, table[i].text, length);
		parsed = kallsyms_parse(copy, copy + length, &line);
		assert_int_equal(parsed, table[i].name != NULL);
		if (parsed) {
			assert_int_equal(line.name_length, strlen(table[i].name));
			assert_memory_equal(line.name, table[i].name, line.name_length);
			assert_int_equal(line.function, table[i].function);
		}
		free(copy);
	}
}

static void garbage(void **state)
{
	char path[] = "/tmp/test_symbols.XXXXXX";
	FILE *file = create_file(path);
	struct symbols *symbols;
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		random = random * 1664525 + 1013904223;
		putc("0123456789abcdef \n\tTt[]$."[(random >> 16) % 25], file);
	}
	fputs("\nffffffff81000000 T after", file);
	assert_int_equal(fclose(file), 0);
	symbols = symbols_create(path, "/nonexistent");
	assert_non_null(symbols);
	assert_symbol(symbols, 0xffffffff81000000, "after+0x0/0x1000");
	symbols_free(symbols);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find),	       cmocka_unit_test(each),
		cmocka_unit_test(restricted),  cmocka_unit_test(missing_file),
		cmocka_unit_test(many_lines),  cmocka_unit_test(long_line),
		cmocka_unit_test(late_module), cmocka_unit_test(replaced_module),
		cmocka_unit_test(ends),	       cmocka_unit_test(lines),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
