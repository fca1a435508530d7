// SPDX-License-Identifier: GPL-2.0-only
#include "stream/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"

enum { SOCKETS = 4, GONE = 3 };

static struct drop_event events[SOCKETS];
static struct summary_row rows[SOCKETS];

static void fill(struct summary *summary)
{
	memset(events, 0, sizeof(events));
	for (unsigned int i = 0; i < SOCKETS; i++) {
		events[i].socket = 100 + i;
		rows[i] = (struct summary_row){ .event = &events[i],
						.count = 10 * (i + 1),
						.before = i + 1 };
	}
	*summary = (struct summary){ .rows = rows, .row_count = SOCKETS, .other = 5, .total = 105 };
}

/* The first two sockets belong to one program; the last one is not wanted. */
static bool change(void *context, struct summary_row *row)
{
	unsigned int *calls = context;
	const unsigned int number = row->event->socket - 100;

	++*calls;
	row->event->socket = number < 2 ? 1 : 2;
	return number != GONE;
}

static void rows_are_joined(void **state)
{
	struct summary summary, copy;
	unsigned int calls = 0;

	(void)state;
	fill(&summary);
	assert_int_equal(summary_copy(&copy, &summary), 0);
	summary_change(&copy, change, &calls);
	assert_int_equal(calls, SOCKETS);
	assert_int_equal(copy.row_count, 2);
	/* Counts and those before are added up, so that a rate is never negative. */
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(copy.rows[i].count, 30);
		assert_int_equal(copy.rows[i].before, 3);
	}
	assert_int_not_equal(copy.rows[0].event->socket, copy.rows[1].event->socket);
	assert_int_equal(copy.total, 65);
	summary_free(&copy);
	/* The next summary is compared with what was read. */
	for (unsigned int i = 0; i < SOCKETS; i++) {
		assert_int_equal(summary.rows[i].event->socket, 100 + i);
		assert_int_equal(summary.rows[i].count, 10 * (i + 1));
	}
}

static void nothing_counted(void **state)
{
	const struct summary empty = { .other = 7 };
	unsigned int calls = 0;
	struct summary copy;

	(void)state;
	assert_int_equal(summary_copy(&copy, &empty), 0);
	summary_change(&copy, change, &calls);
	assert_int_equal(calls, 0);
	assert_int_equal(copy.total, 7);
	summary_free(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_joined),
		cmocka_unit_test(nothing_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
