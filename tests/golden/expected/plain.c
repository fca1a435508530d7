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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads of kernel memory. The verifier refuses a plain `->` on a pointer that it does not know.
 * These macros follow a pointer with a helper that checks each step; a step that fails gives 0.
 *
 *	READ(skb, dev, mtu)                      skb->dev->mtu
 *	READ(sk, __sk_common.skc_net.net, ns)    members of members, and elements: name[0]
 *	READ(skb, dev, name)                     an array is a pointer to its first element, as in C
 *	READ_AT(skb, dev, stats)                 &skb->dev->stats: reads dev, but not stats
 *	READ_STR(to, size, skb, dev, name)       copies text up to its NUL
 *	READ_BYTES(to, size, sk, sk_v6_daddr)    copies bytes
 *
 * One to six members follow the pointer. READ() has the type of the last one. READ_STR() and
 * READ_BYTES() copy what the last one points to if it is a pointer, and itself otherwise.
 */
#ifdef READ /* 0, a direction, in linux/kernel.h: headers that come later may use it */
#undef READ
enum { READ };
#endif

/* The type that a member has as a value: that of an array is a pointer to its first element. */
#define READ_TYPE(pointer, member) __typeof__(((void)0, (pointer)->member))
#define READ_IS_ARRAY(pointer, member)                                                             \
	(!__builtin_types_compatible_p(__typeof__((pointer)->member), READ_TYPE(pointer, member)))
#define READ_IS_POINTER(pointer, member) /* 5 is the class of pointers */                          \
	(__builtin_classify_type((pointer)->member) == 5 && !READ_IS_ARRAY(pointer, member))

/*
 * One step each. The pointer appears only once, so that the text of a chain does not double with
 * each step, and never behind a `*`, which libbcc would try to rewrite even inside a macro.
 */
#define READ_VALUE(pointer, member)                                                                \
	({                                                                                         \
		__auto_type read_from_ = (pointer);                                                \
		const void *read_at_ = &read_from_->member;                                        \
		READ_TYPE(read_from_, member) read_value_;                                         \
		if (READ_IS_ARRAY(read_from_, member))                                             \
			__builtin_memcpy(&read_value_, &read_at_,                                  \
					 READ_IS_ARRAY(read_from_, member) * sizeof(read_at_));    \
		else                                                                               \
			bpf_probe_read_kernel(&read_value_, sizeof(read_value_), read_at_);        \
		read_value_;                                                                       \
	})
#define READ_ADDRESS(pointer, member) (&(pointer)->member)
#define READ_PLACE(pointer, member)                                                                \
	({                                                                                         \
		__auto_type read_from_ = (pointer);                                                \
		const void *read_at_ = &read_from_->member;                                        \
		if (READ_IS_POINTER(read_from_, member))                                           \
			bpf_probe_read_kernel(&read_at_, sizeof(read_at_), read_at_);              \
		read_at_;                                                                          \
	})

/* A chain reads all members but the last one, which is left to the macro `last`. */
#define READ_1(last, pointer, a) last(pointer, a)
#define READ_2(last, pointer, a, b) READ_1(last, READ_VALUE(pointer, a), b)
#define READ_3(last, pointer, a, ...) READ_2(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_4(last, pointer, a, ...) READ_3(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_5(last, pointer, a, ...) READ_4(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_6(last, pointer, a, ...) READ_5(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_PICK(a, b, c, d, e, f, chain, ...) chain
#define READ_CHAIN(last, pointer, ...)                                                             \
	READ_PICK(__VA_ARGS__, READ_6, READ_5, READ_4, READ_3, READ_2, READ_1, )                   \
	(last, pointer, __VA_ARGS__)

#define READ(pointer, ...) READ_CHAIN(READ_VALUE, pointer, __VA_ARGS__)
#define READ_AT(pointer, ...) READ_CHAIN(READ_ADDRESS, pointer, __VA_ARGS__)
#define READ_STR(to, size, pointer, ...)                                                           \
	bpf_probe_read_kernel_str(to, size, READ_CHAIN(READ_PLACE, pointer, __VA_ARGS__))
