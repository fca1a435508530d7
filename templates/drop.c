/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bytetrace: what the kernel runs for each dropped packet.
 *
 * The way of a drop: probe -> drop() -> the skb's own fields -> VLAN tag -> network header ->
 * transport header -> device -> record. Each step fills its part of the record; the filters on a
 * part stand right behind it and leave as soon as one does not match. What no filter needs is
 * read last.
 *
 * Compiled by libbcc against kernel headers, or against stand-ins for the same header files made
 * from BTF. Macros from outside: SKB_VLAN_ALL if struct sk_buff has the member vlan_all (6.2),
 * KFREE_SKB_REASON if the tracepoint kfree_skb has a reason (5.17), BPF_HAS_LOOPS if the verifier
 * takes programs with loops (5.3). DROP_PROBE is the number of this program in its records,
 * DROP_FIELDS the list of its columns of its own, DROP_KEYS of those that drops are counted by,
 * DROP_REASON_NAME the number of a drop reason that the program names, if the kernel has it;
 * BPF_HAS_JIFFIES if programs may read the tick (5.5), EVENTS_RINGS the number of CPUs if ring
 * buffers can be in a map (5.10), EVENTS_WAKE after how many bytes the reader is woken; with
 * --attach tp_btf, TYPE_SK_BUFF and KFUNC_RDONLY_CAST, numbers in the kernel's BTF.
 */
#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/sock.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>

//@slot read

//@slot field

//@slot event

//@if summary
#define SUMMARY_ROWS 8192

/* What drops are counted by. */
struct summary_key {
#ifdef DROP_KEYS
	DROP_KEYS(DROP_MEMBER_NUMBER, DROP_MEMBER_BYTES, DROP_MEMBER_BYTES)
#endif
//@slot key_members
} __attribute__((aligned(8)));

BPF_TABLE("percpu_hash", struct summary_key, u64, summary, SUMMARY_ROWS);

/*
 * In front of it, on each CPU: keys that came before, each at the one place that follows from it. To
 * find them here takes a third of the time that the hash table takes. Such a key is in the table, too,
 * and is never given up; what was counted in the two places is added up by the reader.
 */
#define SUMMARY_HOT 256
#define SUMMARY_HOT_KEY 80 /* larger ones have no place: their words would not fit on the stack twice */
struct summary_hot {
	u64 used;
	u64 count;
	struct summary_key key;
};
BPF_PERCPU_ARRAY(hot, struct summary_hot, SUMMARY_HOT);
BPF_PERCPU_ARRAY(hot_claims, u64, 1);

/* Drops whose key found no room in it. */
BPF_PERCPU_ARRAY(other, u64, 1);

/* Drops that could not be read. */
BPF_PERCPU_ARRAY(lost, u64, 1);
//@else
#ifdef EVENTS_RINGS
/* A ring buffer for each CPU, like the first one in all but the size, which --buffer tells. */
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_ARRAY_OF_MAPS(events, "ring", EVENTS_RINGS);
#else
BPF_PERF_OUTPUT(events);
#endif

/* Records that found no room in the ring of their CPU. */
BPF_PERCPU_ARRAY(lost, u64, 1);
//@end

//@if expression
//@slot frame

//@slot expression

//@end
//@if scratch
/*
 * The BPF stack is too small for a record with a kernel stack or columns of its own, within a loop,
 * beside a large key, or for what a filter expression looks at. A drop in an interrupt can come
 * while another is being recorded on this CPU: task, softirq, irq and NMI have one each.
 */
#define SCRATCH_LEVELS 4
struct drop_record {
	struct drop_event event;
	u64 stack[DROP_STACK_DEPTH];
//@if skb
//@if direct
//@else
	struct sk_buff skb;
//@end
//@end
//@if expression
	struct frame frame;
//@end
};
BPF_PERCPU_ARRAY(scratch, struct drop_record, SCRATCH_LEVELS);
BPF_PERCPU_ARRAY(scratch_level, u32, 1);

