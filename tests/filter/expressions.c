// SPDX-License-Identifier: GPL-2.0-only
#include "expressions.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "packets.h"

struct writer {
	char *to;
	size_t room;
	struct random *random;
};

__attribute__((format(printf, 2, 3))) static void add(struct writer *writer, const char *format,
						      ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(writer->to, writer->room, format, args);
	va_end(args);
	if ((size_t)length >= writer->room)
		length = (int)writer->room - 1;
	writer->to += length;
	writer->room -= (size_t)length;
}

#define PICK(writer, list) (list)[random_below((writer)->random, sizeof(list) / sizeof(*(list)))]

static const char *const layers[] = { "ether", "ip",  "ip6", "tcp", "udp",  "icmp",
				      "icmp6", "arp", "ip",  "tcp", "sctp", "igmp" };

static void add_arithmetic(struct writer *writer, int depth)
{
	static const char *const operators[] = {
		"+", "-", "*", "/", "&", "|", "^", "%", "<<", ">>"
	};
	static const uint32_t numbers[] = {
		0, 1, 2, 4, 6, 12, 14, 15, 20, 31, 60, 255, 2047, 65535
	};
	static const char *const offsets[] = { "0",  "1",  "2",	 "6",	"9",   "12",  "13",  "16",
					       "20", "40", "64", "200", "255", "300", "1000" };
	static const char *const sizes[] = { "", ":1", ":2", ":4" };

	switch (random_below(writer->random, depth > 3 ? 4 : 9)) {
	case 0:
		add(writer, "%u", PICK(writer, numbers));
		break;
	case 1:
		add(writer, "len");
		break;
	case 2:
	case 3:
		add(writer, "%s[%s%s]", PICK(writer, layers), PICK(writer, offsets),
		    PICK(writer, sizes));
		break;
	case 4:
	case 5:
		add(writer, "(");
		add_arithmetic(writer, depth + 1);
		add(writer, " %s ", PICK(writer, operators));
		add_arithmetic(writer, depth + 1);
		add(writer, ")");
		break;
	case 6:
		add(writer, "-");
		add_arithmetic(writer, depth + 1);
		break;
	default:
		add(writer, "%s[", PICK(writer, layers));
		add_arithmetic(writer, depth + 1);
		add(writer, "%s]", PICK(writer, sizes));
	}
}

static void add_primitive(struct writer *writer)
{
	static const char *const words[] = {
		"ip",
		"ip6",
		"arp",
		"rarp",
		"tcp",
		"udp",
		"icmp",
		"icmp6",
		"sctp",
		"igmp",
		"ah",
		"esp",
		"vlan",
		"vlan 5",
		"vlan 7",
		"vlan 100",
		"mpls",
		"mpls 100",
		"pppoes",
		"pppoed",
		"stp",
		"ether broadcast",
		"ether multicast",
		"ip multicast",
		"ip6 multicast",
		"llc",
		"greater 60",
		"less 70",
		"len >= 100",
		"ether proto 0x800",
		"ip proto 47",
		"ip6 proto 58",
		"ether proto \\arp",
		"port 53",
		"portrange 50-500",
		"geneve",
		"geneve 123",
		"iso",
		"ipx",
		"icmp[icmptype] = icmp-echo",
		"tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
		"ether[0] & 1 = 0",
		"ether host 02:00:00:00:00:0a",
		"ether dst 02:00:00:00:00:0b",
		"ip6[6] = 44",
		"proto 6",
		"pppoes 1",
		"atalk",
		"decnet host 1.1",
		"snap",
	};
	static const char *const transports[] = { "", "tcp ", "udp ", "sctp " };
	static const char *const directions[] = { "", "src ", "dst ", "src or dst ",
						  "src and dst " };
	static const char *const networks[] = { "", "ip ", "arp ", "rarp " };
	static const char *const nets[] = {
		"10.0.0.0/8", "192.0.2.0/24", "192.0.2.0 mask 255.255.255.254",
		"10",	      "224.0.0.0/4",  "0.0.0.0/1"
	};
	static const char *const hosts[] = { "192.0.2.1", "192.0.2.2", "10.1.2.3", "224.0.0.1" };
	static const uint32_t ports[] = { 53, 80, 443, 12345, 50000, 65535, 2905 };
	static const char *const relations[] = { "=", "!=", "<", ">", "<=", ">=", "==" };

	switch (random_below(writer->random, 10)) {
	case 0:
	case 1:
	case 2:
		add(writer, "%s", PICK(writer, words));
		break;
	case 3:
		add(writer, "%s%sport %u", PICK(writer, transports), PICK(writer, directions),
		    PICK(writer, ports));
		break;
	case 4:
		add(writer, "%s%sportrange %u-%u", PICK(writer, transports),
		    PICK(writer, directions), random_below(writer->random, 500),
		    500 + random_below(writer->random, 60000));
		break;
	case 5:
		add(writer, "%s%shost %s", PICK(writer, networks), PICK(writer, directions),
		    PICK(writer, hosts));
		break;
	case 6:
		add(writer, "%s%snet %s", PICK(writer, networks), PICK(writer, directions),
		    PICK(writer, nets));
		break;
	case 7:
		add(writer, "ip6 %shost 2001:db8::%u", PICK(writer, directions),
		    random_below(writer->random, 3));
		break;
	default:
		add_arithmetic(writer, 0);
		add(writer, " %s ", PICK(writer, relations));
		add_arithmetic(writer, 2);
	}
}

static void add_expression(struct writer *writer, int depth)
{
	switch (random_below(writer->random, depth > 3 ? 1 : 5)) {
	case 0:
	case 1:
		add_primitive(writer);
		break;
	case 2:
		add(writer, "not (");
		add_expression(writer, depth + 1);
		add(writer, ")");
		break;
	default:
		add(writer, "(");
		add_expression(writer, depth + 1);
		add(writer, random_below(writer->random, 2) ? ") and (" : ") or (");
		add_expression(writer, depth + 1);
		add(writer, ")");
	}
}

void expressions_random(char *to, size_t size, struct random *random)
{
	struct writer writer = { to, size, random };

	*to = '\0';
	add_expression(&writer, 0);
}
