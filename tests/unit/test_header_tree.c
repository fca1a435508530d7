// SPDX-License-Identifier: GPL-2.0-only
#include "compile/header_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void programs_that_need_no_headers(void **state)
{
	(void)state;
	assert_true(header_tree_suffices(""));
	assert_true(header_tree_suffices("int x;\n#define A 1\n"));
	assert_true(header_tree_suffices("#include <linux/skbuff.h>\n#  include  <net/sock.h>\n"));
}

static void programs_that_do(void **state)
{
	(void)state;
	assert_false(header_tree_suffices("#include <linux/inetdevice.h>\n"));
	assert_false(header_tree_suffices("#include <net/sock.h>\n\t#include <linux/skbuff.hh>\n"));
	assert_false(header_tree_suffices("#include \"linux/skbuff.h\"\n"));
	assert_false(header_tree_suffices("#include <linux/skbuff.h"));
	assert_false(header_tree_suffices("#include"));
	assert_false(header_tree_suffices("#ifdef CONFIG_NETFILTER\n#endif\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_that_need_no_headers),
		cmocka_unit_test(programs_that_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
