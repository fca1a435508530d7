// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void releases(void **state)
{
	(void)state;
	assert_true(release_is_since("6.2.0-1-amd64", 6, 2));
	assert_true(release_is_since("6.12.118+deb13-amd64", 6, 2));
	assert_true(release_is_since("7.0-rc1", 6, 2));
	assert_false(release_is_since("6.1.0-56-amd64", 6, 2));
	assert_false(release_is_since("5.15.0", 6, 2));
	assert_false(release_is_since("no number", 4, 7));
}

static void the_running_one(void **state)
{
	(void)state;
	assert_true(release_runs_since(2, 6));
	assert_false(release_runs_since(100, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases),
		cmocka_unit_test(the_running_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
