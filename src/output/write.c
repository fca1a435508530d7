// SPDX-License-Identifier: GPL-2.0-only
#include "output/write.h"

#include <stdbool.h>
#include <string.h>

#define ETHERTYPE_IPV6 0x86dd
#define IPV6_GROUPS 8

size_t write_text(char *to, const char *text)
{
	size_t length = strnlen(text, WRITE_TEXT_MAX);

	memcpy(to, text, length);
	return length;
}

size_t write_digits(char *to, uint64_t number, size_t digits)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	size_t left = digits;

	/* Division is the slow part: each one gives two digits. */
	for (; left > 1; left -= 2, number /= 100)
		memcpy(to + left - 2, pairs + number % 100 * 2, 2);
	if (left > 0)
		to[0] = (char)('0' + number % 10);
	return digits;
}

/* At least 1. */
static unsigned int count_bits(uint64_t number)
{
	return 64 - (unsigned int)__builtin_clzll(number | 1);
}

/* Without a loop: the number of digits varies, so its branches would be mispredicted. */
static size_t count_digits(uint64_t number)
{
	/* By number of digits: the smallest number with one digit more. */
	static const uint64_t smallest[] = { 0,	   1e1,	 1e2,  1e3,  1e4,  1e5,	 1e6,
					     1e7,  1e8,	 1e9,  1e10, 1e11, 1e12, 1e13,
					     1e14, 1e15, 1e16, 1e17, 1e18, 1e19 };
	/* log10(2) = 1233 / 4096 digits per bit, rounded down: exact, or one too few. */
	size_t digits = count_bits(number) * 1233 >> 12;

	return digits + (number >= smallest[digits]);
}

size_t write_number(char *to, uint64_t number)
{
	return write_digits(to, number, count_digits(number));
}

/* At least `min_digits` digits, and at least one. */
static size_t write_hex_digits(char *to, uint64_t number, size_t min_digits)
{
	size_t needed = (count_bits(number) + 3) / 4;
	size_t digits = needed > min_digits ? needed : min_digits;

	for (size_t i = digits; i-- > 0; number >>= 4)
		to[i] = "0123456789abcdef"[number & 0xf];
	return digits;
}

size_t write_hex(char *to, uint64_t number, size_t min_digits)
{
	to[0] = '0';
	to[1] = 'x';
	return 2 + write_hex_digits(to + 2, number, min_digits);
}

/* The next digit overwrites a leading zero: a branch would be mispredicted here, too. */
static char *write_byte(char *to, unsigned int byte)
{
	*to = (char)('0' + byte / 100);
	to += byte >= 100;
	*to = (char)('0' + byte / 10 % 10);
	to += byte >= 10;
	*to = (char)('0' + byte % 10);
	return to + 1;
}

size_t write_ipv4(char *to, const uint8_t *address)
{
	char *end = write_byte(to, address[0]);

	for (int i = 1; i < 4; i++) {
		*end++ = '.';
		end = write_byte(end, address[i]);
	}
	return (size_t)(end - to);
}

/* The longest run of at least two zero groups, the first of equally long ones: "::". */
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

size_t write_address(char *to, uint16_t ethertype, const uint8_t *address)
{
	return ethertype == ETHERTYPE_IPV6 ? write_ipv6(to, address) : write_ipv4(to, address);
}
