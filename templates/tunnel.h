/* SPDX-License-Identifier: GPL-2.0 */
enum {
	ETHERTYPE_ETHERNET = 0x6558, /* a whole frame */
	ETHERNET_ADDRESSES = 12,
	IP_IPV4 = 4, IP_IPV6 = 41, IP_GRE = 47,
	PORT_VXLAN = 4789, PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472, /* the kernel's default */
};

/*
 * Find the packet inside the one whose transport header is at `offset`. 0: that is not a tunnel's, or
 * is cut off. VXLAN is RFC 7348, GENEVE RFC 8926, GRE RFC 2784 and 2890.
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

/* Go on with the packet inside, if this one is a tunnel's. Returns the same as read_link(). */
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

//@if expression
/* A filter expression is evaluated against the packet inside. */
static __always_inline void frame_enter(struct frame_source *source, const struct inside *inside)
{
	if (!inside->tunnel)
		return;
	source->link = inside->link;
	source->network = inside->network;
	source->protocol = bpf_htons(inside->ethertype);
	source->tag_protocol = 0;
}

//@end
