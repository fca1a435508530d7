/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bytetrace: what the kernel runs for each dropped packet.
 *
 * The way of a drop: probe -> drop() -> skb -> link layer -> tunnel -> network -> transport -> socket
 * -> device -> record -> hand-over, or counting. Each step fills its part of struct drop_event. The filters on
 * a part stand right behind it, and leave as soon as one does not match. What no filter needs is read
 * last.
 */
#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/sock.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>
#include <bytetrace/kernel.h> /* what differs between kernels */
#include <bytetrace/read.h>   /* READ(): a checked read of kernel memory */
#include <bytetrace/field.h>  /* DROP_FIELD(): a column of your own */

/*
 * The record of one drop, which src/record/decode.c reads. Integers are in host byte order,
 * addresses as in the packet. A field whose flag is not set was not there, or could not be read,
 * and is 0.
 */
#define DROP_EVENT_VERSION 5

#define DROP_HAS_ETHERTYPE 0x01 /* ethertype */
#define DROP_HAS_ADDRESSES 0x02 /* saddr, daddr */
#define DROP_HAS_L4 0x04	/* l4_protocol */
#define DROP_HAS_PORTS 0x08	/* sport, dport */
#define DROP_NO_PORTS 0x10	/* whole packet read: its protocol has no ports */
#define DROP_HAS_VLAN 0x20	/* vlan */
#define DROP_HAS_DEVICE 0x40	/* ifname */
#define DROP_HAS_NETNS 0x80	/* netns */
#define DROP_HAS_SOCKET 0x100	/* socket */
#define DROP_HAS_UID 0x200	/* uid */

#define DROP_NO_REASON (~0u) /* reason: not a drop, or the kernel does not say why */

struct drop_event {
	__u64 time;	/* CLOCK_MONOTONIC, nanoseconds; not detailed: only puts records in order */
	__u64 location; /* where kfree_skb was called: a return address; 0: not known */
	__u32 reason;	/* enum skb_drop_reason; 0: the kernel gives none */
	__u32 probe;	/* DROP_PROBE: which program's record it is */
	__u16 ethertype, vlan, sport, dport; /* vlan: the outermost ID */
	__u16 flags;			     /* DROP_HAS_... */
	__u8 l4_protocol, version;
	__u8 stack_depth, tunnel; /* tunnel: enum drop_tunnel */
	__u8 detailed;		  /* 1: time is a time; length, mark, pid and comm are filled */
	__u8 reserved;
	union {
		__u8 bytes[16]; /* IPv4 in the first four */
		__u32 words[4];
	} saddr, daddr;
	/* A short record ends here: DROP_EVENT_SHORT. */
	__u32 netns;   /* inode of the network namespace */
	__u32 ifindex; /* 0: none, or not known */
	union {
		char ifname[16]; /* filled up with NUL */
		__u64 ifname_words[2];
	};
	__u32 length; /* skb->len */
	__u32 pid;    /* thread group that was running; the sender only by luck */
	__u32 mark;   /* skb->mark */
	__u32 socket; /* inode of the socket that the packet was for or came from */
	__u32 uid;    /* user that the socket belongs to */
	__u32 reserved2;
	char comm[16];
#ifdef DROP_FIELDS
	DROP_FIELDS(DROP_MEMBER_NUMBER, DROP_MEMBER_BYTES, DROP_MEMBER_BYTES)
#endif
	__u64 stack[]; /* stack_depth return addresses, innermost first, with -k */
};

#define DROP_EVENT_SHORT __builtin_offsetof(struct drop_event, netns) /* bytes */

enum {
	HEADER_UNSET = 0xffff, /* skb->mac_header that was never set */
	ETHERNET_SIZE = 14,
};

/*
 * Where the network header starts; 0: that is not known. The header that is noted is still that of the
 * outer packet if the Ethernet header of a frame inside it has just been stepped over.
 */
static __always_inline u32 network_offset(const struct sk_buff *skb)
{
	u32 behind = skb->mac_header + ETHERNET_SIZE;

	if (skb->mac_header != HEADER_UNSET && skb->mac_header > skb->network_header &&
	    behind == (u32)((const unsigned char *)skb->data - (const unsigned char *)skb->head))
		return behind;
	return skb->network_header;
}

struct drop_record {
	struct drop_event event;
};

/* Drops that could not be read, or found no room. */
BPF_PERCPU_ARRAY(lost, u64, 1);

