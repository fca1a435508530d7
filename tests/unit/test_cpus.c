// SPDX-License-Identifier: GPL-2.0-only
#include "util/cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define SIZE 16

static void lists(void **state)
{
	static const struct {
		const char *list;
		const char *online; /* NULL: refused */
	} cases[] = {
		{ "0\n", "1000000000000000" },
		{ "0-3", "1111000000000000" },
		{ "0-1,4,6-7\n", "1100101100000000" },
		{ "15\n", "0000000000000001" },
		{ "", "0000000000000000" },
		{ "16", NULL },
		{ "0-16", NULL },
		{ "a", NULL },
		{ "0-", NULL },
		{ "-3", NULL },
		{ ",", NULL },
		{ "99999999999999999999", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool set[SIZE] = { false };
		char text[SIZE + 1] = "";
		bool parsed = cpus_parse(cases[i].list, set, SIZE);

		if (parsed != (cases[i].online != NULL))
			fail_msg("\"%s\"", cases[i].list);
		if (!parsed)
			continue;
		for (int cpu = 0; cpu < SIZE; cpu++)
			text[cpu] = set[cpu] ? '1' : '0';
		assert_string_equal(text, cases[i].online);
	}
}

static void possible_covers_online(void **state)
{
	(void)state;
	assert_true(cpus_possible() >= (size_t)sysconf(_SC_NPROCESSORS_ONLN));
}

/* Equal where the numbers have no gaps, as on all machines that the tests run on. */
static void numbers_cover_possible(void **state)
{
	(void)state;
	assert_int_equal(cpus_end(), cpus_possible());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(possible_covers_online),
		cmocka_unit_test(numbers_cover_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
