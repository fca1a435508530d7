// SPDX-License-Identifier: GPL-2.0-only
#include "filter/emit.h"
#include "filter/fields.h"
#include "filter/filter.h"

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "util/error.h"

#define NOT_SPECIFIED 2

static const struct {
	const char *flag;
	enum filter_field field;
} flags[] = {
	{ "-p", FILTER_PROTO },	    { "-s", FILTER_SADDR },	{ "-d", FILTER_DADDR },
	{ "-S", FILTER_SPORT },	    { "-D", FILTER_DPORT },	{ "-V", FILTER_VLAN },
	{ "-i", FILTER_INTERFACE }, { "-t", FILTER_TCP_FLAGS }, { "-l", FILTER_LEN },
	{ "-m", FILTER_MARK },	    { "-c", FILTER_CPU },	{ "-P", FILTER_PID },
	{ "-C", FILTER_COMM },	    { "-R", FILTER_REASON },	{ "-L", FILTER_LOCATION },
	{ "-N", FILTER_NETNS },
};

/* Parse "-p tcp -D 80 -r": flags that are known to be good. */
static void parse(struct filter *filter, const char *line)
{
	char text[256];
	char *rest;
	struct error err;

	memset(filter, 0, sizeof(*filter));
	strcpy(text, line);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (strcmp(word, "-r") == 0) {
			filter->valid_reason = true;
			continue;
		}
		for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
			if (strcmp(word, flags[i].flag) == 0 &&
			    filter_parse(filter, flags[i].field, word, strtok_r(NULL, " ", &rest),
					 &err))
				fail_msg("%s: %s", line, err.text);
	}
}

/* The set that one flag became. */
static const struct filter_set *only_set(struct filter *filter, const char *line)
{
	parse(filter, line);
	for (int field = 0; field < FILTER_FIELDS; field++)
		if (filter->sets[field].given)
			return &filter->sets[field];
	fail_msg("%s: no set", line);
	return NULL;
}

