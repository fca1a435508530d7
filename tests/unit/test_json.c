// SPDX-License-Identifier: GPL-2.0-only
#include "output/output.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>

#include <cmocka.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/owners.h"
#include "kernel/symbols.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/error.h"
#include "util/file.h"

#define NFT_DO_CHAIN 0xffffffff81000110 /* tests/fixtures/kallsyms/table */
#define IN_MODULE 0xffffffffc0000020

static struct layout plain = { .id = 1, .name = "kfree_skb" };
static const struct layouts no_columns = { .list = &plain, .count = 1, .active = 1 };

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

/* What is printed for a drop, after its time; the caller frees it. */
static char *show(const struct drop *drop, const struct layouts *layouts, const char *format,
		  const char *kallsyms)
{
	const struct output_config config = { .stack = drop->stack_depth > 0 };
	struct output_context context = {
		.config = &config,
		.layouts = layouts,
		.reasons = read_reasons(format),
		.symbols = symbols_create(kallsyms, "/nonexistent"),
	};
	char *text = NULL, *after_time;
	size_t size;
	void *json;

	context.file = open_memstream(&text, &size);
	json = output_json.create(&context);
	output_json.drop(json, drop);
	output_json.flush(json);
	output_json.finish(json);
	fclose(context.file);
	reasons_free(context.reasons);
	symbols_free(context.symbols);

	assert_int_equal(strncmp(text, "{\"time\":", 8), 0);
	after_time = strchr(text, ',');
	if (drop->event->detailed)
		assert_int_equal(after_time[-10], '.'); /* nine digits */
	else
		assert_int_equal(strncmp(text, "{\"time\":null,", 13), 0);
	memmove(text, after_time, strlen(after_time) + 1);
	return text;
}

static void assert_shown(const struct drop *drop, const char *format, const char *expected)
{
	char *text = show(drop, &no_columns, format, "tests/fixtures/kallsyms/table");

	assert_string_equal(text, expected);
	free(text);
}

static void all_keys(void **state)
{
	static const uint64_t stack[] = { NFT_DO_CHAIN, IN_MODULE, 0x1234 };
	static const struct owner owner = { "fifteen of them", 712 };
	struct drop_event event = {
		.time = 1,
		.location = NFT_DO_CHAIN,
		.reason = 12, /* NETFILTER_DROP in 6.18 */
		.length = 84,
		.netns = 4026531840,
		.ifindex = 2,
		.socket = 4242,
		.uid = 1000,
		.mark = 42,
		.detailed = 1,
		.tunnel = DROP_TUNNEL_VXLAN,
		.pid = 4711,
		.ethertype = 0x86dd,
		.vlan = 7,
		.sport = 1024,
		.dport = 53,
		.l4_protocol = 17,
		.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_HAS_PORTS |
			 DROP_HAS_VLAN | DROP_HAS_DEVICE | DROP_HAS_NETNS | DROP_HAS_SOCKET |
			 DROP_HAS_UID,
		.ifname = "eth0",
		.comm = "fifteen of them",
	};

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &event.saddr);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &event.daddr);
	assert_shown(
		&(struct drop){ .event = &event,
				.layout = &plain,
				.cpu = 3,
				.owner = &owner,
				.stack = stack,
				.stack_depth = 3 },
		"tests/fixtures/format/6.18",
		",\"probe\":\"kfree_skb\",\"cpu\":3,\"pid\":4711,\"comm\":\"fifteen of "
		"them\",\"netns\":4026531840,"
		"\"interface\":\"eth0\",\"ifindex\":2,"
		"\"socket\":4242,\"uid\":1000,\"program\":\"fifteen of them\",\"program_pid\":712,"
		"\"mark\":42,\"tunnel\":\"vxlan\",\"vlan\":7,"
		"\"ethertype\":34525,"
		"\"ethertype_name\":\"ipv6\",\"saddr\":\"2001:db8::1\","
		"\"daddr\":\"::ffff:192.0.2.1\",\"protocol\":17,\"protocol_name\":\"udp\","
		"\"sport\":1024,\"dport\":53,\"length\":84,"
		"\"location\":{\"address\":\"0xffffffff81000110\",\"function\":\"nft_do_chain\","
		"\"offset\":16,\"module\":null},\"reason\":12,\"reason_name\":\"NETFILTER_DROP\","
		"\"stack\":[{\"address\":\"0xffffffff81000110\",\"function\":\"nft_do_chain\","
		"\"offset\":16,\"module\":null},"
		"{\"address\":\"0xffffffffc0000020\",\"function\":\"in_module\",\"offset\":32,"
		"\"module\":\"nf_tables\"},"
		"{\"address\":\"0x1234\",\"function\":null,\"offset\":null,\"module\":null}]}\n");
}

