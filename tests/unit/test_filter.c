// SPDX-License-Identifier: GPL-2.0-only
#include "filter/filter.h"

#include <dlfcn.h>
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
	{ "-p", FILTER_PROTO },	    { "-s", FILTER_SADDR }, { "-d", FILTER_DADDR },
	{ "-S", FILTER_SPORT },	    { "-D", FILTER_DPORT }, { "-V", FILTER_VLAN },
	{ "-i", FILTER_INTERFACE },
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

static void values(void **state)
{
	struct filter filter;
	union filter_value *value;

	(void)state;
	parse(&filter, "-p tcp,0x88cc,arp,17 -s 10.1.2.3/8,2001:db8:ffff::/33 -d ::ffff:1.2.3.4 "
		       "-S 0,5-65535 -V 4094 -i !eth0,!x");
	value = filter.sets[FILTER_PROTO].values;
	assert_int_equal(filter.sets[FILTER_PROTO].count, 4);
	assert_false(value[0].protocol.ethertype);
	assert_int_equal(value[0].protocol.number, 6);
	assert_true(value[1].protocol.ethertype);
	assert_int_equal(value[1].protocol.number, 0x88cc);
	assert_true(value[2].protocol.ethertype);
	assert_int_equal(value[3].protocol.number, 17);
	assert_false(filter.numeric_protocol);

	value = filter.sets[FILTER_SADDR].values;
	assert_int_equal(value[0].prefix.family, AF_INET);
	assert_int_equal(value[0].prefix.bits, 8);
	assert_memory_equal(value[0].prefix.bytes, "\x0a\0\0\0", 4);
	assert_int_equal(value[1].prefix.family, AF_INET6);
	assert_memory_equal(value[1].prefix.bytes, "\x20\x01\x0d\xb8\x80\0\0\0\0\0\0\0\0\0\0\0",
			    16);
	assert_int_equal(filter.sets[FILTER_DADDR].values[0].prefix.family, AF_INET6);

	assert_int_equal(filter.sets[FILTER_SPORT].values[0].range.last, 0);
	assert_int_equal(filter.sets[FILTER_SPORT].values[1].range.first, 5);
	assert_true(filter.sets[FILTER_INTERFACE].negated);
	assert_string_equal(filter.sets[FILTER_INTERFACE].values[1].interface, "!x");
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
	assert_int_equal(filter.sets[FILTER_DPORT].count, 3);
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
	assert_string_equal(err.text, "-V: \"x\" is not a VLAN ID or a range of them (0-4094)");
	filter_free(&filter);
}

/* What one stage of a filter becomes. */
static char *emit(const char *line, enum filter_stage stage)
{
	struct filter filter;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	parse(&filter, line);
	filter_emit(&filter, stage, NOT_SPECIFIED, out);
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
		{ "-r", FILTER_STAGE_REASON,
		  "\tif (reason == 0 || reason == 2 /* NOT_SPECIFIED */)\n\t\treturn 0;\n" },
		{ "-D 80", FILTER_STAGE_TRANSPORT,
		  "\tif (!((event->flags & DROP_HAS_PORTS) && event->dport == 80))\n"
		  "\t\treturn 0;\n" },
		{ "-S !80,90-95", FILTER_STAGE_TRANSPORT,
		  "\tif (((event->flags & DROP_HAS_PORTS) && (\n"
		  "\t       event->sport == 80 ||\n"
		  "\t       (event->sport >= 90 && event->sport <= 95))))\n"
		  "\t\treturn 0;\n" },
		{ "-p arp", FILTER_STAGE_ETHERTYPE,
		  "\tif (!(event->ethertype == 0x0806 /* arp */))\n\t\treturn 0;\n" },
		{ "-p tcp", FILTER_STAGE_ETHERTYPE, "" },
		{ "-p arp", FILTER_STAGE_NETWORK, "" },
		{ "-p 200", FILTER_STAGE_NETWORK,
		  "\tif (!(((event->flags & DROP_HAS_L4) && event->l4_protocol == 200)))\n"
		  "\t\treturn 0;\n" },
		/* Nothing of a name can end the comment that it stands in. */
		{ "-i x*;{\"\\", FILTER_STAGE_DEVICE,
		  "\tif (!((event->flags & DROP_HAS_DEVICE) && (event->ifname_words[0] == "
		  "0x00005c227b3b2a78 &&\n"
		  "\t        event->ifname_words[1] == 0x0000000000000000) "
		  "/* x\\x2a;{\"\\x5c */))\n\t\treturn 0;\n" },
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
};

#define VERDICTS (sizeof(verdicts) / sizeof(*verdicts))

/* One C file with a function for each filter, as the template would hold it. */
static void write_program(FILE *out)
{
	fputs("#include <arpa/inet.h>\n"
	      "#include <linux/types.h>\n"
	      "#include \"event.h\"\n"
	      "#define bpf_htonl htonl\n"
	      "#define ETHERTYPE_IPV6 0x86dd\n",
	      out);
	for (size_t i = 0; i < VERDICTS; i++) {
		fprintf(out, "int filter_%zu(struct drop_event *event)\n{\n\t(void)event;\n", i);
		for (int stage = FILTER_STAGE_DEVICE; stage < FILTER_STAGES; stage++) {
			char *text = emit(verdicts[i].line, (enum filter_stage)stage);

			fputs(text, out);
			free(text);
		}
		fputs("\treturn 1;\n}\n", out);
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
		 "cc -Wall -Wextra -Werror -shared -fPIC -Itemplates -o %s %s", object, source);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(numeric_protocols),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(messages),
		cmocka_unit_test(texts),
		cmocka_unit_test(nothing_given_nothing_written),
		cmocka_unit_test(generated_code_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
