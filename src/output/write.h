/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_WRITE_H
#define BYTETRACE_OUTPUT_WRITE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Values as text, by hand and not by printf: rows come by the million. Each writes to `to`, without
 * a NUL, and returns how many bytes that were.
 */

size_t write_number(char *to, uint64_t number);

/* With zeros in front, or cut at the front, to so many digits. */
size_t write_digits(char *to, uint64_t number, size_t digits);

/* "0x", and at least so many digits. */
size_t write_hex(char *to, uint64_t number, size_t min_digits);

/* As inet_ntop() does: four bytes, or sixteen. */
size_t write_ipv4(char *to, const uint8_t *address);
size_t write_ipv6(char *to, const uint8_t *address);

#endif
