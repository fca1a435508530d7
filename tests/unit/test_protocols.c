// SPDX-License-Identifier: GPL-2.0-only
#include "util/protocols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stdio.h>
#include <cmocka.h>

#include "util/text.h"

static void known_numbers(void **state)
{
	static const struct {
		const char *name;
		uint8_t number;
	} ip[] = {
		{ "icmp", 1 },	{ "TCP", 6 },	 { "udp", 17 },	      { "gre", 47 },
		{ "esp", 50 },	{ "ah", 51 },	 { "ipv6-icmp", 58 }, { "icmpv6", 58 },
		{ "ospf", 89 }, { "sctp", 132 }, { "udplite", 136 },  { "ipv6_frag", 44 },
	};
	static const struct {
		const char *name;
		uint16_t number;
	} ethertypes[] = {
		{ "ip", 0x0800 },     { "IPv4", 0x0800 },      { "arp", 0x0806 },
		{ "ipv6", 0x86dd },   { "lldp", 0x88cc },      { "vlan", 0x8100 },
		{ "802_1Q", 0x8100 }, { "802.1ad", 0x88a8 },   { "mpls", 0x8847 },
		{ "eapol", 0x888e },  { "pppoe-ses", 0x8864 },
	};
	uint16_t ethertype;
	uint8_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(ip) / sizeof(*ip); i++) {
		assert_true(protocol_ip_number(ip[i].name, strlen(ip[i].name), &number));
		assert_int_equal(number, ip[i].number);
	}
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++) {
		assert_true(protocol_ethertype_number(ethertypes[i].name,
						      strlen(ethertypes[i].name), &ethertype));
		assert_int_equal(ethertype, ethertypes[i].number);
	}
	assert_false(protocol_ip_number("tcpx", 4, &number));
	assert_false(protocol_ip_number("tcp", 2, &number));
	assert_false(protocol_ip_number("", 0, &number));
	assert_false(protocol_ethertype_number("", 0, &ethertype));
	assert_string_equal(protocol_ethertype_name(0x0800), "ipv4");
	assert_string_equal(protocol_ip_name(58), "ipv6-icmp");
	assert_null(protocol_ethertype_name(0x1234));
	assert_null(protocol_ip_name(200));
}

/* JSON takes the names as they are (src/output/json.c). */
static void assert_plain(const char *name)
{
	char escaped[128];

	text_escape_json(escaped, sizeof(escaped), name, strlen(name));
	assert_string_equal(escaped, name);
}

/* What is shown can be typed again, and means the same. */
static void names_round_trip(void **state)
{
	int ip_names = 0, ethertype_names = 0;

	(void)state;
	for (unsigned int number = 0; number < 256; number++) {
		const char *name = protocol_ip_name((uint8_t)number);
		uint8_t back;

		if (!name)
			continue;
		ip_names++;
		assert_plain(name);
		assert_true(protocol_ip_number(name, strlen(name), &back));
		assert_int_equal(back, number);
	}
	for (unsigned int number = 0; number < 65536; number++) {
		const char *name = protocol_ethertype_name((uint16_t)number);
		uint16_t back;

		if (!name)
			continue;
		ethertype_names++;
		assert_plain(name);
		assert_true(protocol_ethertype_number(name, strlen(name), &back));
		assert_int_equal(back, number);
	}
	assert_true(ip_names > 130);
	assert_true(ethertype_names > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(names_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