#define READ_BYTES(to, size, pointer, ...)                                                         \
	bpf_probe_read_kernel(to, size, READ_CHAIN(READ_PLACE, pointer, __VA_ARGS__))

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A column of your own, on a line outside of functions:
 *
 *	DROP_FIELD(u32, rcvbuf, "%u", READ(sk, sk_rcvbuf))
 *
 * its type, its name, its format and its value: any C expression, in which `ctx`, `skb`, `sk` (the
 * socket of skb, or NULL), `location` and `reason` are those of the drop. The value of a column of
 * text or of an address is a pointer to it. bytetrace finds the lines that begin with DROP_FIELD,
 * lists them in DROP_FIELDS, and shows the columns.
 *
 *	DROP_FUNCTIONS(bridge, "br_*,__br_*")
 *
 * names a set of kernel functions; DROP_IN(bridge, location) is true if the address lies in one of
 * them. bytetrace finds these lines, too, and defines drop_functions_bridge() for this kernel.
 */
/* A line that an #if leaves out is listed, too, but its function is missing: make that an error. */
#pragma clang diagnostic error "-Wundefined-internal"

/* A type as C passes it: an array becomes a pointer. */
#define DROP_VALUE(type) __typeof__(((void)0, *(__typeof__(type) *)0))

/* The enumerator comes with the list: a line that is not in it must not compile. */
#define DROP_FIELD(type, name, format, ...)                                                        \
	static __always_inline u64 drop_field_##name(void *ctx, struct sk_buff *skb,               \
						     struct sock *sk, u64 location, u32 reason)    \
	{                                                                                          \
		(void)drop_field_begins_its_line_##name;                                           \
		return (u64)(DROP_VALUE(type))(__VA_ARGS__);                                       \
	}

/* What a raw tracepoint was called with, from 0; what the function of a kprobe was, from 1 to 5. */
#define TRACEPOINT_ARG(n) (((struct bpf_raw_tracepoint_args *)ctx)->args[n])
#define KPROBE_ARG(n) PT_REGS_PARM##n((struct pt_regs *)ctx)

#define DROP_FUNCTIONS(name, patterns)
#define DROP_IN(name, address) drop_functions_##name(address)

/* For each column in the list: its member of the record, its function, and how that fills it. */
#define DROP_MEMBER_NUMBER(name) u64 field_##name;
#define DROP_MEMBER_BYTES(name, size) char field_##name[size] __attribute__((aligned(8)));
#define DROP_DECLARE_NUMBER(name)                                                                  \
	static u64 drop_field_##name(void *, struct sk_buff *, struct sock *, u64, u32);
