/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_WRITE_H
#define BYTETRACE_OUTPUT_WRITE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Values as text, without printf, as rows come by the million. Each function writes to `to`,
 * without a NUL, and returns the number of bytes.
 */

size_t write_number(char *to, uint64_t number);

/* Exactly `digits` digits: zeros in front, or the leading digits cut. */
size_t write_digits(char *to, uint64_t number, size_t digits);

/* "0x" and at least `min_digits` digits. */
size_t write_hex(char *to, uint64_t number, size_t min_digits);

/* As inet_ntop() writes them: four bytes, or sixteen. */
size_t write_ipv4(char *to, const uint8_t *address);
size_t write_ipv6(char *to, const uint8_t *address);

#endif
