// SPDX-License-Identifier: GPL-2.0-only
#include "generate/addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void assert_defines(const char *text, const char *path, const char *expected)
{
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(out);
	addresses_define(text, path, out);
	fclose(out);
	assert_string_equal(written, expected);
	free(written);
}

static void definitions(void **state)
{
	static const char chain[] = "#define DROP_ADDRESS_nft_do_chain 0xffffffff81000100ull\n";
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ "x = DROP_ADDRESS_nft_do_chain;", chain },
		{ "#ifdef DROP_ADDRESS_nft_do_chain\nDROP_ADDRESS_nft_do_chain + 1", chain },
		{ "NO_DROP_ADDRESS_nft_do_chain", "" },
		{ "DROP_ADDRESS_nft_do", "" },
		{ "DROP_ADDRESS_nft_do_chain2", "" },
		{ "DROP_ADDRESS_in_module", "" }, /* only of the kernel itself */
		{ "DROP_ADDRESS_", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_defines(cases[i].text, "tests/fixtures/kallsyms/table", cases[i].expected);
	assert_defines("DROP_ADDRESS_nft_do_chain", "/nonexistent", "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
