// SPDX-License-Identifier: GPL-2.0-only
#include "output/output.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/error.h"
#include "util/file.h"

#define NFT_DO_CHAIN 0xffffffff81000110 /* tests/fixtures/kallsyms/table */
#define UDP_RCV 0xffffffff81000210
#define IN_MODULE 0xffffffffc0000020

static struct layout kfree_skb = { .id = 1, .name = "kfree_skb" };
static const struct layouts no_columns = { .list = &kfree_skb, .count = 1, .active = 1 };
static struct reasons *reasons, *no_reasons;
static struct symbols *symbols;

static struct reasons *read_reasons(const char *path)
{
	const struct reasons_source nowhere = { 0 };
	struct reasons *created;
	struct error err;
	char *format;

	assert_int_equal(file_read_text(path, 1 << 16, &format), 0);
	assert_int_equal(reasons_create(&created, format, &nowhere, &err), 0);
	free(format);
	return created;
}

static int set_up(void **state)
{
	(void)state;
	reasons = read_reasons("tests/fixtures/format/6.18");
	no_reasons = read_reasons("tests/fixtures/format/5.10");
	symbols = symbols_create("tests/fixtures/kallsyms/table", "/nonexistent");
	return symbols ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	reasons_free(reasons);
	reasons_free(no_reasons);
	symbols_free(symbols);
	return 0;
}

/* A table that is written to memory. */
struct output {
	struct output_config config;
	struct output_context context;
	char *text;
	size_t size;
	void *table;
};

static void open_output(struct output *output, int verbosity)
{
	memset(output, 0, sizeof(*output));
	output->context.config = &output->config;
	output->context.file = open_memstream(&output->text, &output->size);
	output->config.verbosity = verbosity;
	output->context.layouts = &no_columns;
	output->context.reasons = reasons;
	output->context.symbols = symbols;
}

static void show(struct output *output, const struct drop_event *event, size_t stack_depth)
{
	static const uint64_t stack[] = { NFT_DO_CHAIN, IN_MODULE, 0x1234 };
	const struct drop drop = { .event = event,
				   .layout = &kfree_skb,
				   .cpu = 1,
				   .stack = stack,
				   .stack_depth = stack_depth };

	if (!output->table)
		output->table = output_table.create(&output->context);
	output_table.drop(output->table, &drop);
}

static void flush(struct output *output)
{
	output_table.flush(output->table);
}

static void finish(struct output *output)
{
	if (!output->table)
		output->table = output_table.create(&output->context);
	output_table.finish(output->table);
	fclose(output->context.file);
}

static void assert_text(struct output *output, const char *expected)
{
	finish(output);
	assert_string_equal(output->text, expected);
	free(output->text);
}

/* A ping that an nft rule dropped. */
static struct drop_event ping(void)
{
	struct drop_event event = {
		.location = NFT_DO_CHAIN,
		.reason = 12, /* NETFILTER_DROP in 6.18 */
		.ethertype = 0x0800,
		.l4_protocol = 1,
		.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_NO_PORTS |
			 DROP_HAS_DEVICE,
	};

	inet_pton(AF_INET, "192.168.2.1", &event.saddr);
	inet_pton(AF_INET, "192.168.10.1", &event.daddr);
	strcpy(event.ifname, "ens1f0np0");
	return event;
}

/* The reference: `bytetrace -i ens1f0np0 -p 1 -v`. */
static void reference_example(void **state)
{
	struct drop_event event = ping();
	struct output output;

	(void)state;
	open_output(&output, 1);
	output.config.numeric = true;
	show(&output, &event, 0);
	assert_text(&output, "+-----------+-------------+--------------+----------+-------+-------+"
			     "--------------+----------------+\n"
			     "| INTERFACE |   SOURCE    | DESTINATION  | PROTOCOL | SPORT | DPORT "
			     "|   LOCATION   |     REASON     |\n"
			     "+-----------+-------------+--------------+----------+-------+-------+"
			     "--------------+----------------+\n"
			     "| ens1f0np0 | 192.168.2.1 | 192.168.10.1 |        1 |     0 |     0 "
			     "| nft_do_chain | NETFILTER_DROP |\n"
			     "+-----------+-------------+--------------+----------+-------+-------+"
			     "--------------+----------------+\n");
}

