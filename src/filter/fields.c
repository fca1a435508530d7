// SPDX-License-Identifier: GPL-2.0-only
#include "filter/fields.h"

#define MAX_VLAN 4094
#define MAX_CPU 65535
#define MAX_PID 4194304 /* PID_MAX_LIMIT */

#define ADDRESS_KINDS(member)                                                                        \
	{                                                                                            \
		[FILTER_IPV4] = {                                                                  \
			.presence = "event->ethertype != ETHERTYPE_IPV6",                          \
			.term = "IPV4(event->" #member ")",                                        \
			.max = UINT32_MAX,                                                         \
			.hex = 8,                                                                  \
		},                                                                                 \
		[FILTER_IPV6] = {                                                                  \
			.presence = "event->ethertype == ETHERTYPE_IPV6",                          \
			.term = "IPV6_UPPER(event->" #member ")",                                  \
			.lower = "IPV6_LOWER(event->" #member ")",                                 \
			.max = UINT64_MAX,                                                         \
			.hex = 8,                                                                  \
		}, \
	}

const struct filter_field_row filter_fields[FILTER_FIELDS] = {
	[FILTER_PROTO] = {
		.letter = 'p',
		.flag = "proto",
		.argument = "P",
		.help = "L3 or L4 protocol, name or number (tcp, 1, 0x88cc)",
		.word = "protocol",
		.value = FILTER_VALUE_PROTOCOL,
		.expected =
			"a protocol (a name, an IP protocol 0-255, or an EtherType from 0x600)",
		.of_packet = true,
		.stage = FILTER_STAGE_NETWORK,
		.kinds = {
			[FILTER_ETHERTYPE] = {
				.term = "event->ethertype",
				.max = UINT16_MAX,
				.hex = 4,
			},
			[FILTER_IP_PROTOCOL] = {
				.presence = "event->flags & DROP_HAS_L4",
				.term = "event->l4_protocol",
				.max = UINT8_MAX,
			},
		},
	},
	[FILTER_SADDR] = {
		.letter = 's',
		.flag = "saddr",
		.argument = "A",
		.help = "source address or prefix (10.0.0.0/8, ::1)",
		.word = "source address",
		.value = FILTER_VALUE_PREFIX,
		.expected = "an IPv4 or IPv6 address or prefix",
		.of_packet = true,
		.stage = FILTER_STAGE_NETWORK,
		.presence = "event->flags & DROP_HAS_ADDRESSES",
		.kinds = ADDRESS_KINDS(saddr),
	},
	[FILTER_DADDR] = {
		.letter = 'd',
		.flag = "daddr",
		.argument = "A",
		.help = "destination address or prefix",
		.word = "destination address",
		.value = FILTER_VALUE_PREFIX,
		.expected = "an IPv4 or IPv6 address or prefix",
		.of_packet = true,
		.stage = FILTER_STAGE_NETWORK,
		.presence = "event->flags & DROP_HAS_ADDRESSES",
		.kinds = ADDRESS_KINDS(daddr),
	},
	[FILTER_SPORT] = {
		.letter = 'S',
		.flag = "sport",
		.argument = "N",
		.help = "source port or range (53, 1024-2047)",
		.word = "source port",
		.value = FILTER_VALUE_RANGE,
		.limit = UINT16_MAX,
		.expected = "a port or a range of ports (0-65535)",
		.of_packet = true,
		.stage = FILTER_STAGE_TRANSPORT,
		.presence = "event->flags & DROP_HAS_PORTS",
		.kinds = { { .term = "event->sport", .max = UINT16_MAX } },
	},
	[FILTER_DPORT] = {
		.letter = 'D',
		.flag = "dport",
		.argument = "N",
		.help = "destination port or range",
		.word = "destination port",
		.value = FILTER_VALUE_RANGE,
		.limit = UINT16_MAX,
		.expected = "a port or a range of ports (0-65535)",
		.of_packet = true,
		.stage = FILTER_STAGE_TRANSPORT,
		.presence = "event->flags & DROP_HAS_PORTS",
		.kinds = { { .term = "event->dport", .max = UINT16_MAX } },
	},
	[FILTER_VLAN] = {
		.letter = 'V',
		.flag = "vlan",
		.argument = "N",
		.help = "VLAN ID or range; if there are two tags, the outer",
		.word = "VLAN ID",
		.value = FILTER_VALUE_RANGE,
		.limit = MAX_VLAN,
		.expected = "a VLAN ID or a range of VLAN IDs (0-4094)",
		.of_packet = true,
		.stage = FILTER_STAGE_VLAN,
		.presence = "event->flags & DROP_HAS_VLAN",
		.kinds = { { .term = "event->vlan", .max = UINT16_MAX } },
	},
	[FILTER_INTERFACE] = {
		.letter = 'i',
		.flag = "interface",
		.argument = "I",
		.help = "interface name or pattern ('veth*'), in every netns",
		.word = "interface",
		.value = FILTER_VALUE_INTERFACE,
		.expected = "an interface name (1 to 15 bytes, no space, '/' or ':') or a pattern "
			    "with * and ?; \"any\" stands alone",
		.stage = FILTER_STAGE_DEVICE,
		.presence = "event->flags & DROP_HAS_DEVICE",
		.kinds = { { .term = "event->ifname" } },
	},
	[FILTER_TCP_FLAGS] = {
		.flag = "tcp-flags",
		.argument = "F",
		.help = "TCP flags set (syn) and clear (!ack); repeat to OR",
		.word = "TCP flags",
		.value = FILTER_VALUE_TCP_FLAGS,
		.expected = "a TCP flag (fin, syn, rst, psh, ack, urg, ece, cwr; with ! if "
			    "clear)",
		.of_packet = true,
		.stage = FILTER_STAGE_TCP,
		.kinds = { { .term = "tcp_flags" } },
	},
	[FILTER_LEN] = {
		.flag = "len",
		.argument = "N",
		.help = "bytes left in the packet, or range (64-1500)",
		.word = "length",
		.value = FILTER_VALUE_RANGE,
		.limit = UINT32_MAX,
		.expected = "a number of bytes or a range of them (0-4294967295)",
		.stage = FILTER_STAGE_LENGTH,
		.kinds = { { .term = "skb->len", .max = UINT32_MAX } },
	},
	[FILTER_MARK] = {
		.flag = "mark",
		.argument = "N",
		.help = "firewall mark, or MARK/MASK (0x10/0xf0)",
		.word = "mark",
		.value = FILTER_VALUE_BITS,
		.expected = "a mark (a 32-bit number), or MARK/MASK with every bit of MARK in MASK",
		.stage = FILTER_STAGE_SKB,
		.kinds = { { .term = "skb->mark", .max = UINT32_MAX } },
	},
	[FILTER_NETNS] = {
		.flag = "netns",
		.argument = "NS",
		.help = "network namespace: name, path, PID or inode",
		.word = "network namespace",
		.value = FILTER_VALUE_RESOLVED,
		.names = FILTER_NAMES_NETNS,
		.expected = "a network namespace",
		.stage = FILTER_STAGE_NETNS,
		.presence = "event->flags & DROP_HAS_NETNS",
		.kinds = { { .term = "event->netns", .max = UINT32_MAX } },
	},
	[FILTER_REASON] = {
		.flag = "reason",
		.argument = "NAME",
		.help = "drop reason or pattern ('TCP_*'), case-insensitive",
		.word = "reason",
		.value = FILTER_VALUE_RESOLVED,
		.names = FILTER_NAMES_REASONS,
		.list = "--explain",
		.prefix = "SKB_DROP_REASON_", /* as in the kernel's source */
		.expected = "the name of a drop reason or a pattern",
		.stage = FILTER_STAGE_CALL,
		.kinds = { { .term = "reason", .max = UINT32_MAX } },
	},
	[FILTER_LOCATION] = {
		.flag = "location",
		.argument = "FUNC",
		.help = "kernel function or pattern ('nft_*')",
		.word = "location",
		.value = FILTER_VALUE_RESOLVED,
		.names = FILTER_NAMES_FUNCTIONS,
		.list = "/proc/kallsyms",
		.expected = "the name of a kernel function or a pattern",
		.stage = FILTER_STAGE_CALL,
		.kinds = { { .term = "location", .max = UINT64_MAX, .hex = 8 } },
	},
	[FILTER_CPU] = {
		.flag = "cpu",
		.argument = "N",
		.help = "CPU or range (0-3)",
		.word = "CPU",
		.value = FILTER_VALUE_RANGE,
		.limit = MAX_CPU,
		.expected = "a CPU or a range of CPUs (0-65535)",
		.stage = FILTER_STAGE_CALL,
		.before = "u32 cpu = bpf_get_smp_processor_id();",
		.kinds = { { .term = "cpu", .max = UINT32_MAX } },
	},
	[FILTER_PID] = {
		.flag = "pid",
		.argument = "N",
		.help = "ID of the process that was running, or range",
		.word = "process ID",
		.value = FILTER_VALUE_RANGE,
		.limit = MAX_PID,
		.expected = "a process ID or a range of process IDs (0-4194304)",
		.stage = FILTER_STAGE_CALL,
		.before = "u32 pid = bpf_get_current_pid_tgid() >> 32;",
		.kinds = { { .term = "pid", .max = UINT32_MAX } },
	},
	[FILTER_COMM] = {
		.flag = "comm",
		.argument = "NAME",
		.help = "name of the process that was running, or pattern",
		.word = "process name",
		.value = FILTER_VALUE_PROCESS,
		.expected = "a process name (1 to 15 bytes) or a pattern with * and ?",
		.stage = FILTER_STAGE_CALL,
		.before = "u64 comm_words[2];\n\tchar *comm = (char *)comm_words;\n\n"
			  "\tbpf_get_current_comm(comm, sizeof(comm_words));",
		.kinds = { { .term = "comm" } },
	},
};