//@end
//@if direct
/*
 * The verifier knows what the skb is, so that it is read where it lies, by loads which it checks
 * and which give 0 where nothing is. To read the packet in the same way, it is told that a struct
 * sk_buff is there, whose cb lies over the bytes that are wanted: of that it lets any part be read.
 * This is bpf_rdonly_cast(), a function of the kernel that costs nothing: it becomes a move.
 */
static const struct sk_buff *(*as_skb)(const void *address, u32 type) = (void *)KFUNC_RDONLY_CAST;

//@else
//@if skb
/*
 * Of struct sk_buff two stretches are read, each at once and where it is first needed, because a
 * read costs more than the bytes that it brings: from its start to behind data_len, and from skb_iif
 * (or the bits in front of it) to the pointers to the packet's bytes.
 */
#define SKB_FRONT_END __builtin_offsetof(struct sk_buff, mac_len)
#ifdef SKB_VLAN_ALL
#define SKB_BACK __builtin_offsetof(struct sk_buff, skb_iif)
#else
#define SKB_BACK __builtin_offsetof(struct sk_buff, queue_mapping)
#endif
#define SKB_BACK_END __builtin_offsetof(struct sk_buff, truesize)

#define read_skb_front(skb, address) bpf_probe_read_kernel(skb, SKB_FRONT_END, address)
#define read_skb_back(skb, address)                                       \
	bpf_probe_read_kernel((void *)(skb) + SKB_BACK, SKB_BACK_END - SKB_BACK, \
			      (void *)(address) + SKB_BACK)

//@end
//@end
//@if packet
enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_ETHERNET = 0x6558, /* a whole frame, in a tunnel */

	IP_HOP_BY_HOP = 0,
	IP_IPV4 = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_DESTINATION = 60,
	IP_SCTP = 132,
	IP_UDPLITE = 136,

	PORT_VXLAN = 4789,
	PORT_VXLAN_LINUX = 8472, /* the kernel's default */
	PORT_GENEVE = 6081,

	HEADER_UNSET = 0xffff,	   /* skb->mac_header that was never set */
	ETHERNET_ADDRESSES = 12,
	ETHERNET_SIZE = 14,
	VLAN_TAG_SIZE = 4,
	MAX_VLAN_TAGS = 2,
	MAX_EXTENSION_HEADERS = 8,
};

/* Words of an address in the order of numbers, for comparisons. */
#define IPV4(address) bpf_ntohl((address).words[0])
#define IPV6_UPPER(address) \
	((u64)bpf_ntohl((address).words[0]) << 32 | bpf_ntohl((address).words[1]))
#define IPV6_LOWER(address) \
	((u64)bpf_ntohl((address).words[2]) << 32 | bpf_ntohl((address).words[3]))

//@if inner
/* The packet inside of a tunnel: its Ethernet header, if it has one, and what follows that. */
struct inside {
	u32 link; /* HEADER_UNSET: none */
	u32 network;
	u16 ethertype;
	u8 tunnel; /* DROP_TUNNEL_NONE: there is none */
};

//@end
/*
 * A number that the verifier knows nothing about: it goes through what follows once for each set of
 * numbers that it can tell apart, and of 16 bits that were in memory it knows none.
 */
static __always_inline u32 forget(u32 number)
{
	volatile u16 memory = number;

	return memory;
}

/* The linear part of a packet. Offsets count from the start of the buffer. */
struct packet {
	const unsigned char *head;
	u32 end;
//@if inner
	struct inside inside;
//@end
};

/* Copy a header out of the packet. Not 0: it does not reach that far. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
//@if direct
	const struct sk_buff *over = as_skb(
		packet.head + offset - __builtin_offsetof(struct sk_buff, cb), TYPE_SK_BUFF);

	/* Whole words at a time, even if they are not aligned: the machine can do that. */
	__builtin_memcpy(to, __builtin_assume_aligned(over->cb, sizeof(u32)), size);
	return 0;
//@else
	return bpf_probe_read_kernel(to, size, packet.head + offset);
//@end
}

//@end
//@slot filter_functions
//@if device
/* Inodes of namespaces start here: PROC_DYNAMIC_FIRST, and the fixed ones right below it. */
#define FIRST_NETNS_INODE 0xeffffff0

