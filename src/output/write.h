/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_OUTPUT_WRITE_H
#define BYTETRACE_OUTPUT_WRITE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Values as text. Millions of rows are printed this way, so printf would be too slow. Each function
 * writes to `to`, without a NUL, and returns the number of bytes.
 */

#define WRITE_TEXT_MAX 512 /* the longest symbol, KSYM_NAME_LEN */

/* At most WRITE_TEXT_MAX bytes of a text that ends with a NUL. */
size_t write_text(char *to, const char *text);

size_t write_number(char *to, uint64_t number);

/* Exactly `digits` digits: padded with zeros, or without the leading digits. */
size_t write_digits(char *to, uint64_t number, size_t digits);

/* "0x" and at least `min_digits` digits. */
size_t write_hex(char *to, uint64_t number, size_t min_digits);

/* As inet_ntop() writes them: four bytes, or sixteen. */
size_t write_ipv4(char *to, const uint8_t *address);
size_t write_ipv6(char *to, const uint8_t *address);

/* Either of them, depending on the EtherType. */
size_t write_address(char *to, uint16_t ethertype, const uint8_t *address);

#endif
