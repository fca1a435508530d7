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

/* Just what is expected, and no byte behind it. */
static void assert_written(const char *written, size_t length, const char *expected)
{
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(written, expected, length);
	assert_int_equal(written[length], '#');
}

static void numbers(void **state)
{
	char written[64], expected[64];
	uint64_t number = 1;

	(void)state;
	for (int i = 0; i <= 64; i++, number *= 2) {
		for (int near = -1; near <= 1; near++) {
			uint64_t value = number + (uint64_t)near;

			memset(written, '#', sizeof(written));
			snprintf(expected, sizeof(expected), "%" PRIu64, value);
			assert_written(written, write_number(written, value), expected);
			memset(written, '#', sizeof(written));
			snprintf(expected, sizeof(expected), "0x%04" PRIx64, value);
			assert_written(written, write_hex(written, value, 4), expected);
		}
	}
	memset(written, '#', sizeof(written));
	assert_written(written, write_digits(written, 42, 6), "000042");
	memset(written, '#', sizeof(written));
	assert_written(written, write_digits(written, 123456, 2), "56");
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
	srand(1);
	for (int i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof(address); j++)
			address[j] = (uint8_t)(rand() >> 8);
		assert_address(AF_INET, address);
		/* Any pattern of groups that are zero or all ones, now and then a short one. */
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
		cmocka_unit_test(addresses_are_those_of_inet_ntop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