/* The inode of a network namespace; 0 if the pointer leads to none. */
static __always_inline u32 netns_inode(struct net *net)
{
	u32 inode = 0;

	if (!net || bpf_probe_read_kernel(&inode, sizeof(inode), &net->ns.inum) ||
	    inode < FIRST_NETNS_INODE)
		return 0;
	return inode;
}

static __always_inline struct net *device_net(struct net_device *dev)
{
	struct net *net = NULL;

	bpf_probe_read_kernel(&net, sizeof(net), &dev->nd_net.net);
	return net;
}

/* A name ends with a NUL, but what stood behind that may be left of an earlier name. */
static __always_inline void read_name(struct drop_event *event, struct net_device *dev)
{
	bpf_probe_read_kernel_str(event->ifname, sizeof(event->ifname), dev->name);
	event->flags |= DROP_HAS_DEVICE;
}

//@if direct
/* What stands in eight characters up to the first NUL; all of them in little endian. */
static __always_inline u64 up_to_nul(u64 word)
{
	u64 nuls = (word - 0x0101010101010101) & ~word & 0x8080808080808080;

	return word & ((nuls & -nuls) - 1);
}

/* read_name() of a device that the verifier knows to be one. */
static __always_inline void load_name(struct drop_event *event, const struct net_device *dev)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	u64 words[2];

	__builtin_memcpy(words, __builtin_assume_aligned(dev->name, sizeof(*words)), sizeof(words));
	event->ifname_words[0] = up_to_nul(words[0]);
	if (event->ifname_words[0] >> 56)
		event->ifname_words[1] = up_to_nul(words[1]);
	event->flags |= DROP_HAS_DEVICE;
#else
	read_name(event, (struct net_device *)dev);
#endif
}

//@end
/* The name of a device that only its number is known of, in the kernel's table for that. */
static __always_inline void find_name(struct drop_event *event, struct net *net)
{
	struct hlist_head *heads = NULL;
	struct hlist_node *node = NULL;
	struct net_device *dev;
	int ifindex;

	if (bpf_probe_read_kernel(&heads, sizeof(heads), &net->dev_index_head) ||
	    bpf_probe_read_kernel(&node, sizeof(node), &heads[event->ifindex % 256].first))
		return;
#ifdef BPF_HAS_LOOPS
#pragma clang loop unroll(disable)
#else
#pragma unroll
#endif
	for (int i = 0; i < 8 && node; i++) {
		dev = (void *)node - __builtin_offsetof(struct net_device, index_hlist);
		ifindex = 0;
		bpf_probe_read_kernel(&ifindex, sizeof(ifindex), &dev->ifindex);
		if (ifindex == event->ifindex) {
			read_name(event, dev);
			return;
		}
		bpf_probe_read_kernel(&node, sizeof(node), &node->next);
	}
}

/*
 * The namespace of a packet without a device: that of its socket, or of the device that its route
 * leads to.
 */
static __always_inline struct net *other_net(const struct sk_buff *skb)
{
	struct dst_entry *dst = (void *)(skb->_skb_refdst & ~1UL);
	struct net_device *dev = NULL;
	struct net *net = NULL;

	if (skb->sk)
		bpf_probe_read_kernel(&net, sizeof(net), &skb->sk->__sk_common.skc_net.net);
	if (!netns_inode(net) && dst && bpf_probe_read_kernel(&dev, sizeof(dev), &dst->dev) == 0)
		net = device_net(dev);
	return net;
}

/*
 * Device and namespace; 0 if a filter on them does not match. skb->dev shares its place with other
 * pointers and numbers while a socket queues the skb: it is believed to be a device only if it
 * leads on to a network namespace. Otherwise the packet came in by skb->skb_iif, if by anything.
 */