static void what_is_not_there_is_null(void **state)
{
	const struct drop_event event = { .time = 1 };

	(void)state;
	assert_shown(&(struct drop){ .event = &event, .layout = &plain },
		     "tests/fixtures/format/5.10",
		     ",\"probe\":\"kfree_skb\",\"cpu\":0,\"pid\":null,\"comm\":null,\"netns\":null,"
		     "\"interface\":null,"
		     "\"ifindex\":null,\"socket\":null,\"uid\":null,\"program\":null,"
		     "\"program_pid\":null,\"mark\":null,\"tunnel\":null,\"vlan\":null,"
		     "\"ethertype\":null,"
		     "\"ethertype_name\":null,"
		     "\"saddr\":null,\"daddr\":null,\"protocol\":null,\"protocol_name\":null,"
		     "\"sport\":null,\"dport\":null,\"length\":null,"
		     "\"location\":null,\"reason\":null,\"reason_name\":null}\n");
}

/* A file of symbols with the longest possible name and module, all of which are escaped. */
static void make_kallsyms(char *path)
{
	char name[512], module[56];
	FILE *file = fdopen(mkstemp(path), "w");

	memset(name, '"', sizeof(name));
	memset(module, '\\', sizeof(module));
	fprintf(file, "%llx t %.511s\t[%.55s]\n", (unsigned long long)IN_MODULE, name, module);
	fclose(file);
}

/* Columns of programs: numbers as numbers, the rest as formatted text; null: of another program. */
static void columns_of_programs(void **state)
{
	struct layout first = {
		.id = 1,
		.name = "first",
		.fields = { { .name = "low", .format = "%lld", .kind = FIELD_SIGNED },
			    { .name = "high", .format = "%#llx" },
			    { .name = "port", .format = "%llu", .swap = 16, .offset = 8 },
			    { .name = "who",
			      .format = "<%s>",
			      .kind = FIELD_STRING,
			      .in_bytes = true,
			      .offset = 16,
			      .size = 12 },
			    { .name = "place",
			      .format = "%s",
			      .kind = FIELD_ADDRESS,
			      .offset = 32 } },
		.field_count = 5,
	};
	struct layout second = {
		.id = 2,
		.name = "sec\"ond",
		.fields = { { .name = "only", .format = "%llu", .offset = 8 },
			    { .name = "low",
			      .format = "%s",
			      .kind = FIELD_MAC,
			      .in_bytes = true,
			      .offset = 16,
			      .size = 6 } },
		.field_count = 2,
	};
	const struct drop_event event = { .reason = DROP_NO_REASON };
	struct layouts layouts = { .list = NULL };
	struct drop drop = { .event = &event };
	union {
		uint64_t numbers[5];
		char bytes[40];
	} record = { .numbers = { 1ull << 63, 0x5000 /* 80 */, 0, 0, NFT_DO_CHAIN } };
	char *text;

	(void)state;
	memcpy(record.bytes + 16, "a|\"\x01\xff\xc3\xa9\n", 9);
	drop.fields = record.bytes;
	assert_int_equal(layouts_add(&layouts, &first), 0);
	assert_int_equal(layouts_add(&layouts, &second), 0);
	drop.layout = &layouts.list[0];
	text = show(&drop, &layouts, "tests/fixtures/format/6.18", "tests/fixtures/kallsyms/table");
	assert_int_equal(strncmp(text, ",\"probe\":\"first\",", 17), 0);
	assert_string_equal(strstr(text, "\"reason\":"),
			    "\"reason\":null,\"reason_name\":null,\"low\":-9223372036854775808,"
			    "\"high\":9223372036854775808,\"port\":80,"
			    "\"who\":\"<a|\\\"\\u0001\\\\xff\xc3\xa9\\u000a>\","
			    "\"place\":\"nft_do_chain+0x10\",\"only\":null}\n");
	free(text);
	drop.layout = &layouts.list[1];
	text = show(&drop, &layouts, "tests/fixtures/format/6.18", "tests/fixtures/kallsyms/table");
	assert_int_equal(strncmp(text, ",\"probe\":\"sec\\\"ond\",", 20), 0);
	assert_string_equal(strstr(text, "\"reason_name\":"),
			    "\"reason_name\":null,\"low\":\"61:7c:22:01:ff:c3\",\"high\":null,"
			    "\"port\":null,\"who\":null,\"place\":null,\"only\":20480}\n");
	free(text);
	layouts_free(&layouts);
}