static __always_inline void count_lost(void)
{
	int zero = 0;
	u64 *count = lost.lookup(&zero);

	/* At once: an interrupt may count in the middle of it, in another program. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

#include <bytetrace/columns.h>

#define record_time() tick() /* is not shown, only puts records in order */

#define RECORD_SIZE (HAS_COLUMNS ? sizeof(struct drop_event) : DROP_EVENT_SHORT)

/*
 * Two stretches of struct sk_buff are copied, each at once and when it is first needed, because a
 * read costs more than the bytes that it copies: from its start to the end of data_len, and from
 * skb_iif (or the bits in front of it) to the pointers to the packet's bytes. Not 0: it failed.
 */
#define SKB_FRONT_END __builtin_offsetof(struct sk_buff, mac_len)
#ifdef SKB_VLAN_ALL
#define SKB_BACK __builtin_offsetof(struct sk_buff, skb_iif)
#else
#define SKB_BACK __builtin_offsetof(struct sk_buff, queue_mapping)
#endif
#define SKB_BACK_END __builtin_offsetof(struct sk_buff, truesize)

static __always_inline int copy_back(struct sk_buff *skb, const struct sk_buff *address)
{
	return bpf_probe_read_kernel((void *)skb + SKB_BACK, SKB_BACK_END - SKB_BACK,
				     (void *)address + SKB_BACK);
}

/* The linear part of a packet. Offsets count from the start of the buffer. */
struct packet {
	const unsigned char *head;
	u32 end;
};

/* Copy a header out of the packet. Not 0: the packet ends before. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
	return bpf_probe_read_kernel(to, size, packet.head + offset);
}

/* The verifier checks what follows for each set of values that it can tell apart: here it cannot. */
static __always_inline u32 forget(u32 number)
{
	volatile u16 memory = number;

	return memory;
}

enum {
	ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_RARP = 0x8035, ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_QINQ = 0x88a8,
	VLAN_TAG_SIZE = 4, MAX_VLAN_TAGS = 2,
};

/*
 * Step over VLAN tags, from the EtherType of the first one. Records the outermost VLAN and the
 * EtherType behind the tags, or that of a tag that is cut off, and returns the offset of the network
 * header; 0: the packet ends before.
 */
static __always_inline u32 read_tags(struct drop_event *event, struct packet packet, u16 ethertype,
				     u32 offset)
{
	struct {
		__be16 tci;
		__be16 ethertype;
	} tag;

#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		if (ethertype != ETHERTYPE_VLAN && ethertype != ETHERTYPE_QINQ)
			break;
		if (offset == 0 || packet_read(packet, offset, &tag, sizeof(tag))) {
			offset = 0;
			break;
		}
		if (!(event->flags & DROP_HAS_VLAN)) {
			event->vlan = bpf_ntohs(tag.tci) & 0xfff;
			event->flags |= DROP_HAS_VLAN;
		}
		ethertype = bpf_ntohs(tag.ethertype);
		offset += VLAN_TAG_SIZE;
	}
	if (ethertype) {
		event->ethertype = ethertype;
		event->flags |= DROP_HAS_ETHERTYPE;
	}
	return offset;
}

/*
 * EtherType and network header. The outermost VLAN tag is in the metadata of the skb or in the
 * packet: on the way out between the MAC and the network header, on the way in at the latter.
 */
static __always_inline u32 read_link(struct drop_event *event, const struct sk_buff *skb,
				     struct packet packet)
{
	u32 offset = network_offset(skb);
	u16 ethertype = bpf_ntohs(skb->protocol);

	if (HAS_VLAN_TAG(skb)) {
		event->vlan = skb->vlan_tci & 0xfff;
		event->flags |= DROP_HAS_VLAN;
	}
	if ((ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ) &&
	    skb->mac_header != HEADER_UNSET &&
	    offset >= skb->mac_header + ETHERNET_SIZE + VLAN_TAG_SIZE)
		offset = skb->mac_header + ETHERNET_SIZE;
	return read_tags(event, packet, ethertype, offset);
}

enum {
	IP_HOP_BY_HOP = 0, IP_ROUTING = 43, IP_FRAGMENT = 44, IP_AH = 51, IP_DESTINATION = 60,
	MAX_EXTENSION_HEADERS = 8,
};

/* What follows an IP header without options, copied with it: usually the ports are there. */
struct ahead {
	__be16 sport, dport;
	u32 offset; /* where it was read; 0: the packet ends before */
};

/*
 * Addresses and IP protocol. Returns the offset of the transport header; 0: it is not in this packet
 * (cut off, a later fragment, not IP).
 */
static __always_inline u32 read_ipv4(struct drop_event *event, struct packet packet, u32 offset,
				     struct ahead *ahead)
{
	struct {
		struct iphdr ip;
		__be16 sport, dport;
	} header;