static __always_inline int read_device(struct drop_event *event, const struct sk_buff *skb)
{
//@if direct
	const struct net_device *dev = skb->dev;
	u32 inode = dev->nd_net.net->ns.inum;

	event->netns = inode < FIRST_NETNS_INODE ? 0 : inode;
	if (event->netns) {
		event->ifindex = dev->ifindex;
		load_name(event, dev);
	} else {
//@else
	struct net *net = device_net(skb->dev);

	event->netns = netns_inode(net);
	if (event->netns) {
		bpf_probe_read_kernel(&event->ifindex, sizeof(event->ifindex), &skb->dev->ifindex);
		read_name(event, skb->dev);
	} else {
//@end
		struct net *other = other_net(skb);

		event->netns = netns_inode(other);
		event->ifindex = skb->skb_iif;
		if (event->netns && event->ifindex)
			find_name(event, other);
	}
	if (event->netns)
		event->flags |= DROP_HAS_NETNS;
//@slot filter_device
//@slot filter_netns
	return 1;
}

//@end
//@if packet
/*
 * Step over VLAN tags from the EtherType of the first one. Notes the outermost VLAN and the EtherType
 * behind the tags, and returns where what it stands for starts; 0: the packet ends before.
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
 * Find the EtherType and the start of the network header behind VLAN tags. The outermost tag is
 * in the skb's metadata, or in the payload: between the MAC and the network header on the way
 * out, at the network header on the way in. Returns the offset, 0 if it is not known.
 */
static __always_inline u32 read_link(struct drop_event *event, const struct sk_buff *skb,
				     struct packet packet)
{
	u32 offset = skb->network_header;
	u16 ethertype = bpf_ntohs(skb->protocol);

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
	return read_tags(event, packet, ethertype, offset);
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
//@if direct
		if (offset > 0xffff)
			return 0;
		offset = forget(offset);
		next = forget(next);
//@end
	}
	if (is_extension_header(next))
		return 0;
	event->l4_protocol = next;
	event->flags |= DROP_HAS_L4;
	return offset <= 0xffff ? forget(offset) : 0;
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
//@if packet
/* Addresses and what else the network header tells. Returns the offset of the transport header. */
static __always_inline u32 read_network(struct drop_event *event, struct packet packet, u32 offset,
					struct ahead *ahead)
{
	switch (event->ethertype) {
	case ETHERTYPE_IPV4:
		return offset ? read_ipv4(event, packet, offset, ahead) : 0;
	case ETHERTYPE_IPV6:
		return offset ? read_ipv6(event, packet, offset, ahead) : 0;
	case ETHERTYPE_ARP:
		if (offset)
			read_arp(event, packet, offset);
		return 0;
	default:
		if (event->flags & DROP_HAS_ETHERTYPE)
			event->flags |= DROP_NO_PORTS;
		return 0;
	}
}

//@if inner
/*
 * Find the packet inside of one whose transport header is at `offset`. 0: it is no tunnel, or the
 * packet is cut off. VXLAN is RFC 7348, GENEVE RFC 8926, GRE RFC 2784 and 2890.
 */
static __always_inline int find_inside(const struct drop_event *event, struct packet packet,
				       u32 offset, struct inside *inside)
{
	struct {
		__be16 sport, dport, length, checksum;
		u8 bits, flags;
		__be16 protocol;
	} udp;
	struct {
		u8 bits, version;
		__be16 protocol;
	} gre;
	__be16 ethertype;
	u8 byte;

	if (offset == 0 || !(event->flags & DROP_HAS_L4))
		return 0;
	inside->link = HEADER_UNSET;
	switch (event->l4_protocol) {
	case IP_IPV4:
	case IP_IPV6:
		inside->tunnel = DROP_TUNNEL_IP;
		inside->ethertype =
			event->l4_protocol == IP_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
		break;
	case IP_GRE:
		/* Version 0, without the source routes that nobody uses. */
		if (packet_read(packet, offset, &gre, sizeof(gre)) || gre.bits & 0x4f ||
		    gre.version & 0x07)
			return 0;
		inside->tunnel = DROP_TUNNEL_GRE;
		inside->ethertype = bpf_ntohs(gre.protocol);
		offset += sizeof(gre);
		offset += gre.bits & 0x80 ? 4 : 0; /* checksum */
		offset += gre.bits & 0x20 ? 4 : 0; /* key */
		offset += gre.bits & 0x10 ? 4 : 0; /* sequence number */
		break;
	case IP_UDP:
		if (packet_read(packet, offset, &udp, sizeof(udp)))
			return 0;
		offset += 16;
		switch (bpf_ntohs(udp.dport)) {
		case PORT_VXLAN:
		case PORT_VXLAN_LINUX:
			if (!(udp.bits & 0x08)) /* a network identifier must be there */
				return 0;
			inside->tunnel = DROP_TUNNEL_VXLAN;
			inside->ethertype = ETHERTYPE_ETHERNET;
			break;
		case PORT_GENEVE:
			if (udp.bits & 0xc0) /* version 0 */
				return 0;
			inside->tunnel = DROP_TUNNEL_GENEVE;
			inside->ethertype = bpf_ntohs(udp.protocol);
			offset += (udp.bits & 0x3f) * 4;
			break;
		default:
			return 0;
		}
		break;
	default:
		return 0;
	}
	if (inside->ethertype == ETHERTYPE_ETHERNET) {
		inside->link = offset;
		if (packet_read(packet, offset + ETHERNET_ADDRESSES, &ethertype, sizeof(ethertype)))
			return 0;
		inside->ethertype = bpf_ntohs(ethertype);
		offset += ETHERNET_SIZE;
	}
	if (packet_read(packet, offset, &byte, sizeof(byte)))
		return 0;
//@if direct
	inside->ethertype = forget(inside->ethertype);
	if (offset > 0xffff)
		return 0;
	offset = forget(offset);
//@end
	inside->network = offset;
	return 1;
}

/* Go on with the packet inside of a tunnel, if this is one. Returns as read_link() does. */
static __always_inline u32 read_inside(struct drop_event *event, struct packet *packet, u32 outer)
{
	struct ahead ahead = {};
	u32 offset = read_network(event, *packet, outer, &ahead);
	struct inside *inside = &packet->inside;

//@if direct
	*inside = (struct inside){};
//@end
	inside->tunnel = DROP_TUNNEL_NONE;
	if (!find_inside(event, *packet, offset, inside)) {
		inside->tunnel = DROP_TUNNEL_NONE;
		return outer;
	}
	/* What was read of the outer packet is not the inner one's. */
	event->tunnel = inside->tunnel;
	event->flags &= DROP_HAS_DEVICE | DROP_HAS_NETNS;
	event->vlan = 0;
	event->l4_protocol = 0;
	__builtin_memset(&event->saddr, 0, sizeof(event->saddr));
	__builtin_memset(&event->daddr, 0, sizeof(event->daddr));
	return read_tags(event, *packet, inside->ethertype, inside->network);
}

//@end
/* The packet's headers, from the outermost inwards; 0 if a filter on them does not match. */
static __always_inline int read_packet(struct drop_event *event, const struct sk_buff *skb,
				       struct packet *packet)
{
	struct ahead ahead = {};
	u32 offset;

	packet->head = skb->head;
	packet->end = skb->tail;
	offset = read_link(event, skb, *packet);
//@if inner
	offset = read_inside(event, packet, offset);
//@end
//@slot filter_vlan
//@slot filter_ethertype
	offset = read_network(event, *packet, offset, &ahead);
//@slot filter_network
//@if ports
	read_ports(event, *packet, offset, &ahead);
//@slot filter_transport
//@end
//@if tcp_flags
	u8 tcp_flags = 0;
	int has_tcp_flags = event->flags & DROP_HAS_L4 && event->l4_protocol == IP_TCP && offset &&
			    !packet_read(*packet, offset + 13, &tcp_flags, sizeof(tcp_flags));

//@slot filter_tcp
//@end
	return 1;
}

//@end
//@if summary
#ifdef DROP_KEYS
DROP_KEYS(DROP_DECLARE_NUMBER, DROP_DECLARE_BYTES, DROP_DECLARE_BYTES)

static __always_inline void fill_keys(struct summary_key *to, void *ctx, struct sk_buff *skb,
				      u64 location, u32 reason)
{
	struct sock *sk = READ(skb, sk);

	DROP_KEYS(DROP_FILL_NUMBER, DROP_FILL_STRING, DROP_FILL_BYTES)
}
#endif

/* Words as small as most members are: a larger one would wait for what was just stored in parts. */
#define SUMMARY_KEY_WORDS (sizeof(struct summary_key) / sizeof(u32))

static __always_inline u32 key_word(const struct summary_key *key, int index)
{
	const char *start = __builtin_assume_aligned(key, sizeof(u64));
	u32 word;

	__builtin_memcpy(&word, start + index * sizeof(word), sizeof(word));
	return word;
}

/* Its place among SUMMARY_HOT: the upper bits of a sum of products, which depend on all bits. */
static __always_inline int hot_index(const struct summary_key *key)
{
	u64 hash = 0;

#pragma unroll
	for (int i = 0; i < SUMMARY_KEY_WORDS; i++)
		hash += key_word(key, i) * (0x9e3779b97f4a7c15 * (2 * i + 1)); /* 2^64 / phi */
	return hash / (~0ULL / SUMMARY_HOT + 1);
}

static __always_inline int is_hot(const struct summary_hot *hot_key, const struct summary_key *key)
{
	u32 difference = !hot_key->used;

#pragma unroll
	for (int i = 0; i < SUMMARY_KEY_WORDS; i++)
		difference |= key_word(&hot_key->key, i) ^ key_word(key, i);
	return !difference;
}

/*
 * Another drop may be counted on this CPU in the middle of this, by an interrupt: then none of the two
 * is the only one that claims, and the place is left to the next that comes.
 */
static __always_inline void claim_hot(struct summary_hot *hot_key, const struct summary_key *key)
{
	int zero = 0;
	u64 *claims = hot_claims.lookup(&zero);

	if (!claims)
		return;
	__sync_fetch_and_add(claims, 1);
	if (*(volatile u64 *)claims == 1 && !*(volatile u64 *)&hot_key->used) {
		hot_key->key = *key;
		__sync_fetch_and_add(&hot_key->used, 1); /* not before the key is there */
	}
	__sync_fetch_and_add(claims, -1);
}

static __always_inline void count_drop(const struct drop_event *event, void *ctx,
				       struct sk_buff *skb)
{
	struct summary_key key;
	struct summary_hot *hot_key = NULL;
	u64 *count, one = 1;
	int zero = 0, index;

	__builtin_memset(&key, 0, sizeof(key));
#ifdef DROP_KEYS
	fill_keys(&key, ctx, skb, event->location, event->reason);
#endif
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

	if (sizeof(key) <= SUMMARY_HOT_KEY) {
		index = hot_index(&key);
		hot_key = hot.lookup(&index);
	}
	if (hot_key && is_hot(hot_key, &key)) {
		__sync_fetch_and_add(&hot_key->count, 1);
		return;
	}
	count = summary.lookup(&key);
	if (count && hot_key && !hot_key->used)
		claim_hot(hot_key, &key);
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
#ifdef DROP_FIELDS
DROP_FIELDS(DROP_DECLARE_NUMBER, DROP_DECLARE_BYTES, DROP_DECLARE_BYTES)

static __always_inline void fill_fields(struct drop_event *to, void *ctx, struct sk_buff *skb,
					u64 location, u32 reason)
{
	struct sock *sk = READ(skb, sk);

	DROP_FIELDS(DROP_FILL_NUMBER, DROP_FILL_STRING, DROP_FILL_BYTES)
}
#endif

//@if clock
#define record_time() bpf_ktime_get_ns()
//@else
/*
 * Nobody is shown the time: it only puts the records of several CPUs in order. For that the number
 * of the kernel's tick will do, which is at hand; to read the clock costs as much as a filter.
 */
#ifdef BPF_HAS_JIFFIES
#define record_time() bpf_jiffies64()
#else
#define record_time() bpf_ktime_get_ns()
#endif
//@end

#ifdef EVENTS_RINGS
/* Put the record into the ring of this CPU. Not 0: there was no room, or the CPU has no ring. */
static __always_inline int hand_over(void *ctx, struct drop_event *event, u32 size)
{
	int cpu = bpf_get_smp_processor_id();
	void *to = events.lookup(&cpu);
	u64 start, end;

	if (!to)
		return -1;
	/* The kernel puts 8 bytes in front of it. To wake the reader each time costs more than all else. */
	start = bpf_ringbuf_query(to, BPF_RB_PROD_POS);
	end = start + 8 + size;
	return bpf_ringbuf_output(to, event, size,
				  start / EVENTS_WAKE != end / EVENTS_WAKE ? BPF_RB_FORCE_WAKEUP
									   : BPF_RB_NO_WAKEUP);
}
#else
static __always_inline int hand_over(void *ctx, struct drop_event *event, u32 size)
{
	return events.perf_submit(ctx, event, size);
}
#endif

/*
 * Fill the record and hand it over; leaves early, with 0, if a filter does not match. Not 0: the
 * drop should have been reported and could not be.
 */
//@end
static __always_inline int record_drop(void *ctx, struct drop_event *event, struct sk_buff *address,
				       u64 location, u32 reason)
{
//@if skb
//@if direct
	const struct sk_buff *skb = address;
//@else
//@if scratch
	struct sk_buff *skb = &((struct drop_record *)event)->skb;
//@else
	struct sk_buff copy, *skb = &copy;
//@end
//@end
//@end
//@if expression
	struct frame *frame = &((struct drop_record *)event)->frame;
//@end
//@if packet
	struct packet packet;
//@end
//@if summary
//@else
//@if short_record
	u32 size = DROP_EVENT_SHORT;
//@else
	u32 size = sizeof(*event);
//@end
//@end

	event->version = DROP_EVENT_VERSION;
	event->probe = DROP_PROBE;
	event->location = location;
	event->reason = reason;
//@if skb
//@if direct
//@else
	if (read_skb_back(skb, address))
		return -1;
//@end
//@slot filter_skb
//@end
//@if packet_first
	if (!read_packet(event, skb, &packet))
		return 0;
//@end
//@if skb_front
//@if direct
//@else
	if (read_skb_front(skb, address))
		return -1;
//@end
//@slot filter_length
//@end
//@if expression
	frame_locate(&frame->source, skb, address);
//@if inner
	if (packet.inside.tunnel) {
		frame->source.link = packet.inside.link;
		frame->source.network = packet.inside.network;
		frame->source.protocol = bpf_htons(packet.inside.ethertype);
		frame->source.tag_protocol = 0;
	}
//@end
	frame_open(frame, EXPRESSION_WINDOW);
	if (!expression_matches(frame))
		return 0;
//@end
//@if device
	if (!read_device(event, skb))
		return 0;
//@end
//@if packet_last
	if (!read_packet(event, skb, &packet))
		return 0;
//@end

//@if summary
	count_drop(event, ctx, address);
	return 0;
//@else
	event->time = record_time();
//@if everything
	event->detailed = 1;
	event->length = skb->len;
	event->mark = skb->mark;
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
#ifdef DROP_FIELDS
	fill_fields(event, ctx, address, location, reason);
#endif
	return hand_over(ctx, event, size);
//@end
}

static __always_inline void count_lost(void)
{
	int zero = 0;
	u64 *count = lost.lookup(&zero);

	/* At once: an interrupt may count in the middle of it, in another program. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * What a probe calls: skb was dropped by the code at `location` (0: not known) for `reason` (0: the
 * kernel gives none; DROP_NO_REASON: it is no drop).
 */
static __always_inline int drop(void *ctx, struct sk_buff *skb, u64 location, u32 reason)
{
//@slot filter_call
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
	struct drop_event event;

	__builtin_memset(&event, 0, sizeof(event));
	if (record_drop(ctx, &event, skb, location, reason))
		count_lost();
//@end
	return 0;
}

//@if device_only
/* The same for a packet that is no skb: all that is known is the device that dropped it, or NULL. */
static __always_inline int drop_device(void *ctx, struct net_device *device, u64 location,
				       u32 reason)
{
	struct sk_buff skb;

	__builtin_memset(&skb, 0, sizeof(skb));
	skb.dev = device;
	skb.mac_header = (u16)~0; /* there is none */
	return drop(ctx, &skb, location, reason);
}

//@end
//@slot probe