/* What a flag lets in, as ranges of numbers of one kind. */
static void values(void **state)
{
	static const struct {
		const char *line;
		int kind;
		size_t count;
		struct {
			uint64_t first, last;
		} ranges[3];
	} cases[] = {
		{ "-p tcp,0x88cc,arp,17", FILTER_IP_PROTOCOL, 2, { { 6, 6 }, { 17, 17 } } },
		{ "-p tcp,0x88cc,arp,17",
		  FILTER_ETHERTYPE,
		  2,
		  { { 0x806, 0x806 }, { 0x88cc, 0x88cc } } },
		{ "-s 10.1.2.3/8", FILTER_IPV4, 1, { { 0x0a000000, 0x0affffff } } },
		{ "-s 0.0.0.0/0", FILTER_IPV4, 1, { { 0, 0xffffffff } } },
		{ "-s 10.1.2.3", FILTER_IPV4, 1, { { 0x0a010203, 0x0a010203 } } },
		{ "-s 10.0.0.0/9,10.128.0.0/9", FILTER_IPV4, 1, { { 0x0a000000, 0x0affffff } } },
		{ "-s 10.0.0.0/8,!10.1.0.0/16",
		  FILTER_IPV4,
		  2,
		  { { 0x0a000000, 0x0a00ffff }, { 0x0a020000, 0x0affffff } } },
		{ "-d ::ffff:1.2.3.4", FILTER_IPV6, 1, { { 0xffff01020304, 0xffff01020304 } } },
		{ "-S 0,5-65535", 0, 2, { { 0, 0 }, { 5, 65535 } } },
		{ "-S 5-10,1-4,11", 0, 1, { { 1, 11 } } },
		{ "-S 1-100,!50,!60-70,65", 0, 4, { { 1, 49 }, { 51, 59 }, { 65, 65 } } },
		{ "-S !1,!2,7", 0, 2, { { 1, 2 }, { 7, 7 } } },
		{ "-V 4094", 0, 1, { { 4094, 4094 } } },
		{ "-l 64-1500,0xffffffff", 0, 2, { { 64, 1500 }, { 0xffffffff, 0xffffffff } } },
		{ "-c 0-3,8", 0, 2, { { 0, 3 }, { 8, 8 } } },
		{ "-P 1-4194304", 0, 1, { { 1, 4194304 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter filter;
		const struct ranges *ranges =
			&only_set(&filter, cases[i].line)->numbers[cases[i].kind];

		if (ranges->count != cases[i].count)
			fail_msg("%s: %zu ranges", cases[i].line, ranges->count);
		for (size_t k = 0; k < ranges->count && k < 3; k++)
			if (ranges->items[k].first != cases[i].ranges[k].first ||
			    ranges->items[k].last != cases[i].ranges[k].last)
				fail_msg("%s: range %zu", cases[i].line, k);
		filter_free(&filter);
	}
}

static void items(void **state)
{
	const struct filter_set *set;
	struct filter filter;

	(void)state;
	set = only_set(&filter, "-i !eth0,!x");
	assert_true(set->negated);
	assert_string_equal(set->items[1].text, "x");
	assert_false(set->items[1].excluded);
	filter_free(&filter);
	set = only_set(&filter, "-i veth*,!veth1");
	assert_false(set->negated);
	assert_true(set->items[1].excluded);
	filter_free(&filter);
	set = only_set(&filter, "-t syn,!ack -t RST");
	assert_int_equal(set->item_count, 2);
	assert_int_equal(set->items[0].value, 0x02);
	assert_int_equal(set->items[0].mask, 0x12);
	assert_int_equal(set->items[1].value, 0x04);
	filter_free(&filter);
	set = only_set(&filter, "-m 0x10/0xf0");
	assert_int_equal(set->items[0].value, 0x10);
	assert_int_equal(set->items[0].mask, 0xf0);
	filter_free(&filter);
	set = only_set(&filter, "-R SKB_DROP_REASON_NO_SOCKET");
	assert_string_equal(set->items[0].text, "NO_SOCKET");
	filter_free(&filter);
}

/* PROTOCOL is shown as a number only if all of -p was. */
static void numeric_protocols(void **state)
{
	static const struct {
		const char *line;
		bool numeric;
	} cases[] = {
		{ "-p 1", true },      { "-p 0x88cc,6", true },	 { "-p tcp", false },
		{ "-p 1,tcp", false }, { "-p 1 -p tcp", false }, { "-p tcp -p 1", false },
		{ "-S 1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter filter;

		parse(&filter, cases[i].line);
		assert_int_equal(filter.numeric_protocol, cases[i].numeric);
		filter_free(&filter);
	}
}

/* A flag that is used twice adds to its list. */
static void lists_add_up(void **state)
{
	struct filter filter;
	struct error err;

	(void)state;
	parse(&filter, "-D 80 -D 443,8080");
	assert_int_equal(filter.sets[FILTER_DPORT].numbers[0].count, 3);
	assert_string_equal(filter.sets[FILTER_DPORT].text, "80 443,8080");
	assert_true(filter_parse(&filter, FILTER_DPORT, "-D", "!53", &err) < 0);
	assert_string_equal(err.text, "-D: \"!53\" cannot be combined with an earlier -D: one list "
				      "is negated, the other is not");
	filter_free(&filter);
}

static void bad_values(void **state)
{
	static const struct {
		enum filter_field field;
		const char *text;
	} cases[] = {
		{ FILTER_PROTO, "" },
		{ FILTER_PROTO, "!" },
		{ FILTER_PROTO, "tcp," },
		{ FILTER_PROTO, ",tcp" },
		{ FILTER_PROTO, "tcp,,udp" },
		{ FILTER_PROTO, "256" },
		{ FILTER_PROTO, "0x5ff" },
		{ FILTER_PROTO, "65536" },
		{ FILTER_PROTO, "-1" },
		{ FILTER_PROTO, "nonsense" },
		{ FILTER_PROTO, "tcp\n" },
		{ FILTER_PROTO, "6;return 0" },
		{ FILTER_SADDR, "10.0.0" },
		{ FILTER_SADDR, "10.0.0.0/33" },
		{ FILTER_SADDR, "10.0.0.0/" },
		{ FILTER_SADDR, "::/129" },
		{ FILTER_SADDR, "/8" },
		{ FILTER_SADDR, "localhost" },
		{ FILTER_SADDR, "10.0.0.0/-1" },
		{ FILTER_SADDR, "fe80::1%eth0" },
		{ FILTER_SADDR, "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" },
		{ FILTER_SPORT, "65536" },
		{ FILTER_SPORT, "80-" },
		{ FILTER_SPORT, "-80" },
		{ FILTER_SPORT, "90-80" },
		{ FILTER_SPORT, "http" },
		{ FILTER_SPORT, "80 " },
		{ FILTER_VLAN, "4095" },
		{ FILTER_VLAN, "1-4095" },
		{ FILTER_INTERFACE, "1234567890123456" },
		{ FILTER_INTERFACE, "a b" },
		{ FILTER_INTERFACE, "a/b" },
		{ FILTER_INTERFACE, ".." },
		{ FILTER_INTERFACE, "eth0:1" },
		{ FILTER_INTERFACE, "eth0,any" },
		{ FILTER_COMM, "0123456789abcdef" },
		{ FILTER_TCP_FLAGS, "" },
		{ FILTER_TCP_FLAGS, "syn," },
		{ FILTER_TCP_FLAGS, "synack" },
		{ FILTER_TCP_FLAGS, "!!syn" },
		{ FILTER_LEN, "-1" },
		{ FILTER_LEN, "100-" },
		{ FILTER_LEN, "0x100000000" },
		{ FILTER_MARK, "1/" },
		{ FILTER_MARK, "/1" },
		{ FILTER_MARK, "0x100/0xff" },
		{ FILTER_MARK, "0x100000000" },
		{ FILTER_CPU, "a" },
		{ FILTER_PID, "4194305" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter filter = { 0 };
		struct error err = { 0 };

		if (filter_parse(&filter, cases[i].field, "-x", cases[i].text, &err) == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.status, STATUS_USAGE);
		assert_non_null(strstr(err.text, " is not "));
		filter_free(&filter);
	}
}

static void messages(void **state)
{
	struct filter filter = { 0 };
	struct error err;

	(void)state;
	filter_parse(&filter, FILTER_DPORT, "--dport", "80,x\n", &err);
	assert_string_equal(err.text,
			    "--dport: \"x\\x0a\" in \"80,x\\x0a\" is not a port or a range "
			    "of ports (0-65535)");
	filter_parse(&filter, FILTER_VLAN, "-V", "x", &err);
	assert_string_equal(err.text, "-V: \"x\" is not a VLAN ID or a range of VLAN IDs (0-4094)");
	filter_parse(&filter, FILTER_TCP_FLAGS, "-t", "syn,fin,!SYN", &err);
	assert_string_equal(err.text,
			    "-t: \"!SYN\" in \"syn,fin,!SYN\" contradicts a flag before it");
	filter_parse(&filter, FILTER_TCP_FLAGS, "-t", "synn", &err);
	assert_string_equal(err.text, "-t: \"synn\" is not a TCP flag (fin, syn, rst, psh, ack, "
				      "urg, ece, cwr; with ! if clear)");
	filter_free(&filter);
}

/* Names that only the reader knows: the same lists and patterns as in the program. */
static void accepted_names(void **state)
{
	static const struct {
		const char *text, *name;
		bool accepted;
	} table[] = {
		{ "nginx", "nginx", true },
		{ "nginx", "nginx2", false },
		{ "nginx", NULL, false },
		{ "!nginx", "nginx", false },
		{ "!nginx", "named", true },
		{ "!nginx", NULL, true },
		{ "n*,!named", "nginx", true },
		{ "n*,!named", "named", false },
		{ "sshd,*d,!systemd", "sshd", true },
		{ "?inx", "xinx", true },
		{ "a*b*c", "aXbXbXc", true },
		{ "a*b*c", "aXbX", false },
		{ "*", "", true },
		{ "[ab]", "a", false },
		{ "[ab]", "[ab]", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct filter filter = { 0 };
		struct error err;

		assert_int_equal(
			filter_parse(&filter, FILTER_PROGRAM, "--program", table[i].text, &err), 0);
		if (filter_accepts_name(&filter.sets[FILTER_PROGRAM], table[i].name) !=
		    table[i].accepted)
			fail_msg("%s: %s", table[i].text, table[i].name);
		filter_free(&filter);
	}
}

/* A row that lacks a member would be an empty word somewhere. */
static void rows_are_complete(void **state)
{
	(void)state;
	for (int field = 0; field < FILTER_FIELDS; field++) {
		const struct filter_field_row *row = &filter_fields[field];

		assert_non_null(row->flag);
		if (!row->argument || !row->help || !row->word || !row->expected ||
		    (row->stage != FILTER_STAGE_READER && !row->kinds[0].term &&
		     !row->kinds[1].term))
			fail_msg("--%s: the row is not complete", row->flag);
		if (row->value == FILTER_VALUE_RANGE &&
		    (row->limit == 0 || row->limit > row->kinds[0].max))
			fail_msg("--%s: the limit does not fit the type", row->flag);
	}
}

/* What the program must know at each stage, for the template to read it. */
static void stages(void **state)
{
	static const struct {
		const char *line;
		unsigned int stages;
	} cases[] = {
		{ "", 0 },
		{ "-r", 1 << FILTER_STAGE_CALL },
		{ "-p arp", 1 << FILTER_STAGE_ETHERTYPE },
		{ "-p arp,tcp -D !80 -m 1",
		  1 << FILTER_STAGE_NETWORK | 1 << FILTER_STAGE_TRANSPORT | 1 << FILTER_STAGE_SKB },
		{ "-i any", 0 },
		{ "-i eth0 -N 1 -t syn",
		  1 << FILTER_STAGE_DEVICE | 1 << FILTER_STAGE_NETNS | 1 << FILTER_STAGE_TCP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter filter;

		parse(&filter, cases[i].line);
		for (int stage = 0; stage < FILTER_STAGES; stage++)
			if (filter_tests(&filter, (enum filter_stage)stage) !=
			    (cases[i].stages >> stage & 1))
				fail_msg("%s: stage %d", cases[i].line, stage);
		filter_free(&filter);
	}
}

/* What one stage of a filter becomes. */
static char *emit(const char *line, enum filter_stage stage)
{
	struct filter filter;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	parse(&filter, line);
	filter_emit(&filter, stage, NOT_SPECIFIED, NULL, out);
	fclose(out);
	filter_free(&filter);
	return text;
}

static void texts(void **state)
{
	static const struct {
		const char *line;
		enum filter_stage stage;
		const char *text;
	} cases[] = {
		{ "-r", FILTER_STAGE_CALL,
		  "\tif (reason == 0 || reason == 2 /* NOT_SPECIFIED */)\n\t\treturn 0;\n" },
		{ "-D 80", FILTER_STAGE_TRANSPORT,
		  "\tif (!((event->flags & DROP_HAS_PORTS) && (event->dport == 80)))\n"
		  "\t\treturn 0;\n" },
		{ "-S !80,90-95", FILTER_STAGE_TRANSPORT,
		  "\tif (((event->flags & DROP_HAS_PORTS) && (\n"
		  "\t    event->sport == 80 ||\n"
		  "\t    (event->sport >= 90 && event->sport <= 95))))\n"
		  "\t\treturn 0;\n" },
		{ "-p arp", FILTER_STAGE_ETHERTYPE,
		  "\tif (!(event->ethertype == 0x0806 /* arp */))\n\t\treturn 0;\n" },
		{ "-p tcp", FILTER_STAGE_ETHERTYPE, "" },
		{ "-p arp", FILTER_STAGE_NETWORK, "" },
		{ "-p 200", FILTER_STAGE_NETWORK,
		  "\tif (!(((event->flags & DROP_HAS_L4) && (event->l4_protocol == 200))))\n"
		  "\t\treturn 0;\n" },
		{ "-t syn,!ack", FILTER_STAGE_TCP,
		  "\tif (!((has_tcp_flags && (tcp_flags & 0x12) == 0x02)))\n\t\treturn 0;\n" },
		{ "-m 16/0xf0,3", FILTER_STAGE_SKB,
		  "\tif (!(\n\t    ((skb->mark & 0xf0) == 0x10) ||\n"
		  "\t    ((skb->mark & 0xffffffff) == 0x3)))\n\t\treturn 0;\n" },
		{ "-c 1-3", FILTER_STAGE_CALL,
		  "\tu32 cpu = bpf_get_smp_processor_id();\n\n"
		  "\tif (!((cpu >= 1 && cpu <= 3)))\n\t\treturn 0;\n" },
		/* Nothing of a name can end the comment that it stands in. */
		{ "-i x@;{\"\\", FILTER_STAGE_DEVICE,
		  "\tif (!((event->flags & DROP_HAS_DEVICE) && ((event->ifname_words[0] == "
		  "0x00005c227b3b4078 && "
		  "event->ifname_words[1] == 0x0000000000000000 "
		  "/* x@;{\"\\x5c */))))\n\t\treturn 0;\n" },
		{ "-C a*/", FILTER_STAGE_CALL,
		  "\tu64 comm_words[2];\n\tchar *comm = (char *)comm_words;\n\n"
		  "\tbpf_get_current_comm(comm, sizeof(comm_words));\n\n"
		  "\tif (!((comm_matches_0(comm))))\n\t\treturn 0;\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = emit(cases[i].line, cases[i].stage);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* A filter that is not given leaves no trace. */
static void nothing_given_nothing_written(void **state)
{
	(void)state;
	for (int stage = 0; stage < FILTER_STAGES; stage++) {
		char *text = emit("", (enum filter_stage)stage);

		assert_string_equal(text, "");
		free(text);
	}
}

/* Packets to try the filters on. */
enum {
	TCP4,	   /* 10.1.2.3:1000 > 192.168.0.1:80, eth0, VLAN 5 */
	UDP6,	   /* 2001:db8::1:53 > fe80::2:5353, lo */
	ICMP4,	   /* 10.255.0.1 > 10.0.0.2, no device */
	ARP,	   /* 10.1.2.3 for 10.1.2.4, eth0 */
	LLDP,	   /* eth1 */
	FRAGMENT,  /* later fragment of UDP, 172.16.0.1 > 172.16.0.2 */
	TRUNCATED, /* IPv4 by its EtherType, no header */
	UNKNOWN,   /* nothing at all */
	PACKETS,
};

static void fill_v4(struct drop_event *event, const char *source, const char *destination)
{
	event->ethertype = 0x0800;
	inet_pton(AF_INET, source, &event->saddr);
	inet_pton(AF_INET, destination, &event->daddr);
	event->flags |= DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES;
}

static void fill_l4(struct drop_event *event, __u8 protocol, __u8 ports_flag)
{
	event->l4_protocol = protocol;
	event->flags |= DROP_HAS_L4 | ports_flag;
}

static void fill_device(struct drop_event *event, const char *name)
{
	strcpy(event->ifname, name);
	event->flags |= DROP_HAS_DEVICE;
}

static void fill_packets(struct drop_event *events)
{
	memset(events, 0, PACKETS * sizeof(*events));
	fill_v4(&events[TCP4], "10.1.2.3", "192.168.0.1");
	fill_l4(&events[TCP4], 6, DROP_HAS_PORTS | DROP_HAS_VLAN);
	fill_device(&events[TCP4], "eth0");
	events[TCP4].sport = 1000;
	events[TCP4].dport = 80;
	events[TCP4].vlan = 5;

	events[UDP6].ethertype = 0x86dd;
	events[UDP6].flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES;
	inet_pton(AF_INET6, "2001:db8::1", &events[UDP6].saddr);
	inet_pton(AF_INET6, "fe80::2", &events[UDP6].daddr);
	fill_l4(&events[UDP6], 17, DROP_HAS_PORTS);
	fill_device(&events[UDP6], "lo");
	events[UDP6].sport = 53;
	events[UDP6].dport = 5353;

	fill_v4(&events[ICMP4], "10.255.0.1", "10.0.0.2");
	fill_l4(&events[ICMP4], 1, DROP_NO_PORTS);

	fill_v4(&events[ARP], "10.1.2.3", "10.1.2.4");
	events[ARP].ethertype = 0x0806;
	events[ARP].flags |= DROP_NO_PORTS;
	fill_device(&events[ARP], "eth0");

	events[LLDP].ethertype = 0x88cc;
	events[LLDP].flags = DROP_HAS_ETHERTYPE | DROP_NO_PORTS;
	fill_device(&events[LLDP], "eth1");

	fill_v4(&events[FRAGMENT], "172.16.0.1", "172.16.0.2");
	fill_l4(&events[FRAGMENT], 17, 0);

	events[TRUNCATED].ethertype = 0x0800;
	events[TRUNCATED].flags = DROP_HAS_ETHERTYPE;
}

#define BIT(packet) (1u << (packet))
#define ALL (BIT(PACKETS) - 1)

/* Filters, and the packets that pass them. */
static const struct {
	const char *line;
	unsigned int pass;
} verdicts[] = {
	{ "", ALL },
	{ "-p tcp", BIT(TCP4) },
	{ "-p !tcp", ALL & ~BIT(TCP4) },
	{ "-p 17", BIT(UDP6) | BIT(FRAGMENT) },
	{ "-p tcp,udp", BIT(TCP4) | BIT(UDP6) | BIT(FRAGMENT) },
	{ "-p !tcp,udp", ALL & ~(BIT(TCP4) | BIT(UDP6) | BIT(FRAGMENT)) },
	{ "-p 0", 0 },
	{ "-p arp", BIT(ARP) },
	{ "-p !arp", ALL & ~BIT(ARP) },
	{ "-p ip", BIT(TCP4) | BIT(ICMP4) | BIT(FRAGMENT) | BIT(TRUNCATED) },
	{ "-p ipv6", BIT(UDP6) },
	{ "-p 0x88cc,icmp", BIT(LLDP) | BIT(ICMP4) },
	{ "-s 10.0.0.0/8", BIT(TCP4) | BIT(ICMP4) | BIT(ARP) },
	{ "-s !10.0.0.0/8", ALL & ~(BIT(TCP4) | BIT(ICMP4) | BIT(ARP)) },
	{ "-s 10.1.2.3", BIT(TCP4) | BIT(ARP) },
	{ "-s 10.1.2.2/31", BIT(TCP4) | BIT(ARP) },
	{ "-s 0.0.0.0/0", BIT(TCP4) | BIT(ICMP4) | BIT(ARP) | BIT(FRAGMENT) },
	{ "-s ::/0", BIT(UDP6) },
	{ "-s 2001:db8::/32", BIT(UDP6) },
	{ "-s 2001:db8::1", BIT(UDP6) },
	{ "-s 2001:db8::2", 0 },
	{ "-s 2001:db8:0:0:8000::/65", 0 },
	{ "-d fe80::/10,192.168.0.0/16", BIT(UDP6) | BIT(TCP4) },
	{ "-d !fe80::/10,192.168.0.0/16", ALL & ~(BIT(UDP6) | BIT(TCP4)) },
	{ "-S 1000", BIT(TCP4) },
	{ "-S 0", 0 },
	{ "-S 0-65535", BIT(TCP4) | BIT(UDP6) },
	{ "-S !0-65535", ALL & ~(BIT(TCP4) | BIT(UDP6)) },
	{ "-D 80,5000-6000", BIT(TCP4) | BIT(UDP6) },
	{ "-D !80", ALL & ~BIT(TCP4) },
	{ "-V 5", BIT(TCP4) },
	{ "-V 0", 0 },
	{ "-V !5", ALL & ~BIT(TCP4) },
	{ "-V 0-4094", BIT(TCP4) },
	{ "-i eth0", BIT(TCP4) | BIT(ARP) },
	{ "-i eth", 0 },
	{ "-i !eth0", ALL & ~(BIT(TCP4) | BIT(ARP)) },
	{ "-i lo,eth1", BIT(UDP6) | BIT(LLDP) },
	{ "-p tcp,udp -D !80 -s ::/0", BIT(UDP6) },
	{ "-p arp -D 80", 0 },
	{ "-p arp -D !80", BIT(ARP) },
	{ "-s 10.0.0.0/8,!10.255.0.0/16", BIT(TCP4) | BIT(ARP) },
	{ "-s 10.0.0.0/8,!10.1.0.0/16,10.1.2.3", BIT(TCP4) | BIT(ICMP4) | BIT(ARP) },
	{ "-s ::/0,!2001:db8::/64", 0 },
	{ "-s ::/0,!2001:db8::2", BIT(UDP6) },
	{ "-s ::/0,!2001:db8::1", 0 },
	{ "-s 2001:db8::/127,!2001:db8::", BIT(UDP6) },
	{ "-s 2000::/16,2001:db8::/64,2002::/16", BIT(UDP6) },
	{ "-s 1::,2::,3::,4::,5::,6::,7::,8::,9::,2001:db8::1", BIT(UDP6) },
	{ "-s 1::,2::,3::,4::,5::,6::,7::,8::,9::,2001:db8::2", 0 },
	{ "-s "
	  "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6,7.7.7.7,8.8.8.8,10.1.2.3,11.1.1.1,12.1."
	  "1.1",
	  BIT(TCP4) | BIT(ARP) },
	{ "-s !1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6,7.7.7.7,8.8.8.8,10.1.2.3,::/0",
	  ALL & ~(BIT(TCP4) | BIT(ARP) | BIT(UDP6)) },
	{ "-D 1,3,5,7,9,11,13,15,17,80,90,92", BIT(TCP4) },
	{ "-D 1,3,5,7,9,11,13,15,17,79,81,92", 0 },
	{ "-D 0-79,81-65535", BIT(UDP6) },
	{ "-i eth*", BIT(TCP4) | BIT(ARP) | BIT(LLDP) },
	{ "-i eth*,!eth1", BIT(TCP4) | BIT(ARP) },
	{ "-i eth*,!eth*,eth1", BIT(LLDP) },
	{ "-i !eth*,lo", ALL & ~(BIT(TCP4) | BIT(ARP) | BIT(LLDP) | BIT(UDP6)) },
	{ "-i *", BIT(TCP4) | BIT(ARP) | BIT(LLDP) | BIT(UDP6) },
	{ "-i any", ALL },
	{ "-i ?o", BIT(UDP6) },
	{ "-i ?th?", BIT(TCP4) | BIT(ARP) | BIT(LLDP) },
	{ "-i *h0", BIT(TCP4) | BIT(ARP) },
	{ "-i e*1", BIT(LLDP) },
	{ "-i *t*h*", BIT(TCP4) | BIT(ARP) | BIT(LLDP) },
	{ "-i *h", 0 },
	{ "-i eth0?", 0 },
	{ "-i ????*", BIT(TCP4) | BIT(ARP) | BIT(LLDP) },
};

#define VERDICTS (sizeof(verdicts) / sizeof(*verdicts))

/* The macros of the template that conditions use. */
static void write_macros(FILE *out)
{
	FILE *template = fopen("templates/network.h", "r");
	char line[256];
	bool inside = false;

	assert_non_null(template);
	while (fgets(line, sizeof(line), template)) {
		inside |= strncmp(line, "#define IPV", 11) == 0;
		if (inside)
			fputs(line, out);
		inside &= strstr(line, "\\\n") != NULL;
	}
	fclose(template);
}

static void emit_functions(const char *line, FILE *out)
{
	struct filter filter;

	parse(&filter, line);
	filter_emit_functions(&filter, out);
	filter_free(&filter);
}

/* One C file with a function for each filter, as the template would hold it. */
static void write_program(FILE *out)
{
	fputs("#include <arpa/inet.h>\n"
	      "#include <linux/types.h>\n"
	      "#include \"event.h\"\n"
	      "#define bpf_ntohl ntohl\n"
	      "#define ETHERTYPE_IPV6 0x86dd\n"
	      "typedef __u8 u8;\n"
	      "typedef __u32 u32;\n"
	      "typedef __u64 u64;\n",
	      out);
	/* What the template defines for them. */
	write_macros(out);
	for (size_t i = 0; i < VERDICTS; i++) {
		fprintf(out, "#define interface_matches_0 interface_%zu\n", i);
		emit_functions(verdicts[i].line, out);
		fprintf(out, "int filter_%zu(struct drop_event *event)\n{\n\t(void)event;\n", i);
		for (int stage = FILTER_STAGE_VLAN; stage < FILTER_STAGES; stage++) {
			char *text = emit(verdicts[i].line, (enum filter_stage)stage);

			fputs(text, out);
			free(text);
		}
		fputs("\treturn 1;\n}\n#undef interface_matches_0\n", out);
	}
}

/* The generated text, compiled for this host, decides each packet as the language says. */
static void generated_code_decides(void **state)
{
	struct drop_event events[PACKETS];
	char directory[] = "/tmp/bytetrace-test-XXXXXX";
	char source[64], object[64], command[256], name[32];
	void *library;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(source, sizeof(source), "%s/filters.c", directory);
	snprintf(object, sizeof(object), "%s/filters.so", directory);
	out = fopen(source, "w");
	assert_non_null(out);
	write_program(out);
	fclose(out);
	snprintf(command, sizeof(command),
		 "cc -Wall -Wextra -Werror -Wno-unknown-pragmas -shared -fPIC -Itemplates -o %s %s",
		 object, source);
	assert_int_equal(system(command), 0);
	library = dlopen(object, RTLD_NOW);
	unlink(source);
	unlink(object);
	rmdir(directory);
	assert_non_null(library);

	fill_packets(events);
	for (size_t i = 0; i < VERDICTS; i++) {
		int (*decide)(struct drop_event *);
		void *symbol;

		snprintf(name, sizeof(name), "filter_%zu", i);
		symbol = dlsym(library, name);
		memcpy(&decide, &symbol, sizeof(decide));
		for (unsigned int packet = 0; packet < PACKETS; packet++)
			if (decide(&events[packet]) != !!(verdicts[i].pass & BIT(packet)))
				fail_msg("\"%s\" on packet %u", verdicts[i].line, packet);
	}
	dlclose(library);
}

/* Flags that no packet matches together, and such that are only unlikely to be used together. */
static void contradictions(void **state)
{
	static const struct {
		const char *line;
		const char *message; /* NULL: no contradiction */
	} cases[] = {
		{ "-p udp -t syn", "-p \"udp\" contradicts -t \"syn\": only TCP has these flags" },
		{ "-p !tcp -t syn",
		  "-p \"!tcp\" contradicts -t \"syn\": only TCP has these flags" },
		{ "-p arp -t syn", "-p \"arp\" contradicts -t \"syn\": only TCP has these flags" },
		{ "-p udp -t !syn", NULL },
		{ "-p udp,tcp -t syn", NULL },
		{ "-p ip -t syn", NULL },
		{ "-p !udp -t syn", NULL },
		{ "-p arp -D 80",
		  "-p \"arp\" contradicts -D \"80\": these protocols have no ports" },
		{ "-p icmp -S 1",
		  "-p \"icmp\" contradicts -S \"1\": these protocols have no ports" },
		{ "-p !ip,ipv6 -D 80",
		  "-p \"!ip,ipv6\" contradicts -D \"80\": these protocols have no ports" },
		{ "-p arp -D !80", NULL },
		{ "-p sctp -D 80", NULL },
		{ "-s 10.0.0.1 -d ::1",
		  "-s \"10.0.0.1\" contradicts -d \"::1\": one is IPv4, the other IPv6" },
		{ "-s 10.0.0.1,fe80::1 -d ::1", NULL },
		{ "-s 10.0.0.1 -d !::1", NULL },
		{ "-p ipv6 -s 10.0.0.1",
		  "-p \"ipv6\" contradicts -s \"10.0.0.1\": these protocols have no such address" },
		{ "-p arp -s ::1",
		  "-p \"arp\" contradicts -s \"::1\": these protocols have no such address" },
		{ "-p tcp,arp -s ::1", NULL },
		{ "-p arp -d 10.0.0.1", NULL },
		{ "-p !ipv6 -d 10.0.0.1", NULL },
		{ "-D 80,!1-100", "-D: \"80,!1-100\" matches nothing" },
		{ "-i any -i eth0", "-i any contradicts -i \"eth0\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };
		struct filter filter;
		int result;

		parse(&filter, cases[i].line);
		result = filter_check(&filter, &err);
		if (!result != !cases[i].message)
			fail_msg("%s: %s", cases[i].line, result ? err.text : "accepted");
		if (result) {
			assert_string_equal(err.text, cases[i].message);
			assert_int_equal(err.status, STATUS_USAGE);
		}
		filter_free(&filter);
	}
}

static int each_name(void *context,
		     int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
		     void *to, struct error *err)
{
	static const char *const names[] = { "NO_SOCKET",    "TCP_CSUM",    "TCP_FLAGS",
					     "TCP_OLD_DATA", "TCP_OLD_ACK", "UDP_CSUM" };
	int result = 0;

	(void)context;
	(void)err;
	for (uint64_t i = 0; i < sizeof(names) / sizeof(*names) && !result; i++)
		result = take(to, names[i], 10 * i, 10 * i + 5);
	return result;
}

static int find_name(const char *name, uint64_t *found)
{
	*found = 77;
	return strcmp(name, "blue") == 0 ? 0 : -ENOENT;
}

static void names_become_numbers(void **state)
{
	const struct filter_names names[FILTER_NAME_KINDS] = {
		[FILTER_NAMES_REASONS] = {
			.what = "reason",
			.fnmatch_flags = FNM_CASEFOLD,
			.each = each_name,
		},
		[FILTER_NAMES_NETNS] = { .what = "namespace", .find = find_name },
	};
	static const struct {
		const char *line;
		const char *message; /* or NULL */
		size_t count;
		uint64_t first; /* number of all */
	} cases[] = {
		{ "-R NO_SOCKET", NULL, 1, 0 },
		{ "-R TCP_*,!TCP_OLD*", NULL, 2, 10 },
		{ "-R tcp_flags", NULL, 1, 20 },
		{ "-R 12", NULL, 1, 12 },
		{ "-R *_CSUM", NULL, 2, 10 },
		{ "-R !TCP_*", NULL, 4, 10 },
		{ "-R TCP_FLAG",
		  "-R: unknown reason \"TCP_FLAG\"; did you mean TCP_FLAGS, TCP_CSUM or "
		  "TCP_OLD_ACK?",
		  0, 0 },
		{ "-R TCP_*,!TCP_CSU?X",
		  "-R: unknown reason \"TCP_CSU?X\"; did you mean TCP_CSUM, "
		  "UDP_CSUM or TCP_FLAGS?",
		  0, 0 },
		{ "-R socket",
		  "-R: unknown reason \"socket\"; did you mean NO_SOCKET, TCP_CSUM or UDP_CSUM?", 0,
		  0 },
		{ "-R NONSENSE", "-R: unknown reason \"NONSENSE\"; see --explain", 0, 0 },
		{ "-R TCP_*,!TCP_*", "-R: \"TCP_*,!TCP_*\" matches nothing", 0, 0 },
	};
	struct filter filter;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct ranges *numbers = &filter.sets[FILTER_REASON].numbers[0];
		int result;

		parse(&filter, cases[i].line);
		result = filter_resolve(&filter, names, &err);
		if (cases[i].message) {
			assert_int_not_equal(result, 0);
			assert_string_equal(err.text, cases[i].message);
		} else {
			assert_int_equal(result, 0);
			assert_int_equal(numbers->count, cases[i].count);
			assert_int_equal((uint64_t)numbers->items[0].first, cases[i].first);
		}
		filter_free(&filter);
	}
	parse(&filter, "-N blue");
	assert_int_equal(filter_resolve(&filter, names, &err), 0);
	assert_int_equal((uint64_t)filter.sets[FILTER_NETNS].numbers[0].items[0].first, 77);
	filter_free(&filter);
	parse(&filter, "-N red");
	assert_int_not_equal(filter_resolve(&filter, names, &err), 0);
	assert_string_equal(err.text, "-N: unknown namespace \"red\": No such file or directory");
	filter_free(&filter);
}

static void descriptions(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "", "every drop" },
		{ "-r", "drops with a reason that the kernel gives" },
		{ "-p tcp -D !80 -D !443 -C a\n",
		  "drops with protocol \"tcp\", destination port not \"80 !443\", process name "
		  "\"a\\x0a\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct filter filter;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		parse(&filter, cases[i].line);
		filter_describe(&filter, out);
		fclose(out);
		assert_string_equal(text, cases[i].text);
		free(text);
		filter_free(&filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(items),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(names_become_numbers),
		cmocka_unit_test(descriptions),
		cmocka_unit_test(numeric_protocols),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(messages),
		cmocka_unit_test(accepted_names),
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(stages),
		cmocka_unit_test(texts),
		cmocka_unit_test(nothing_given_nothing_written),
		cmocka_unit_test(generated_code_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
