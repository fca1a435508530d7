// SPDX-License-Identifier: GPL-2.0-only
#include "stream/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define MS UINT64_C(1000000)

/* How many of `wanted` pass. */
static uint64_t take(struct rate *rate, uint64_t wanted)
{
	uint64_t taken = 0;

	while (taken < wanted && rate_take(rate))
		taken++;
	return taken;
}

static void full_at_the_start(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	rate_refill(&rate, 500, 7 * MS);
	assert_int_equal(take(&rate, 1000), 500);
	rate_refill(&rate, 500, 7 * MS);
	assert_int_equal(take(&rate, 1000), 0);
}

static void refills(void **state)
{
	struct rate rate = { 0 };
	uint64_t now = 1;

	(void)state;
	rate_refill(&rate, 500, now);
	take(&rate, 500);
	rate_refill(&rate, 500, now += 50 * MS);
	assert_int_equal(take(&rate, 1000), 25);
	/* Never more than come in a second. */
	rate_refill(&rate, 500, now += 60000 * MS);
	assert_int_equal(take(&rate, 1000), 500);
	rate_refill(&rate, 500, now += 900 * MS);
	rate_refill(&rate, 500, now += 900 * MS);
	assert_int_equal(take(&rate, 1000), 500);
}

/* A reader that looks often gets no fewer: 3 a second, looked at each millisecond. */
static void parts_add_up(void **state)
{
	struct rate rate = { 0 };
	uint64_t now = 1, taken = 0;

	(void)state;
	rate_refill(&rate, 3, now);
	take(&rate, 3);
	for (int i = 0; i < 10000; i++) {
		rate_refill(&rate, 3, now += MS);
		taken += take(&rate, 1);
	}
	assert_in_range(taken, 29, 30);
}

static void large(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	rate_refill(&rate, UINT64_MAX - 1, 1);
	assert_int_equal(take(&rate, 100000), 100000);
	rate_refill(&rate, UINT64_MAX - 1, 1 + 999 * MS);
	assert_int_equal(take(&rate, 100000), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_at_the_start),
		cmocka_unit_test(refills),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
