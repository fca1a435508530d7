/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bytetrace: what the kernel runs for each dropped packet.
 *
 * The way of a drop: probe -> drop() -> the skb's own fields -> device -> VLAN tag -> network
 * header -> transport header -> record. Each step fills its part of the record; the filters on
 * a part stand right behind it and leave as soon as one does not match.
 *
 * Compiled by libbcc against kernel headers, or against stand-ins for the same header files made
 * from BTF. Macros from outside: SKB_VLAN_ALL if struct sk_buff has the member vlan_all (6.2),
 * KFREE_SKB_REASON if the tracepoint kfree_skb has a reason (5.17), BPF_HAS_LOOPS if the verifier
 * takes programs with loops (5.3).
 */
#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/sock.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>

//@slot event

//@if summary
#define SUMMARY_ROWS 8192

/* What drops are counted by. src/stream/summary.c knows the order of these fields. */
struct summary_key {
//@if key_location
	u64 location;
//@end
//@if key_iface
	u64 ifname_words[2];
//@end
//@if key_saddr
	u32 saddr[4];
//@end
//@if key_daddr
	u32 daddr[4];
//@end
//@if key_reason
	u32 reason;
//@end
//@if key_ethertype
	u16 ethertype;
//@end
//@if key_sport
	u16 sport;
//@end
//@if key_dport
	u16 dport;
//@end
//@if key_proto
	u8 l4_protocol;
//@end
//@if key_flags
	u8 flags;
//@end
} __attribute__((aligned(8)));

BPF_TABLE("percpu_hash", struct summary_key, u64, summary, SUMMARY_ROWS);

/* Drops whose key found no room in it. */
BPF_PERCPU_ARRAY(other, u64, 1);

/* Drops that could not be read. */
BPF_PERCPU_ARRAY(lost, u64, 1);
//@else
BPF_PERF_OUTPUT(events);

/* Records that found no room in the perf buffer of their CPU. */
BPF_PERCPU_ARRAY(lost, u64, 1);
//@end

//@if expression
//@slot frame

//@slot expression

//@end
//@if scratch
/*
 * The BPF stack is too small for a record with a kernel stack, within a loop, or for what a filter
 * expression looks at. A drop in an interrupt can come while another is being recorded on this CPU:
 * task, softirq, irq and NMI have one each.
 */
#define SCRATCH_LEVELS 4
struct drop_record {
	struct drop_event event;
	u64 stack[DROP_STACK_DEPTH];
//@if expression
	struct frame frame;
//@end
};
BPF_PERCPU_ARRAY(scratch, struct drop_record, SCRATCH_LEVELS);
BPF_PERCPU_ARRAY(scratch_level, u32, 1);

//@end
//@if packet
enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_IPV6 = 0x86dd,

	IP_HOP_BY_HOP = 0,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AH = 51,
	IP_DESTINATION = 60,
	IP_SCTP = 132,
	IP_UDPLITE = 136,

	HEADER_UNSET = 0xffff,	   /* skb->mac_header that was never set */
	ETHERNET_SIZE = 14,
	VLAN_TAG_SIZE = 4,
	MAX_VLAN_TAGS = 2,
	MAX_EXTENSION_HEADERS = 8,
};

/* The linear part of a packet. Offsets count from the start of the buffer. */
struct packet {
	const unsigned char *head;
	u32 end;
};

/* Copy a header out of the packet. Not 0: it does not reach that far. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
	return bpf_probe_read_kernel(to, size, packet.head + offset);
}

//@end
//@if device
/* Inodes of namespaces start here: PROC_DYNAMIC_FIRST, and the fixed ones right below it. */
#define FIRST_NETNS_INODE 0xeffffff0

static __always_inline u32 netns_inode(struct net *net)
{
	u32 inode = 0;

	bpf_probe_read_kernel(&inode, sizeof(inode), &net->ns.inum);
	return inode;
}

/*
 * skb->dev shares its place with other pointers and numbers while a socket queues the skb. What
 * it points to is believed to be a device only if it leads on to a network namespace.
 */
static __always_inline void read_device(struct drop_event *event, struct net_device *dev)
{
	struct net *net = NULL;
	u32 netns;

	if (bpf_probe_read_kernel(&net, sizeof(net), &dev->nd_net.net))
		return;
	netns = netns_inode(net);
	if (netns < FIRST_NETNS_INODE)
		return;
	event->netns = netns;
	bpf_probe_read_kernel(&event->ifindex, sizeof(event->ifindex), &dev->ifindex);
	bpf_probe_read_kernel(event->ifname, sizeof(event->ifname), dev->name);
	event->flags |= DROP_HAS_DEVICE | DROP_HAS_NETNS;
}

