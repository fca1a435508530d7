// SPDX-License-Identifier: GPL-2.0-only
#include "record/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"

#define EVERY_KEY (BIT_OWN - 1)

/* What keys_declare() writes; the caller frees it. */
static char *declare(unsigned int set)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	keys_declare(set, out);
	fclose(out);
	return text;
}

static void declared_by_key(void **state)
{
	static const struct {
		unsigned int set;
		const char *members;
	} table[] = {
		{ BIT_OWN, "" },
		{ BIT_REASON, "\tu32 reason;\n" },
		{ BIT_PROTO, "\tu16 ethertype;\n\tu16 flags;\n\tu8 l4_protocol;\n" },
		{ BIT_IFACE | BIT_SADDR,
		  "\tu64 ifname_words[2];\n\tu32 saddr[4];\n\tu16 ethertype;\n\tu16 flags;\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *text = declare(table[i].set);

		assert_string_equal(text, table[i].members);
		free(text);
	}
}

/* bytetrace reads the members one after the other, so the compiler must not leave gaps. */
static void larger_members_come_first(void **state)
{
	char *text = declare(EVERY_KEY);
	unsigned int last = 64, bits;
	size_t count = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line;
	     line = strtok(NULL, "\n"), last = bits, count++) {
		assert_int_equal(sscanf(line, "\tu%u ", &bits), 1);
		assert_true(bits <= last);
	}
	assert_true(count >= 10);
	free(text);
}

/* Each key has members, and a summary by it restores what its columns print. */
static void each_key_has_a_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (columns_key(columns[i].name, strlen(columns[i].name)))
			assert_true(keys_size(1u << i, 0) > 0);
	assert_int_equal(keys_size(BIT_REASON, 0), 8);
	assert_int_equal(keys_size(BIT_REASON | BIT_LOCATION, 16), 32);
	assert_int_equal(keys_size(EVERY_KEY, 0), 80);
}

static void unpacked(void **state)
{
	struct {
		struct drop_event event;
		char own[8];
	} row = { .event = { .location = 0 } };
	struct {
		char own[8];
		uint64_t location;
		uint32_t reason;
		uint16_t dport;
		uint16_t flags;
	} key = { "columns", 0xffffffff81000110, 12, 53, DROP_HAS_PORTS };

	(void)state;
	keys_unpack(&row.event, (const char *)&key, BIT_DPORT | BIT_LOCATION | BIT_REASON,
		    sizeof(key.own));
	assert_string_equal(row.own, "columns");
	assert_int_equal(row.event.location, key.location);
	assert_int_equal(row.event.reason, 12);
	assert_int_equal(row.event.dport, 53);
	assert_int_equal(row.event.flags, DROP_HAS_PORTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declared_by_key),
		cmocka_unit_test(larger_members_come_first),
		cmocka_unit_test(each_key_has_a_size),
		cmocka_unit_test(unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
