/* SPDX-License-Identifier: GPL-2.0 */
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
