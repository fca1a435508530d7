// SPDX-License-Identifier: GPL-2.0-only
#include "record/decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "record/layout.h"

#define LOCATION 0xffffffff81000020

struct record {
	struct drop_event event;
	__u64 stack[DROP_STACK_DEPTH];
};

/* One program without columns of its own, and one with three. */
static struct layout known[] = {
	{ .id = 0x1234, .name = "plain" },
	{ .id = 0xfedcba98,
	  .name = "fields",
	  .fields = { { .name = "first", .offset = 0, .size = 8 },
		      { .name = "text", .in_bytes = true, .offset = 8, .size = 5 },
		      { .name = "last", .offset = 16, .size = 8 } },
	  .field_count = 3,
	  .size = 24 },
};
static const struct layouts layouts = { .list = known, .count = 2 };

static void fill(struct record *record, unsigned int depth)
{
	memset(record, 0, sizeof(*record));
	record->event.version = DROP_EVENT_VERSION;
	record->event.probe = 0x1234;
	record->event.location = LOCATION;
	record->event.stack_depth = (__u8)depth;
	for (unsigned int i = 0; i < depth && i < DROP_STACK_DEPTH; i++)
		record->stack[i] = 0xffffffff81000000 + i * 16;
}

static void whole_record(void **state)
{
	struct record record;
	struct drop drop;

	(void)state;
	fill(&record, 0);
	record.event.sport = 80;
	assert_int_equal(decode_drop(&record, sizeof(record.event), 3, &layouts, &drop), 0);
	assert_ptr_equal(drop.event, &record.event);
	assert_int_equal(drop.cpu, 3);
	assert_int_equal(drop.event->sport, 80);
	assert_ptr_equal(drop.layout, &known[0]);
	assert_int_equal(drop.stack_depth, 0);
}

/* The kernel pads a record to eight bytes. */
static void padded_record(void **state)
{
	struct record record;
	struct drop drop;

	(void)state;
	fill(&record, 0);
	assert_int_equal(decode_drop(&record, sizeof(record.event) + 4, 0, &layouts, &drop), 0);
}

/* Members that a short record lacks are zero, whatever bytes follow the record. */
static void short_record(void **state)
{
	struct record record;
	struct drop drop;
	const char *event = (const char *)&record.event;

	(void)state;
	fill(&record, 0);
	memset((char *)&record.event + DROP_EVENT_SHORT, 0xff,
	       sizeof(record.event) - DROP_EVENT_SHORT);
	record.event.sport = 80;
	record.event.daddr.bytes[15] = 7;
	assert_int_equal(decode_drop(&record, DROP_EVENT_SHORT, 0, &layouts, &drop), 0);
	assert_int_equal(drop.event->sport, 80);
	assert_int_equal(drop.event->daddr.bytes[15], 7);
	for (size_t i = DROP_EVENT_SHORT; i < sizeof(record.event); i++)
		assert_int_equal(event[i], 0);
	assert_int_equal(decode_drop(&record, DROP_EVENT_SHORT - 1, 0, &layouts, &drop), -EMSGSIZE);
	record.event.probe = known[1].id; /* has columns, so its records cannot be short */
	assert_int_equal(decode_drop(&record, DROP_EVENT_SHORT, 0, &layouts, &drop), -EMSGSIZE);
}

static void assert_shorter_refused(const struct record *record, size_t whole)
{
	struct drop drop;

	for (size_t size = 0; size < whole; size++) {
		/* A copy of exactly that size, so that the sanitizer reports a read after it. */
		void *copy = malloc(size ? size : 1);

		assert_non_null(copy);
		memcpy(copy, record, size);
		assert_int_equal(decode_drop(copy, size, 0, &layouts, &drop), -EMSGSIZE);
		free(copy);
	}
}

static void every_shorter_size_is_refused(void **state)
{
	struct record record;
	struct drop drop;
	size_t whole = sizeof(record.event) + 5 * sizeof(record.stack[0]);

	(void)state;
	fill(&record, 5);
	assert_int_equal(decode_drop(&record, whole, 0, &layouts, &drop), 0);
	assert_shorter_refused(&record, whole);
}

