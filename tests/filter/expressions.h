/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_TESTS_FILTER_EXPRESSIONS_H
#define BYTETRACE_TESTS_FILTER_EXPRESSIONS_H

#include <stddef.h>

struct random;

/* Write a random expression, by the grammar of pcap-filter. It may be one that libpcap refuses. */
void expressions_random(char *to, size_t size, struct random *random);

#endif
