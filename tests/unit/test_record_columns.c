// SPDX-License-Identifier: GPL-2.0-only
#include "record/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static bool taken(const char *name)
{
	return columns_taken(name, strlen(name));
}

static void rows_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(columns[i].name, columns[k].name);
			assert_string_not_equal(columns[i].json, columns[k].json);
			assert_false(columns[i].title && columns[k].title &&
				     strcmp(columns[i].title, columns[k].title) == 0);
		}
		assert_true(columns[i].keys == 0 || columns[i].keys < 1u << COLUMN_COUNT);
	}
}

/* A user's column cannot have a name that a table, JSON or --summary uses. */
static void names_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		assert_true(taken(columns[i].name));
		assert_true(taken(columns[i].json));
		assert_true(!columns[i].title || taken(columns[i].title));
	}
	assert_true(taken("source") && taken("destination") && taken("interface"));
	assert_true(taken("ethertype_name") && taken("protocol_name") && taken("reason_name"));
	assert_true(taken("program_pid"));
	assert_true(taken("stack") && taken("other") && taken("count") && taken("share"));
	assert_true(taken("rate"));
	assert_false(taken("") || taken("_name") || taken("rcvbuf") || taken("vlan_name"));
	assert_false(taken("reaso") || taken("reasons"));
}

static void keys(void **state)
{
	(void)state;
	assert_string_equal(
		columns_key_names(),
		"iface, socket, uid, program, saddr, daddr, proto, sport, dport, location, reason");
	assert_int_equal(columns_key("proto", 5), BIT_PROTO);
	assert_int_equal(columns_key("reason,", 6), BIT_REASON);
	assert_int_equal(columns_key("protocol", 8), 0);
	assert_int_equal(columns_key("ethertype", 9), 0);
	assert_int_equal(columns_key("time", 4), 0);
	assert_int_equal(columns_key("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_differ),
		cmocka_unit_test(names_are_taken),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