static void hostile_records_are_refused(void **state)
{
	struct record record;
	struct drop drop;

	(void)state;
	fill(&record, 0);
	record.event.version = DROP_EVENT_VERSION + 1;
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), -EPROTO);
	fill(&record, DROP_STACK_DEPTH + 1);
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), -EPROTO);
	fill(&record, 255);
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), -EPROTO);
	fill(&record, 0);
	record.event.probe++;
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), -EPROTO);
	memset(&record, 0xff, sizeof(record));
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), -EPROTO);
}

static void stack_starts_at_the_location(void **state)
{
	struct record record;
	struct drop drop;

	(void)state;
	fill(&record, 5); /* the location is the third frame */
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), 0);
	assert_int_equal(drop.stack_depth, 3);
	assert_true(drop.stack[0] == LOCATION);
	assert_true(drop.stack[2] == LOCATION + 32);
}

static void stack_without_the_location_is_whole(void **state)
{
	struct record record;
	struct drop drop;

	(void)state;
	fill(&record, 2);
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), 0);
	assert_int_equal(drop.stack_depth, 2);
	fill(&record, DROP_STACK_DEPTH);
	record.event.location = 1;
	assert_int_equal(decode_drop(&record, sizeof(record), 0, &layouts, &drop), 0);
	assert_int_equal(drop.stack_depth, DROP_STACK_DEPTH);
}

/* The columns of a program are between the fixed part and the stack. */
static void fields_lie_in_front_of_the_stack(void **state)
{
	const uint64_t behind[] = {
		42, 0x6f6c6c6568 /* "hello" */, UINT64_MAX, 0xf1, LOCATION, 0xf3
	};
	struct record record;
	struct drop drop;
	size_t whole = sizeof(record.event) + sizeof(behind);

	(void)state;
	fill(&record, 3);
	record.event.probe = known[1].id;
	memcpy(record.stack, behind, sizeof(behind));
	assert_int_equal(decode_drop(&record, whole, 0, &layouts, &drop), 0);
	assert_ptr_equal(drop.layout, &known[1]);
	assert_memory_equal(drop.fields + known[1].fields[0].offset, &behind[0], 8);
	assert_string_equal(drop.fields + known[1].fields[1].offset, "hello");
	assert_memory_equal(drop.fields + known[1].fields[2].offset, &behind[2], 8);
	assert_int_equal(drop.stack_depth, 2);
	assert_true(drop.stack[0] == LOCATION && drop.stack[1] == 0xf3);
	assert_shorter_refused(&record, whole);
}

/* Random bytes are accepted or refused, and never read out of bounds. */
static void random_records(void **state)
{
	unsigned int seed = 20261124;
	int accepted = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)rand_r(&seed) % sizeof(struct record);
		/* The buffer has room for a whole event. */
		unsigned char *bytes =
			malloc(size < sizeof(struct drop_event) ? sizeof(struct drop_event) : size);
		struct drop drop;

		assert_non_null(bytes);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)rand_r(&seed);
		if (size >= DROP_EVENT_SHORT) {
			((struct drop_event *)bytes)->version = DROP_EVENT_VERSION;
			((struct drop_event *)bytes)->probe = known[round % 2].id;
		}
		if (decode_drop(bytes, size, 0, &layouts, &drop) == 0) {
			uint64_t stack[DROP_STACK_DEPTH];
			char fields[24];

			memcpy(fields, drop.fields, drop.layout->size);
			memcpy(stack, drop.stack, drop.stack_depth * sizeof(*stack));
			accepted++;
		}
		free(bytes);
	}
	assert_true(accepted > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_record),
		cmocka_unit_test(padded_record),
		cmocka_unit_test(short_record),
		cmocka_unit_test(every_shorter_size_is_refused),
		cmocka_unit_test(hostile_records_are_refused),
		cmocka_unit_test(stack_starts_at_the_location),
		cmocka_unit_test(stack_without_the_location_is_whole),
		cmocka_unit_test(fields_lie_in_front_of_the_stack),
		cmocka_unit_test(random_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