	if (packet_read(packet, offset, &header, sizeof(header)) == 0)
		*ahead = (struct ahead){ header.sport, header.dport, offset + sizeof(header.ip) };
	else if (packet_read(packet, offset, &header, sizeof(header.ip)))
		return 0;
	if (header.ip.version != 4 || header.ip.ihl < 5)
		return 0;
	event->saddr.words[0] = header.ip.saddr;
	event->daddr.words[0] = header.ip.daddr;
	event->l4_protocol = header.ip.protocol;
	event->flags |= DROP_HAS_ADDRESSES | DROP_HAS_L4;
	if (header.ip.frag_off & bpf_htons(0x1fff))
		return 0;
	return offset + header.ip.ihl * 4;
}

static __always_inline bool is_extension_header(u8 next)
{
	return next == IP_HOP_BY_HOP || next == IP_ROUTING || next == IP_FRAGMENT ||
	       next == IP_AH || next == IP_DESTINATION;
}

static __always_inline u32 read_ipv6(struct drop_event *event, struct packet packet, u32 offset,
				     struct ahead *ahead)
{
	struct {
		struct ipv6hdr ip;
		__be16 sport, dport;
	} header;
	struct {
		u8 next;
		u8 length;
		__be16 fragment;
	} extension;
	u8 next;

	if (packet_read(packet, offset, &header, sizeof(header)) == 0)
		*ahead = (struct ahead){ header.sport, header.dport, offset + sizeof(header.ip) };
	else if (packet_read(packet, offset, &header, sizeof(header.ip)))
		return 0;
	if (header.ip.version != 6)
		return 0;
	__builtin_memcpy(&event->saddr, &header.ip.saddr, sizeof(event->saddr));
	__builtin_memcpy(&event->daddr, &header.ip.daddr, sizeof(event->daddr));
	event->flags |= DROP_HAS_ADDRESSES;

	offset += sizeof(header.ip);
	next = header.ip.nexthdr;
	KEEP_LOOP
	for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		if (!is_extension_header(next))
			break;
		if (packet_read(packet, offset, &extension, sizeof(extension)))
			return 0;
		if (next == IP_FRAGMENT && extension.fragment & bpf_htons(0xfff8)) {
			event->l4_protocol = extension.next;
			event->flags |= DROP_HAS_L4;
			return 0;
		}
		/*
		 * The length does not count the first 8 bytes, and is in units of 8, of AH 4. Three
		 * branches would be plainer, but take the verifier five times as long.
		 */
		if (next == IP_FRAGMENT)
			extension.length = 0;
		offset += 8 + (extension.length << (next == IP_AH ? 2 : 3));
		next = extension.next;
	}
	if (is_extension_header(next))
		return 0;
	event->l4_protocol = next;
	event->flags |= DROP_HAS_L4;
	return offset <= 0xffff ? forget(offset) : 0;
}

/* Sender and target address of an Ethernet/IPv4 ARP or RARP packet. */
static __always_inline void read_arp(struct drop_event *event, struct packet packet, u32 offset)
{
	struct {
		__be16 hardware, protocol;
		u8 hardware_size, protocol_size;
		__be16 operation;
		u8 sender_mac[6], sender[4], target_mac[6], target[4];
	} arp;

	event->flags |= DROP_NO_PORTS;
	if (packet_read(packet, offset, &arp, sizeof(arp)) || arp.hardware_size != 6 ||
	    arp.protocol_size != 4 || arp.protocol != bpf_htons(ETHERTYPE_IPV4))
		return;
	__builtin_memcpy(&event->saddr, arp.sender, sizeof(arp.sender));
	__builtin_memcpy(&event->daddr, arp.target, sizeof(arp.target));
	event->flags |= DROP_HAS_ADDRESSES;
}

/* What the network header says. Returns the offset of the transport header, or 0. */
static __always_inline u32 read_network(struct drop_event *event, struct packet packet, u32 offset,
					struct ahead *ahead)
{
	switch (event->ethertype) {
	case ETHERTYPE_IPV4:
		return offset ? read_ipv4(event, packet, offset, ahead) : 0;
	case ETHERTYPE_IPV6:
		return offset ? read_ipv6(event, packet, offset, ahead) : 0;
	case ETHERTYPE_ARP:
	case ETHERTYPE_RARP:
		if (offset)
			read_arp(event, packet, offset);
		return 0;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
		return 0; /* what is behind the tag is not known */
	default:
		if (event->flags & DROP_HAS_ETHERTYPE)
			event->flags |= DROP_NO_PORTS;
		return 0;
	}
}

enum { IP_TCP = 6, IP_UDP = 17, IP_DCCP = 33, IP_SCTP = 132, IP_UDPLITE = 136 };

