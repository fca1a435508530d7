// SPDX-License-Identifier: GPL-2.0-only
#include "output/write.h"

#include <stdbool.h>

#define IPV6_GROUPS 8

size_t write_digits(char *to, uint64_t number, size_t digits)
{
	for (size_t i = digits; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
	return digits;
}

size_t write_number(char *to, uint64_t number)
{
	size_t digits = 1;

	/* The largest number has 20 digits: a power of so many zeros is not looked at. */
	for (uint64_t power = 10; digits < 20 && number >= power; power *= 10)
		digits++;
	return write_digits(to, number, digits);
}

/* At least one digit. */
static size_t write_hex_digits(char *to, uint64_t number, int min_digits)
{
	int digits = min_digits;

	while (digits < 16 && number >> digits * 4)
		digits++;
	for (int i = 0; i < digits; i++)
		to[i] = "0123456789abcdef"[number >> (digits - 1 - i) * 4 & 0xf];
	return (size_t)digits;
}

size_t write_hex(char *to, uint64_t number, int min_digits)
{
	to[0] = '0';
	to[1] = 'x';
	return 2 + write_hex_digits(to + 2, number, min_digits);
}

size_t write_ipv4(char *to, const uint8_t *address)
{
	size_t length = 0;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			to[length++] = '.';
		length += write_number(to + length, address[i]);
	}
	return length;
}

/* The longest run of two and more groups that are zero, the first of several: "::". */
static int find_zeros(const uint16_t *groups, int *count)
{
	int first = 0;

	*count = 1;
	for (int i = 0; i < IPV6_GROUPS; i++) {
		int end = i;

		while (end < IPV6_GROUPS && groups[end] == 0)
			end++;
		if (end - i > *count) {
			first = i;
			*count = end - i;
		}
	}
	if (*count < 2)
		*count = 0;
	return first;
}

size_t write_ipv6(char *to, const uint8_t *address)
{
	uint16_t groups[IPV6_GROUPS];
	size_t length = 0;
	int zeros, zero_count;
	bool has_ipv4;

	for (int i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
	zeros = find_zeros(groups, &zero_count);
	/* ::a.b.c.d and ::ffff:a.b.c.d */
	has_ipv4 = zeros == 0 && (zero_count == 6 || (zero_count == 5 && groups[5] == 0xffff));
	for (int i = 0; i < (has_ipv4 ? 6 : IPV6_GROUPS); i++) {
		if (zero_count && i == zeros) {
			to[length++] = ':';
			i += zero_count - 1;
			if (i == IPV6_GROUPS - 1)
				to[length++] = ':';
			continue;
		}
		if (i > 0)
			to[length++] = ':';
		length += write_hex_digits(to + length, groups[i], 1);
	}
	if (has_ipv4) {
		to[length++] = ':';
		length += write_ipv4(to + length, address + 12);
	}
	return length;
}
