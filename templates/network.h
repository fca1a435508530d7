/* SPDX-License-Identifier: GPL-2.0 */
//@if addresses
/* Words of an address in the order of numbers, for comparisons. */
#define IPV4(address) bpf_ntohl((address).words[0])
#define IPV6_UPPER(address) \
	((u64)bpf_ntohl((address).words[0]) << 32 | bpf_ntohl((address).words[1]))
#define IPV6_LOWER(address) \
	((u64)bpf_ntohl((address).words[2]) << 32 | bpf_ntohl((address).words[3]))

//@end
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
