/* SPDX-License-Identifier: GPL-2.0 */
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
