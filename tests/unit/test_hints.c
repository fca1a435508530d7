// SPDX-License-Identifier: GPL-2.0-only
#include "output/hints.h"

#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/output.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/error.h"
#include "util/file.h"

/* A kernel whose functions are the locations of the table, at 0x1000, 0x2000 ... */
static struct symbols *make_symbols(const char *const *names, size_t count, char *path)
{
	struct symbols *symbols;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (size_t i = 0; i < count; i++)
		dprintf(fd, "ffffffff810%02zx000 T %s\n", i + 1, names[i]);
	dprintf(fd, "ffffffff81100000 T _etext\n");
	close(fd);
	symbols = symbols_create(path, "/nonexistent");
	assert_non_null(symbols);
	symbols_prepare(symbols);
	return symbols;
}

static struct reasons *read_reasons(void)
{
	const struct reasons_source nowhere = { 0 };
	struct reasons *reasons;
	struct error err;
	char *format;

	assert_int_equal(file_read_text("tests/fixtures/format/6.18", 1 << 16, &format), 0);
	assert_int_equal(reasons_create(&reasons, format, &nowhere, &err), 0);
	free(format);
	return reasons;
}

/* The same reason at different functions, and functions without a reason. */
static void by_reason_and_location(void **state)
{
	static const char *const names[] = { "tcp_v4_do_rcv",
					     "tcp_rcv_state_process",
					     "tcp_v4_rcv",
					     "ping_rcv",
					     "nf_hook_slow",
					     "nft_do_chain",
					     "veth_xdp_rcv_skb",
					     "udp_queue_rcv_one_skb",
					     "tcp_data_queue.isra.0",
					     "ip_forward",
					     "ip_rcv_core" };
	static const struct {
		const char *reason;
		size_t location;
		const char *hint;
	} table[] = {
		{ "TCP_FLAGS", 0, "TCP_FLAGS at tcp_v4_do_rcv: ACK for a connection that" },
		{ "TCP_FLAGS", 1, "TCP_FLAGS at tcp_rcv_state_process: segment without SYN" },
		{ "TCP_FLAGS", 2, "TCP_FLAGS: the TCP flags are not valid" },
		{ "NO_SOCKET", 2, "NO_SOCKET: no socket listens" },
		{ "NO_SOCKET", 3, "NO_SOCKET at ping_rcv: normal" },
		{ "NETFILTER_DROP", 4, "NETFILTER_DROP at nf_hook_slow: iptables-legacy" },
		{ "NETFILTER_DROP", 5, "NETFILTER_DROP: an nftables or iptables rule" },
		{ "NOT_SPECIFIED", 6, "veth_xdp_rcv_skb: an XDP program" },
		{ "PROTO_MEM", 7, "PROTO_MEM: memory limit" },
		{ "PROTO_MEM", 8, "PROTO_MEM at tcp_data_queue: the receive buffer" },
		{ "IP_INHDR", 9, "IP_INHDR at ip_forward: TTL or hop limit expired" },
		{ "IP_INHDR", 10, "IP_INHDR at ip_rcv_core: invalid IP header" },
		{ "OTHERHOST", 10,
		  "OTHERHOST: for the MAC address of another host, or for a VLAN" },
	};
	char path[] = "/tmp/hints-XXXXXX", hint[HINT_SIZE];
	struct symbols *symbols = make_symbols(names, sizeof(names) / sizeof(*names), path);
	struct reasons *reasons = read_reasons();
	const struct output_context context = { .reasons = reasons, .symbols = symbols };
	struct hints *hints = hints_create();

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct drop_event event = { .location = 0xffffffff81000010 +
							0x1000 * (table[i].location + 1) };
		const struct layout no_columns = { .field_count = 0 };
		const struct drop drop = { .event = &event, .layout = &no_columns };
		size_t length;

		assert_int_equal(reasons_number(reasons, table[i].reason, &event.reason), 0);
		length = hints_write(hints, hint, &context, &drop);
		if (length < strlen(table[i].hint) ||
		    memcmp(hint, table[i].hint, strlen(table[i].hint)) != 0)
			fail_msg("%s: %.*s", table[i].hint, (int)length, hint);
	}
	hints_free(hints);
	reasons_free(reasons);
	symbols_free(symbols);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_reason_and_location) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