static __always_inline void read_ports(struct drop_event *event, struct packet packet, u32 offset,
				       struct ahead *ahead)
{
	if (!(event->flags & DROP_HAS_L4))
		return;
	switch (event->l4_protocol) {
	case IP_TCP: case IP_UDP: case IP_DCCP: case IP_SCTP: case IP_UDPLITE:
		if (offset == 0 ||
		    (offset != ahead->offset &&
		     packet_read(packet, offset, ahead, 2 * sizeof(__be16))))
			return;
		event->sport = bpf_ntohs(ahead->sport);
		event->dport = bpf_ntohs(ahead->dport);
		event->flags |= DROP_HAS_PORTS;
		return;
	default:
		event->flags |= DROP_NO_PORTS;
	}
}

/* The packet's headers, from the outermost inwards; 0: a filter does not match. */
static __always_inline int read_packet(struct drop_event *event, const struct sk_buff *skb,
				       struct packet *packet)
{
	struct ahead ahead = {};
	u32 offset;

	packet->head = skb->head;
	packet->end = skb->tail;
	offset = read_link(event, skb, *packet);
	offset = read_network(event, *packet, offset, &ahead);
	read_ports(event, *packet, offset, &ahead);
	return 1;
}

#ifdef EVENTS_RINGS
/* A ring buffer for each CPU, like the first one in all but the size (--buffer). */
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_ARRAY_OF_MAPS(events, "ring", EVENTS_RINGS);

/* Put the record into the ring of this CPU. Not 0: there is no room, or the CPU has no ring. */
static __always_inline int hand_over(void *ctx, struct drop_event *event, u32 size)
{
	int cpu = bpf_get_smp_processor_id();
	void *to = events.lookup(&cpu);
	u64 start, end;

	if (!to)
		return -1;
	/* To wake the reader costs more than all else: once for each EVENTS_WAKE bytes. */
	start = bpf_ringbuf_query(to, BPF_RB_PROD_POS);
	end = start + 8 + size; /* the kernel puts 8 bytes in front of a record */
	return bpf_ringbuf_output(to, event, size,
				  start / EVENTS_WAKE != end / EVENTS_WAKE ? BPF_RB_FORCE_WAKEUP
									   : BPF_RB_NO_WAKEUP);
}
#else
#include <bytetrace/perf.h>
#endif

/* Fill the record, from what filters need to what only is shown. Not 0: the drop is lost. */
static __always_inline int record_drop(void *ctx, struct drop_record *record,
				       struct sk_buff *address, struct sock *given, u64 location,
				       u32 reason)
{
	struct drop_event *event = &record->event;
	struct sk_buff copy, *skb = &copy;
	struct packet packet;

	event->version = DROP_EVENT_VERSION;
	event->probe = DROP_PROBE;
	event->location = location;
	event->reason = reason;
	if (copy_back(skb, address))
		return -1;
	if (!read_packet(event, skb, &packet))
		return 0;
	event->time = record_time();
	fill_columns(event, ctx, address, given, location, reason);
	return hand_over(ctx, event, RECORD_SIZE);
}

#ifdef DROP_FIELDS
#include <bytetrace/scratch.h>
#else
static __always_inline void make_record(void *ctx, struct sk_buff *skb, struct sock *given,
					u64 location, u32 reason)
{
	struct drop_record record;

	__builtin_memset(&record.event, 0, sizeof(record.event));
	if (record_drop(ctx, &record, skb, given, location, reason))
		count_lost();
}
#endif

/*
 * What a probe calls: the code at `location` (0: not known) dropped skb for `reason`. `sk` is the
 * socket that it was for, NULL: that of the skb, if it has one.
 */
static __always_inline int drop_socket(void *ctx, struct sk_buff *skb, struct sock *sk,
				       u64 location, u32 reason)
{
	make_record(ctx, skb, sk, location, reason);
	return 0;
}

/* The same for a probe that knows no socket. */
static __always_inline int drop(void *ctx, struct sk_buff *skb, u64 location, u32 reason)
{
	return drop_socket(ctx, skb, NULL, location, reason);
}

/*
 * kfree_skb: every packet that the kernel drops.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, which is hit whenever an error path gives up the
 * last reference to an skb. Packets that were processed normally are freed through consume_skb and
 * do not show up here.
 * Kernels: all with raw tracepoints (4.17); with a reason from 5.17 on.
 * LOCATION is the function that called kfree_skb, REASON is the reason that it gave.
 */
int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = 0;
#endif
	struct sock *sk = NULL;

#ifdef KFREE_SKB_RX_SK
	sk = (struct sock *)ctx->args[3];
#endif
	return drop_socket(ctx, skb, sk, location, reason);
}
