/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_TESTS_FILTER_REFERENCE_H
#define BYTETRACE_TESTS_FILTER_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

struct packet;

struct reference;

/*
 * libpcap's own answers. reference_open() compiles an expression; NULL if libpcap refuses it.
 * reference_matches() asks pcap_offline_filter(), which knows no bytes that are not there in front
 * of others. So for a packet without Ethernet header an interpreter of the test answers;
 * it is held to pcap_offline_filter() on every packet that has one, and the program stops if they
 * differ.
 */
struct reference *reference_open(const char *expression);
bool reference_matches(const struct reference *reference, const struct packet *packet);
void reference_close(struct reference *reference);

#endif
