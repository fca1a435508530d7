// SPDX-License-Identifier: GPL-2.0-only
#include "output/write.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Exactly the expected text, and no byte after it is changed. */
static void assert_written(const char *written, size_t length, const char *expected)
{
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(written, expected, length);
	assert_int_equal(written[length], '#');
}

static void assert_number(uint64_t number)
{
	char written[64], expected[64];

	memset(written, '#', sizeof(written));
	snprintf(expected, sizeof(expected), "%" PRIu64, number);
	assert_written(written, write_number(written, number), expected);
	for (size_t min_digits = 0; min_digits <= 5; min_digits++) {
		memset(written, '#', sizeof(written));
		snprintf(expected, sizeof(expected), "0x%0*" PRIx64, (int)min_digits, number);
		assert_written(written, write_hex(written, number, min_digits), expected);
	}
}

static void numbers(void **state)
{
	uint64_t number = 1;

	(void)state;
	/* Numbers around those with one more bit, hex digit or decimal digit. */
	for (int i = 0; i <= 64; i++, number *= 2)
		for (int near = -1; near <= 1; near++)
			assert_number(number + (uint64_t)near);
	number = 1;
	for (int i = 0; i < 20; i++, number *= 10)
		for (int near = -1; near <= 1; near++)
			assert_number(number + (uint64_t)near);
	for (number = 0; number <= 100000; number++)
		assert_number(number);
	assert_number(9999999999999999999u);
	assert_number(UINT64_MAX);
}

static void as_many_digits_as_wanted(void **state)
{
	static const struct {
		uint64_t number;
		size_t digits;
		const char *expected;
	} cases[] = {
		{ 42, 6, "000042" },
		{ 42, 5, "00042" },
		{ 0, 9, "000000000" },
		{ 123456, 2, "56" },
		{ 123456, 3, "456" },
		{ 9, 1, "9" },
		{ 100, 2, "00" },
		{ 5, 0, "" },
		{ 999999999, 9, "999999999" },
		{ UINT64_MAX, 1, "5" },
		{ UINT64_MAX, 22, "0018446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char written[64];

		memset(written, '#', sizeof(written));
		assert_written(written, write_digits(written, cases[i].number, cases[i].digits),
			       cases[i].expected);
	}
}

static void assert_address(int family, const uint8_t *address)
{
	char written[64], expected[64];

	memset(written, '#', sizeof(written));
	assert_non_null(inet_ntop(family, address, expected, sizeof(expected)));
	assert_written(written,
		       family == AF_INET ? write_ipv4(written, address)
					 : write_ipv6(written, address),
		       expected);
}

static void addresses_are_those_of_inet_ntop(void **state)
{
	uint8_t address[16];

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		memset(address, byte, sizeof(address));
		assert_address(AF_INET, address);
	}
	srand(1);
	for (int i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof(address); j++)
			address[j] = (uint8_t)(rand() >> 8);
		assert_address(AF_INET, address);
		/* A random pattern of groups that are zero, all ones, or sometimes short. */
		for (size_t group = 0; group < 8; group++) {
			uint8_t *bytes = &address[2 * group];

			if (i >> group & 1)
				bytes[0] = bytes[1] = 0;
			else if (i >> (group + 8) & 1)
				bytes[0] = bytes[1] = 0xff;
			else if (rand() % 4 == 0)
				bytes[0] = 0;
		}
		assert_address(AF_INET6, address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(as_many_digits_as_wanted),
		cmocka_unit_test(addresses_are_those_of_inet_ntop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
