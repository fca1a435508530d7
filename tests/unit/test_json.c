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
#include "kernel/symbols.h"
#include "stream/decode.h"
#include "util/error.h"
#include "util/file.h"

#define NFT_DO_CHAIN 0xffffffff81000110 /* tests/fixtures/kallsyms/table */
#define IN_MODULE 0xffffffffc0000020

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

/* What is printed for a drop; the caller frees it. Of its time only that it is there. */
static char *show(const struct drop *drop, const char *format, const char *kallsyms)
{
	struct output_config config = {
		.stack = drop->stack_depth > 0,
		.reasons = read_reasons(format),
		.symbols = symbols_create(kallsyms, "/nonexistent"),
	};
	char *text = NULL, *after_time;
	size_t size;
	void *json;

	config.file = open_memstream(&text, &size);
	json = output_json.create(&config);
	output_json.drop(json, drop);
	output_json.flush(json);
	output_json.finish(json);
	fclose(config.file);
	reasons_free(config.reasons);
	symbols_free(config.symbols);

	assert_int_equal(strncmp(text, "{\"time\":", 8), 0);
	after_time = strchr(text, ',');
	assert_int_equal(after_time[-10], '.'); /* nine digits */
	memmove(text, after_time, strlen(after_time) + 1);
	return text;
}

static void assert_shown(const struct drop *drop, const char *format, const char *expected)
{
	char *text = show(drop, format, "tests/fixtures/kallsyms/table");

	assert_string_equal(text, expected);
	free(text);
}

static void all_keys(void **state)
{
	static const uint64_t stack[] = { NFT_DO_CHAIN, IN_MODULE, 0x1234 };
	struct drop_event event = {
		.time = 1,
		.location = NFT_DO_CHAIN,
		.reason = 12, /* NETFILTER_DROP in 6.18 */
		.length = 84,
		.netns = 4026531840,
		.ifindex = 2,
		.mark = 42,
		.tunnel = DROP_TUNNEL_VXLAN,
		.pid = 4711,
		.ethertype = 0x86dd,
		.vlan = 7,
		.sport = 1024,
		.dport = 53,
		.l4_protocol = 17,
		.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_HAS_PORTS |
			 DROP_HAS_VLAN | DROP_HAS_DEVICE | DROP_HAS_NETNS,
		.ifname = "eth0",
		.comm = "fifteen of them",
	};

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &event.saddr);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &event.daddr);
	assert_shown(
		&(struct drop){ &event, 3, stack, 3 }, "tests/fixtures/format/6.18",
		",\"cpu\":3,\"pid\":4711,\"comm\":\"fifteen of them\",\"netns\":4026531840,"
		"\"interface\":\"eth0\",\"ifindex\":2,\"mark\":42,\"tunnel\":\"vxlan\",\"vlan\":7,"
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
	assert_shown(&(struct drop){ .event = &event }, "tests/fixtures/format/5.10",
		     ",\"cpu\":0,\"pid\":0,\"comm\":\"\",\"netns\":null,\"interface\":null,"
		     "\"ifindex\":null,\"mark\":0,\"tunnel\":null,\"vlan\":null,\"ethertype\":null,"
		     "\"ethertype_name\":null,"
		     "\"saddr\":null,\"daddr\":null,\"protocol\":null,\"protocol_name\":null,"
		     "\"sport\":null,\"dport\":null,\"length\":0,"
		     "\"location\":{\"address\":\"0x0\",\"function\":null,\"offset\":null,"
		     "\"module\":null},\"reason\":null,\"reason_name\":null}\n");
}

/* A file of symbols with the longest name and module that there can be, to be escaped. */
static void make_kallsyms(char *path)
{
	char name[512], module[56];
	FILE *file = fdopen(mkstemp(path), "w");

	memset(name, '"', sizeof(name));
	memset(module, '\\', sizeof(module));
	fprintf(file, "%llx t %.511s\t[%.55s]\n", (unsigned long long)IN_MODULE, name, module);
	fclose(file);
}

static void the_longest_line_fits(void **state)
{
	char path[] = "/tmp/test_json.XXXXXX";
	uint64_t stack[DROP_STACK_DEPTH];
	struct drop_event event = { .location = IN_MODULE, .flags = DROP_HAS_DEVICE };
	size_t quotes = 0;
	char *text;

	(void)state;
	make_kallsyms(path);
	memset(event.comm, '\xff', sizeof(event.comm));
	memset(event.ifname, '\x01', sizeof(event.ifname));
	for (size_t i = 0; i < DROP_STACK_DEPTH; i++)
		stack[i] = IN_MODULE;
	text = show(&(struct drop){ &event, 0, stack, DROP_STACK_DEPTH },
		    "tests/fixtures/format/6.18", path);
	for (const char *at = text; (at = strstr(at, "\\\"")); at += 2)
		quotes++;
	/* Each name's, and the one behind each module, which ends in a backslash. */
	assert_int_equal(quotes, 512 * (DROP_STACK_DEPTH + 1));
	assert_non_null(strstr(text, "\"comm\":\"\\\\xff\\\\xff"));
	assert_non_null(strstr(text, "\"interface\":\"\\u0001\\u0001"));
	assert_string_equal(text + strlen(text) - 5, "\"}]}\n");
	free(text);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys),
		cmocka_unit_test(what_is_not_there_is_null),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