static void the_longest_line_fits(void **state)
{
	char path[] = "/tmp/test_json.XXXXXX";
	uint64_t stack[DROP_STACK_DEPTH];
	const uint64_t place = IN_MODULE;
	char text_field[FIELD_MAX_SIZE];
	struct drop_event event;
	struct layout layout = { .id = 1, .field_count = LAYOUT_MAX_FIELDS };
	struct layouts layouts = { .list = NULL };
	struct drop drop = {
		.event = &event, .cpu = UINT32_MAX, .stack = stack, .stack_depth = DROP_STACK_DEPTH
	};
	size_t quotes = 0;
	char *text;

	(void)state;
	make_kallsyms(path);
	memset(&event, 0xff, sizeof(event));
	event.location = IN_MODULE;
	event.ethertype = 0x86dd;
	event.reason = UINT32_MAX - 1;
	memset(event.ifname, '\x01', sizeof(event.ifname));
	for (size_t i = 0; i < DROP_STACK_DEPTH; i++)
		stack[i] = IN_MODULE;
	memset(layout.name, '\x01', sizeof(layout.name) - 1);
	for (size_t i = 0; i < LAYOUT_MAX_FIELDS; i++) {
		struct field *field = &layout.fields[i];

		snprintf(field->name, sizeof(field->name), "a%030zu", i);
		snprintf(field->format, sizeof(field->format), "%s%056d", "%s", 0);
		field->kind = FIELD_ADDRESS;
	}
	drop.fields = (const char *)&place;
	assert_int_equal(layouts_add(&layouts, &layout), 0);
	drop.layout = layouts.list;
	text = show(&drop, &layouts, "tests/fixtures/format/6.18", path);
	for (const char *at = text; (at = strstr(at, "\\\"")); at += 2)
		quotes++;
	/* Those of each name, and the one after each module, which ends in a backslash. */
	assert_true(quotes > 512 * (DROP_STACK_DEPTH + 1));
	assert_non_null(strstr(text, "\"comm\":\"\\\\xff\\\\xff"));
	assert_non_null(strstr(text, "\"interface\":\"\\u0001\\u0001"));
	assert_string_equal(text + strlen(text) - 5, "\"}]}\n");
	free(text);

	/* The longest possible texts, without a stack after them that would make room. */
	memset(text_field, '\x01', sizeof(text_field));
	for (size_t i = 0; i < LAYOUT_MAX_FIELDS; i++) {
		layouts.list[0].fields[i].kind = FIELD_STRING;
		layouts.list[0].fields[i].in_bytes = true;
		layouts.list[0].fields[i].size = sizeof(text_field);
		strcpy(layouts.list[0].fields[i].format, "%999999s");
	}
	drop.fields = text_field;
	drop.stack_depth = 0;
	text = show(&drop, &layouts, "tests/fixtures/format/6.18", path);
	assert_true(strlen(text) > LAYOUT_MAX_FIELDS * 699);
	assert_string_equal(text + strlen(text) - 4, " \"}\n");
	free(text);
	layouts_free(&layouts);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys),
		cmocka_unit_test(what_is_not_there_is_null),
		cmocka_unit_test(columns_of_programs),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