#define DROP_DECLARE_BYTES(name, size) DROP_DECLARE_NUMBER(name)
#define DROP_FILL_NUMBER(name) to->field_##name = drop_field_##name(ctx, skb, sk, location, reason);
#define DROP_FILL_STRING(name, size)                                                               \
	bpf_probe_read_kernel_str(to->field_##name, size,                                          \
				  (void *)drop_field_##name(ctx, skb, sk, location, reason));
#define DROP_FILL_BYTES(name, size)                                                                \
	bpf_probe_read_kernel(to->field_##name, size,                                              \
			      (void *)drop_field_##name(ctx, skb, sk, location, reason));

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of one drop, as the program in the kernel writes it into the
 * buffer of its CPU and as src/record/decode.c reads it. Integers are in host byte
 * order; addresses stay as they are in the packet. A field whose flag is not
 * set was not there, or could not be read, and is zero.
 */
#define DROP_EVENT_VERSION 4

#define DROP_HAS_ETHERTYPE 0x01 /* ethertype */
#define DROP_HAS_ADDRESSES 0x02 /* saddr, daddr */
#define DROP_HAS_L4 0x04	/* l4_protocol */
#define DROP_HAS_PORTS 0x08	/* sport, dport */
#define DROP_NO_PORTS 0x10	/* whole packet read: its protocol has no ports */
#define DROP_HAS_VLAN 0x20	/* vlan */
#define DROP_HAS_DEVICE 0x40	/* ifname */
#define DROP_HAS_NETNS 0x80	/* netns */

/* Headers around the packet that is told, if it is the one inside of a tunnel. */
enum drop_tunnel {
	DROP_TUNNEL_NONE,
	DROP_TUNNEL_VXLAN,
	DROP_TUNNEL_GENEVE,
	DROP_TUNNEL_GRE,
	DROP_TUNNEL_IP,
};

#define DROP_NO_REASON (~0u) /* reason: it is no drop, or nobody says why */

#define DROP_STACK_DEPTH 127 /* the kernel's default limit, kernel.perf_event_max_stack */

struct drop_event {
	__u64 time; /* CLOCK_MONOTONIC, nanoseconds; if that is not shown, what orders records */
	__u64 location; /* where kfree_skb was called: a return address; 0: not known */
	__u32 reason;	/* enum skb_drop_reason, 0 on kernels that give none, DROP_NO_REASON */
	__u32 probe;	/* DROP_PROBE: which program's record it is */
	__u16 ethertype;
	__u16 vlan; /* outermost VLAN ID */
	__u16 sport;
	__u16 dport;
	__u8 l4_protocol;
	__u8 flags;   /* DROP_HAS_... */
	__u8 version; /* DROP_EVENT_VERSION */
	__u8 stack_depth;
	__u8 tunnel;   /* enum drop_tunnel: what the packet was found inside of */
	__u8 detailed; /* 1: length, mark, pid and comm are filled */
	__u8 reserved[2];
	union {
		__u8 bytes[16]; /* IPv4 in the first four */
		__u32 words[4];
	} saddr, daddr;
	/* Here a record ends that has nothing of what follows: DROP_EVENT_SHORT. */
	__u32 netns;   /* inode of the network namespace */
	__u32 ifindex; /* 0: none, or not known */
	union {
		char ifname[16]; /* filled up with NUL */
		__u64 ifname_words[2];
	};
	__u32 length; /* skb->len */
	__u32 pid;    /* thread group that was running; the sender only by luck */
	__u32 mark;   /* skb->mark */
	__u32 reserved2;
	char comm[16];
#ifdef DROP_FIELDS
	DROP_FIELDS(DROP_MEMBER_NUMBER, DROP_MEMBER_BYTES, DROP_MEMBER_BYTES)
#endif
	__u64 stack[]; /* stack_depth return addresses, innermost first, with -k */
};

#define DROP_EVENT_SHORT __builtin_offsetof(struct drop_event, netns) /* bytes */

#ifdef EVENTS_RINGS
/* A ring buffer for each CPU, like the first one in all but the size, which --buffer tells. */
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_ARRAY_OF_MAPS(events, "ring", EVENTS_RINGS);
#else
BPF_PERF_OUTPUT(events);
#endif

/* Records that found no room in the ring of their CPU. */
BPF_PERCPU_ARRAY(lost, u64, 1);

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
};

/* Copy a header out of the packet. Not 0: it does not reach that far. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
	return bpf_probe_read_kernel(to, size, packet.head + offset);
}

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

/* The packet's headers, from the outermost inwards; 0 if a filter on them does not match. */
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

#ifdef DROP_FIELDS
DROP_FIELDS(DROP_DECLARE_NUMBER, DROP_DECLARE_BYTES, DROP_DECLARE_BYTES)

static __always_inline void fill_fields(struct drop_event *to, void *ctx, struct sk_buff *skb,
					u64 location, u32 reason)
{
	struct sock *sk = READ(skb, sk);

	DROP_FIELDS(DROP_FILL_NUMBER, DROP_FILL_STRING, DROP_FILL_BYTES)
}
#endif

/*
 * Nobody is shown the time: it only puts the records of several CPUs in order. For that the number
 * of the kernel's tick will do, which is at hand; to read the clock costs as much as a filter.
 */
#ifdef BPF_HAS_JIFFIES
#define record_time() bpf_jiffies64()
#else
#define record_time() bpf_ktime_get_ns()
#endif

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
static __always_inline int record_drop(void *ctx, struct drop_event *event, struct sk_buff *address,
				       u64 location, u32 reason)
{
	struct sk_buff copy, *skb = &copy;
	struct packet packet;
	u32 size = DROP_EVENT_SHORT;

	event->version = DROP_EVENT_VERSION;
	event->probe = DROP_PROBE;
	event->location = location;
	event->reason = reason;
	if (read_skb_back(skb, address))
		return -1;
	if (!read_packet(event, skb, &packet))
		return 0;

	event->time = record_time();
#ifdef DROP_FIELDS
	fill_fields(event, ctx, address, location, reason);
#endif
	return hand_over(ctx, event, size);
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
	struct drop_event event;

	__builtin_memset(&event, 0, sizeof(event));
	if (record_drop(ctx, &event, skb, location, reason))
		count_lost();
	return 0;
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

	return drop(ctx, skb, location, reason);
}
