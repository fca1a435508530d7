/* SPDX-License-Identifier: GPL-2.0 */
enum { IP_TCP = 6, IP_UDP = 17, IP_DCCP = 33, IP_SCTP = 132, IP_UDPLITE = 136 };

//@if ports
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

//@end
//@if tcp_flags
/* The flags of a TCP header. 0: it is not there. */
static __always_inline int read_tcp_flags(const struct drop_event *event, struct packet packet,
					  u32 offset, u8 *flags)
{
	return event->flags & DROP_HAS_L4 && event->l4_protocol == IP_TCP && offset &&
	       !packet_read(packet, offset + 13, flags, sizeof(*flags));
}

//@end
