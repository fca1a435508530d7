/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_PROTOCOLS_H
#define BYTETRACE_UTIL_PROTOCOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lower-case name of an IP protocol number (IANA's registry), or NULL. Static storage. */
const char *protocol_ip_name(uint8_t number);

/* Lower-case name of an EtherType, or NULL. Static storage. */
const char *protocol_ethertype_name(uint16_t number);

/*
 * The number for a name of `length` bytes, case-insensitive, aliases included. False: unknown name.
 */
bool protocol_ip_number(const char *name, size_t length, uint8_t *number);
bool protocol_ethertype_number(const char *name, size_t length, uint16_t *number);

#endif