/* The lines below the header that are neither rows nor borders. */
static void assert_below(struct output *output, const char *expected)
{
	char below[2048] = "";
	char *line, *rest;

	finish(output);
	for (line = strtok_r(output->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line[0] != '+')
			snprintf(below + strlen(below), sizeof(below) - strlen(below), "%s\n",
				 line[0] == '|' ? "|" : line);
	assert_string_equal(below, expected);
	free(output->text);
}

/* Below the first row of each reason and function, with and without reasons, above its stack. */
static void hints(void **state)
{
	struct drop_event event = ping();
	struct output output;

	(void)state;
	open_output(&output, 0);
	output.config.hints = output.config.stack = true;
	show(&output, &event, 0);
	event.location++;
	show(&output, &event, 1);
	event.reason = 3; /* NO_SOCKET */
	show(&output, &event, 1);
	flush(&output);
	show(&output, &event, 0);
	event.reason = 2; /* NOT_SPECIFIED: the location tells more */
	show(&output, &event, 0);
	event.location = 0x1234;
	show(&output, &event, 0);
	event.reason = 0xffff; /* not a known reason */
	show(&output, &event, 0);
	assert_below(&output,
		     "|\n"
		     "|\n"
		     "  ^ NETFILTER_DROP: an nftables or iptables rule dropped the packet: "
		     "nft list ruleset\n"
		     "|\n"
		     "    nft_do_chain+0x10/0x100\n"
		     "|\n"
		     "  ^ NO_SOCKET: no socket listens on that address and port\n"
		     "    nft_do_chain+0x10/0x100\n"
		     "|\n"
		     "|\n"
		     "  ^ nft_do_chain: an nftables rule or chain policy dropped the packet: "
		     "nft list ruleset\n"
		     "|\n"
		     "  ^ NOT_SPECIFIED: the kernel gives no reason here; --stack shows the call "
		     "path\n"
		     "|\n");
	open_output(&output, 0);
	output.config.hints = true;
	output.context.reasons = no_reasons;
	event = ping();
	event.reason = 0;
	show(&output, &event, 0);
	assert_below(&output,
		     "|\n|\n"
		     "  ^ nft_do_chain: an nftables rule or chain policy dropped the packet: "
		     "nft list ruleset\n");
}

/* After a thousand pairs, no more hints are printed. */
static void many_hints(void **state)
{
	struct drop_event event = ping();
	struct output output;
	size_t count = 0;

	(void)state;
	open_output(&output, 0);
	output.config.hints = true;
	for (uint64_t i = 0; i < 5000; i++) {
		event.location = 0x1000 + i % 2500;
		show(&output, &event, 0);
	}
	finish(&output);
	for (const char *at = output.text; (at = strstr(at, "\n  ^ ")); at++)
		count++;
	assert_int_equal(count, 1000);
	free(output.text);
}

static void no_rows(void **state)
{
	struct output output;

	(void)state;
	open_output(&output, 0);
	assert_text(&output,
		    "+--------+-------------+----------+-------+-------+----------+--------+\n"
		    "| SOURCE | DESTINATION | PROTOCOL | SPORT | DPORT | LOCATION | REASON |\n"
		    "+--------+-------------+----------+-------+-------+----------+--------+\n"
		    "+--------+-------------+----------+-------+-------+----------+--------+\n");
}

/* The first batch sets the widths; later, a column widens in steps, from the row that needs it. */
static void widths(void **state)
{
	struct drop_event event = ping();
	struct output output;

	(void)state;
	open_output(&output, 0);
	show(&output, &event, 0);
	flush(&output);
	show(&output, &event, 0);
	event.ethertype = 0x86dd;
	event.l4_protocol = 17;
	event.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_HAS_PORTS;
	event.sport = 53;
	event.dport = 65535;
	event.location = UDP_RCV;
	event.reason = 3;
	inet_pton(AF_INET6, "2001:db8:1111:2222:3333:4444:5555:6666", &event.saddr);
	inet_pton(AF_INET6, "::1", &event.daddr);
	show(&output, &event, 0);
	event = ping();
	show(&output, &event, 0);
	assert_text(&output,
		    "+-------------+--------------+----------+-------+-------+"
		    "--------------+----------------+\n"
		    "|   SOURCE    | DESTINATION  | PROTOCOL | SPORT | DPORT |"
		    "   LOCATION   |     REASON     |\n"
		    "+-------------+--------------+----------+-------+-------+"
		    "--------------+----------------+\n"
		    "| 192.168.2.1 | 192.168.10.1 | icmp     |     0 |     0 |"
		    " nft_do_chain | NETFILTER_DROP |\n"
		    "| 192.168.2.1 | 192.168.10.1 | icmp     |     0 |     0 |"
		    " nft_do_chain | NETFILTER_DROP |\n"
		    "| 2001:db8:1111:2222:3333:4444:5555:6666   | ::1          | udp      |"
		    "    53 | 65535 | __udp4_lib_rcv   | NO_SOCKET      |\n"
		    "| 192.168.2.1                              | 192.168.10.1 | icmp     |"
		    "     0 |     0 | nft_do_chain     | NETFILTER_DROP |\n"
		    "+------------------------------------------+--------------+----------+"
		    "-------+-------+------------------+----------------+\n");
}

/* The cells of the only row, without spaces. */
static void assert_row(const struct drop_event *event, int verbosity, bool numeric,
		       struct reasons *names, const char *expected)
{
	struct output output;
	char row[512] = "";
	char *line;

	open_output(&output, verbosity);
	output.config.numeric = numeric;
	output.context.reasons = names;
	show(&output, event, 0);
	finish(&output);
	line = strchr(strchr(strchr(output.text, '\n') + 1, '\n') + 1, '\n') + 1;
	if (verbosity == 2) { /* without TIME, which depends on the time zone */
		assert_int_equal(line[2] != '-', event->detailed);
		line = strchr(line + 1, '|');
	}
	for (char *c = line, *to = row; *c != '\n'; c++)
		if (*c != ' ')
			*to++ = *c;
	assert_string_equal(row, expected);
	free(output.text);
}

/* The titles and rows of a table, without borders and spaces. */
static void assert_cells(struct output *output, const char *expected)
{
	char *to;

	finish(output);
	to = output->text;
	for (char *line = output->text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (*line == '+')
			continue;
		for (char *c = line + 1; c < next; c++)
			if (*c != ' ')
				*to++ = *c;
	}
	*to = '\0';
	assert_string_equal(output->text, expected);
	free(output->text);
}

static void absent_fields(void **state)
{
	struct drop_event event = { .location = 0x1234, .reason = 2 };

	(void)state;
	assert_row(&event, 1, false, reasons, "|-|-|-|-|-|-|0x1234|NOT_SPECIFIED|");
	assert_row(&event, 2, false, no_reasons, "|1|-|-|-|-|-|-|-|-|-|-|-|-|-|-|0x1234|-|");
	/* A probe of an event that is not a drop, at an unknown location. */
	assert_row(&(struct drop_event){ .reason = DROP_NO_REASON }, 1, false, reasons,
		   "|-|-|-|-|-|-|-|-|");
	/* IPv4, truncated before its header. */
	event.ethertype = 0x0800;
	event.flags = DROP_HAS_ETHERTYPE;
	assert_row(&event, 0, false, reasons, "|-|-|ipv4|-|-|0x1234|NOT_SPECIFIED|");
	assert_row(&event, 0, true, reasons, "|-|-|0x0800|-|-|0x1234|NOT_SPECIFIED|");
	/* A later fragment: protocol, but no ports. */
	event.l4_protocol = 17;
	event.flags |= DROP_HAS_L4;
	assert_row(&event, 0, false, reasons, "|-|-|udp|-|-|0x1234|NOT_SPECIFIED|");
}

static void protocols(void **state)
{
	struct drop_event event = ping();

	(void)state;
	assert_row(&event, 0, true, reasons,
		   "|192.168.2.1|192.168.10.1|1|0|0|nft_do_chain|NETFILTER_DROP|");
	event.l4_protocol = 200;
	assert_row(&event, 0, false, reasons,
		   "|192.168.2.1|192.168.10.1|200|0|0|nft_do_chain|NETFILTER_DROP|");
	event.ethertype = 0x0806;
	event.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_NO_PORTS;
	assert_row(&event, 0, false, reasons,
		   "|192.168.2.1|192.168.10.1|arp|0|0|nft_do_chain|NETFILTER_DROP|");
	event.ethertype = 0x1234;
	event.flags = DROP_HAS_ETHERTYPE | DROP_NO_PORTS;
	assert_row(&event, 0, false, reasons, "|-|-|0x1234|0|0|nft_do_chain|NETFILTER_DROP|");
}

static void every_column(void **state)
{
	struct drop_event event = ping();

	(void)state;
	event.flags |= DROP_HAS_NETNS | DROP_HAS_VLAN | DROP_HAS_SOCKET | DROP_HAS_UID;
	event.netns = 4026531840;
	event.socket = 4242;
	event.uid = 1000;
	event.vlan = 7;
	event.detailed = 1;
	event.pid = 99;
	event.length = 84;
	strcpy(event.comm, "ping");
	assert_row(&event, 2, false, reasons,
		   "|1|99|ping|4026531840|ens1f0np0|4242|1000|-|7|192.168.2.1|192.168.10.1|icmp|0|"
		   "0|84|"
		   "nft_do_chain+0x10|NETFILTER_DROP|");
}

/* Columns of programs: each kind of value, in its format; "-" in rows of another program. */
static void columns_of_programs(void **state)
{
	static const struct field fields[] = {
		{ .name = "unsigned", .format = "%llu", .size = 8 },
		{ .name = "signed", .format = "%lld!", .kind = FIELD_SIGNED, .offset = 8 },
		{ .name = "hex", .format = "%#llx", .offset = 0 },
		{ .name = "be16", .format = "%llu", .swap = 16, .offset = 16 },
		{ .name = "be32", .format = "%llu", .swap = 32, .offset = 24 },
		{ .name = "char", .format = "<%s>", .kind = FIELD_CHARACTER, .offset = 32 },
		{ .name = "place", .format = "%s", .kind = FIELD_ADDRESS, .offset = 40 },
		{ .name = "nowhere", .format = "%s", .kind = FIELD_ADDRESS, .offset = 0 },
		{ .name = "text",
		  .format = "%s",
		  .kind = FIELD_STRING,
		  .in_bytes = true,
		  .offset = 48,
		  .size = 12 },
		{ .name = "full",
		  .format = "%5s",
		  .kind = FIELD_STRING,
		  .in_bytes = true,
		  .offset = 64,
		  .size = 3 },
		{ .name = "four",
		  .format = "%s",
		  .kind = FIELD_IPV4,
		  .in_bytes = true,
		  .offset = 72 },
		{ .name = "four_too", .format = "%s", .kind = FIELD_IPV4, .offset = 24 },
		{ .name = "six",
		  .format = "%s",
		  .kind = FIELD_IPV6,
		  .in_bytes = true,
		  .offset = 80 },
		{ .name = "mac",
		  .format = "%s",
		  .kind = FIELD_MAC,
		  .in_bytes = true,
		  .offset = 96 },
	};
	struct layout list[2] = {
		{ .id = 1, .name = "one", .field_count = 14 },
		{ .id = 2, .name = "o|two", .field_count = 2 },
	};
	struct layouts layouts = { .list = NULL };
	union {
		uint64_t numbers[13];
		char bytes[104];
	} record = { .numbers = { UINT64_MAX, (uint64_t)-42, htons(443), htonl(0xc0000201), 'x',
				  NFT_DO_CHAIN } };
	struct drop_event event = { .reason = DROP_NO_REASON };
	struct drop drop = { .event = &event, .fields = record.bytes };
	struct output output;

	(void)state;
	memcpy(list[0].fields, fields, sizeof(fields));
	/* A column that is a number only in one program is aligned to the left. */
	list[1].fields[0] = fields[1];
	list[1].fields[1] = fields[4];
	strcpy(list[1].fields[1].name, "unsigned");
	memcpy(record.bytes + 48, "a|\033[2J\xff\xc3\xa9\0z", 12);
	memcpy(record.bytes + 64, "abcd", 4);
	memcpy(record.bytes + 72, "\xc0\0\2\1", 4);
	inet_pton(AF_INET6, "2001:db8::1", record.bytes + 80);
	memcpy(record.bytes + 96, "\2\0\0\0\xab\xff", 6);
	assert_int_equal(layouts_add(&layouts, &list[0]), 0);
	assert_int_equal(layouts_add(&layouts, &list[1]), 0);

	open_output(&output, 0);
	output.context.layouts = &layouts;
	output.table = output_table.create(&output.context);
	drop.layout = &layouts.list[0];
	output_table.drop(output.table, &drop);
	drop.layout = &layouts.list[1];
	record.numbers[1] = 0;
	output_table.drop(output.table, &drop);
	assert_cells(&output,
		     "PROBE|SOURCE|DESTINATION|PROTOCOL|SPORT|DPORT|LOCATION|REASON|UNSIGNED|"
		     "SIGNED|HEX|BE16|BE32|CHAR|PLACE|NOWHERE|TEXT|FULL|FOUR|FOUR_TOO|SIX|MAC|\n"
		     "one|-|-|-|-|-|-|-|18446744073709551615|-42!|0xffffffffffffffff|443|"
		     "3221225985|<x>|nft_do_chain+0x10|0xffffffffffffffff|"
		     "a\\x7c\\x1b[2J\\xff\\xc3\\xa9|abc|192.0.2.1|192.0.2.1|2001:db8::1|"
		     "02:00:00:00:ab:ff|\n"
		     "o\\x7ctwo|-|-|-|-|-|-|-|3221225985|0!|-|-|-|-|-|-|-|-|-|-|-|-|\n");
	layouts_free(&layouts);
}

/* Numbers are aligned to the right; with one program, PROBE is not shown. */
static void columns_are_aligned(void **state)
{
	struct layout layout = { .id = 1,
				 .name = "one",
				 .fields = { { .name = "number", .format = "%lld" },
					     { .name = "letter",
					       .format = "%s",
					       .kind = FIELD_CHARACTER,
					       .offset = 8 } },
				 .field_count = 2 };
	struct layouts layouts = { .list = NULL };
	const uint64_t numbers[] = { 7, 'x' };
	struct drop_event event = { .reason = DROP_NO_REASON };
	const struct drop drop = { .event = &event,
				   .layout = &layout,
				   .fields = (const char *)numbers };
	struct output output;

	(void)state;
	assert_int_equal(layouts_add(&layouts, &layout), 0);
	open_output(&output, 0);
	output.context.layouts = &layouts;
	output.table = output_table.create(&output.context);
	output_table.drop(output.table, &drop);
	finish(&output);
	layouts_free(&layouts);
	assert_non_null(strstr(output.text, "\n| SOURCE |"));
	assert_non_null(strstr(output.text, "| NUMBER | LETTER |\n"));
	assert_non_null(strstr(output.text, "|      7 | x      |\n"));
	free(output.text);
}

/* Names that any user can choose do not break the row or the terminal. */
static void hostile_names(void **state)
{
	struct drop_event event = ping();

	(void)state;
	memcpy(event.ifname, "a|b\033[2J\xc3\xa9", 10);
	memset(event.ifname + 10, 0, 6);
	assert_row(&event, 1, false, reasons,
		   "|a\\x7cb\\x1b[2J\\xc3\\xa9|192.168.2.1|192.168.10.1|icmp|0|0|nft_do_chain|"
		   "NETFILTER_DROP|");
	memset(event.ifname, 'x', sizeof(event.ifname)); /* no NUL */
	memset(event.comm, '\n', sizeof(event.comm));
	assert_row(&event, 1, false, reasons,
		   "|xxxxxxxxxxxxxxxx|192.168.2.1|192.168.10.1|icmp|0|0|nft_do_chain|"
		   "NETFILTER_DROP|");
}

static void stack_below_the_row(void **state)
{
	struct drop_event event = ping();
	struct output output;
	char *stack;

	(void)state;
	open_output(&output, 0);
	output.config.stack = true;
	show(&output, &event, 3);
	show(&output, &event, 0);
	finish(&output);
	stack = strstr(output.text, "    nft_do_chain");
	assert_non_null(stack);
	assert_int_equal(strncmp(stack,
				 "    nft_do_chain+0x10/0x100\n"
				 "    in_module+0x20/0x40 [nf_tables]\n"
				 "    0x1234\n"
				 "| 192.168.2.1 |",
				 strlen("    nft_do_chain+0x10/0x100\n"
					"    in_module+0x20/0x40 [nf_tables]\n"
					"    0x1234\n"
					"| 192.168.2.1 |")),
			 0);
	free(output.text);
}

/* Escape sequences color the text without changing the widths. */
static void colors_take_no_room(void **state)
{
	struct drop_event event = ping();
	struct output plain, colored;
	char *to;

	(void)state;
	open_output(&plain, 1);
	show(&plain, &event, 0);
	finish(&plain);
	assert_null(strchr(plain.text, '\033'));
	open_output(&colored, 1);
	colored.context.color = true;
	show(&colored, &event, 0);
	finish(&colored);
	assert_non_null(strstr(colored.text, "\033[31mNETFILTER_DROP\033[0m"));
	to = colored.text;
	for (char *c = colored.text; *c; c++) {
		if (*c == '\033')
			c = strchr(c, 'm');
		else
			*to++ = *c;
	}
	*to = '\0';
	assert_string_equal(colored.text, plain.text);
	free(plain.text);
	free(colored.text);
}

/* At most 64 rows are held back. */
static void long_first_batch(void **state)
{
	struct drop_event event = ping();
	struct output output;
	int rows = 0;

	(void)state;
	open_output(&output, 0);
	for (int i = 0; i < 1000; i++)
		show(&output, &event, 0);
	fflush(output.context.file);
	for (char *c = output.text; *c; c++)
		rows += *c == '\n';
	assert_int_equal(rows, 3 + 1000);
	finish(&output);
	free(output.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_example),
		cmocka_unit_test(hints),
		cmocka_unit_test(many_hints),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(widths),
		cmocka_unit_test(absent_fields),
		cmocka_unit_test(protocols),
		cmocka_unit_test(every_column),
		cmocka_unit_test(columns_of_programs),
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(stack_below_the_row),
		cmocka_unit_test(colors_take_no_room),
		cmocka_unit_test(long_first_batch),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