//@end
//@if packet
/*
 * Find the EtherType and the start of the network header behind VLAN tags. The outermost tag is
 * in the skb's metadata, or in the payload: between the MAC and the network header on the way
 * out, at the network header on the way in. Returns the offset, 0 if it is not known.
 */
static __always_inline u32 read_link(struct drop_event *event, const struct sk_buff *skb,
				     struct packet packet)
{
	u32 offset = skb->network_header;
	u16 ethertype = bpf_ntohs(skb->protocol);
	struct {
		__be16 tci;
		__be16 ethertype;
	} tag;

#ifdef SKB_VLAN_ALL
	if (skb->vlan_all) {
#else
	if (skb->vlan_present) {
#endif
		event->vlan = skb->vlan_tci & 0xfff;
		event->flags |= DROP_HAS_VLAN;
	}

	if ((ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ) &&
	    skb->mac_header != HEADER_UNSET &&
	    offset >= skb->mac_header + ETHERNET_SIZE + VLAN_TAG_SIZE)
		offset = skb->mac_header + ETHERNET_SIZE;
#pragma unroll
	for (int i = 0; i < MAX_VLAN_TAGS; i++) {
		if (ethertype != ETHERTYPE_VLAN && ethertype != ETHERTYPE_QINQ)
			break;
		if (offset == 0 || packet_read(packet, offset, &tag, sizeof(tag)))
			return 0;
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
 * What follows an IP header without options, read together with it: most often that is where the
 * ports are, and one read costs half of two.
 */
struct ahead {
	__be16 sport, dport;
	u32 offset; /* where it was read; 0: the packet ends before */
};

/*
 * Addresses and IP protocol. Returns the offset of the transport header; 0 if it is not in this
 * packet: cut off, a later fragment, not IP.
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
#ifdef BPF_HAS_LOOPS
#pragma clang loop unroll(disable)
#else
#pragma unroll
#endif
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
		 * The length counts what is beyond the first 8 bytes, in units of 8, of AH 4. Three
		 * branches would say it plainer, but take the verifier five times as long.
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
	return offset;
}

/* Sender and target address of an Ethernet/IPv4 ARP packet. */
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
	    arp.protocol_size != 4)
		return;
	__builtin_memcpy(&event->saddr, arp.sender, sizeof(arp.sender));
	__builtin_memcpy(&event->daddr, arp.target, sizeof(arp.target));
	event->flags |= DROP_HAS_ADDRESSES;
}

//@end
//@if ports
static __always_inline void read_ports(struct drop_event *event, struct packet packet, u32 offset,
				       struct ahead *ahead)
{
	if (!(event->flags & DROP_HAS_L4))
		return;
	switch (event->l4_protocol) {
	case IP_TCP:
	case IP_UDP:
	case IP_DCCP:
	case IP_SCTP:
	case IP_UDPLITE:
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

//@end
//@if summary
static __always_inline void count_drop(const struct drop_event *event)
{
	struct summary_key key;
	u64 *count, one = 1;
	int zero = 0;

	__builtin_memset(&key, 0, sizeof(key));
//@if key_location
	key.location = event->location;
//@end
//@if key_iface
	key.ifname_words[0] = event->ifname_words[0];
	key.ifname_words[1] = event->ifname_words[1];
	key.flags |= event->flags & DROP_HAS_DEVICE;
//@end
//@if key_saddr
	__builtin_memcpy(key.saddr, &event->saddr, sizeof(key.saddr));
//@end
//@if key_daddr
	__builtin_memcpy(key.daddr, &event->daddr, sizeof(key.daddr));
//@end
//@if key_family
	/* What the addresses are to be read as. */
	if (event->ethertype == ETHERTYPE_IPV6)
		key.ethertype = event->ethertype;
	key.flags |= event->flags & DROP_HAS_ADDRESSES;
//@end
//@if key_reason
	key.reason = event->reason;
//@end
//@if key_sport
	key.sport = event->sport;
	key.flags |= event->flags & (DROP_HAS_PORTS | DROP_NO_PORTS);
//@end
//@if key_dport
	key.dport = event->dport;
	key.flags |= event->flags & (DROP_HAS_PORTS | DROP_NO_PORTS);
//@end
//@if key_proto
	/* The EtherType says nothing more where the protocol behind IP is known. */
	key.l4_protocol = event->l4_protocol;
	if (event->flags & DROP_HAS_L4) {
		key.flags |= DROP_HAS_L4;
	} else {
		key.ethertype = event->ethertype;
		key.flags |= event->flags & DROP_HAS_ETHERTYPE;
	}
//@end

	count = summary.lookup(&key);
	if (!count && summary.insert(&key, &one) == 0)
		return;
	/* There was no room, or another CPU came first. */
	if (!count)
		count = summary.lookup(&key);
	if (!count)
		count = other.lookup(&zero);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * Read what is counted by; leaves early, with 0, if a filter does not match. Not 0: the drop
 * should have been counted and could not be.
 */
//@else
/*
 * Fill the record and hand it over; leaves early, with 0, if a filter does not match. Not 0: the
 * drop should have been reported and could not be.
 */
//@end
static __always_inline int record_drop(void *ctx, struct drop_event *event, struct sk_buff *address,
				       u64 location, u32 reason)
{
//@if skb
	struct sk_buff skb;
//@end
//@if expression
	struct frame *frame = &((struct drop_record *)event)->frame;
//@end
//@if packet
	struct packet packet;
	struct ahead ahead = {};
	u32 offset;
//@end
//@if summary
//@else
	u32 size = sizeof(*event);
//@end

	event->version = DROP_EVENT_VERSION;
	event->location = location;
	event->reason = reason;
//@if skb
	/* One read of the whole struct costs less than one for each of its fields. */
	if (bpf_probe_read_kernel(&skb, sizeof(skb), address))
		return -1;
	event->length = skb.len;
//@end
//@if expression
	frame_locate(&frame->source, &skb, address);
	frame_open(frame, EXPRESSION_WINDOW);
	if (!expression_matches(frame))
		return 0;
//@end

//@if device
	read_device(event, skb.dev);
//@slot filter_device
//@end
//@if netns
	if (!(event->flags & DROP_HAS_NETNS) && skb.sk) {
		struct net *net = NULL;

		bpf_probe_read_kernel(&net, sizeof(net), &skb.sk->__sk_common.skc_net.net);
		event->netns = netns_inode(net);
		if (event->netns >= FIRST_NETNS_INODE)
			event->flags |= DROP_HAS_NETNS;
	}
//@end

//@if packet
	packet.head = skb.head;
	packet.end = skb.tail;
	offset = read_link(event, &skb, packet);
//@slot filter_vlan
//@slot filter_ethertype

	switch (event->ethertype) {
	case ETHERTYPE_IPV4:
		offset = offset ? read_ipv4(event, packet, offset, &ahead) : 0;
		break;
	case ETHERTYPE_IPV6:
		offset = offset ? read_ipv6(event, packet, offset, &ahead) : 0;
		break;
	case ETHERTYPE_ARP:
		if (offset)
			read_arp(event, packet, offset);
		break;
	default:
		if (event->flags & DROP_HAS_ETHERTYPE)
			event->flags |= DROP_NO_PORTS;
	}
//@slot filter_network

//@end
//@if ports
	read_ports(event, packet, offset, &ahead);
//@end
//@slot filter_transport

//@if summary
	count_drop(event);
	return 0;
//@else
	event->time = bpf_ktime_get_ns();
//@if task
	event->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
//@end
//@if stack
	int stack_size = bpf_get_stack(ctx, event->stack, DROP_STACK_DEPTH * sizeof(u64), 0);

	/* The mask changes nothing, but tells the verifier that the size has a bound. */
	if (stack_size > 0) {
		event->stack_depth = stack_size / sizeof(u64);
		size += stack_size & 0x3ff;
	}
//@end
	return events.perf_submit(ctx, event, size);
//@end
}

static __always_inline void count_lost(void)
{
	int zero = 0;
	u64 *count = lost.lookup(&zero);

	if (count)
		(*count)++;
}

/*
 * What a probe calls: skb was dropped by the code at `location` for `reason` (0: the kernel gives
 * none).
 */
static __always_inline int drop(void *ctx, struct sk_buff *skb, u64 location, u32 reason)
{
//@slot filter_reason
//@if scratch
	int zero = 0;
	u32 *level = scratch_level.lookup(&zero);
	struct drop_record *record;

	if (!level)
		return 0;
	u32 index = (*level)++;
	record = scratch.lookup((int *)&index);
	if (!record) {
		count_lost();
	} else {
		__builtin_memset(&record->event, 0, sizeof(record->event));
		if (record_drop(ctx, &record->event, skb, location, reason))
			count_lost();
	}
	(*level)--;
//@else
	struct drop_event event = {};

	if (record_drop(ctx, &event, skb, location, reason))
		count_lost();
//@end
	return 0;
}

//@slot probe
