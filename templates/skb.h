/* SPDX-License-Identifier: GPL-2.0 */
//@if headers
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

//@end
//@if copy
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

//@if skb_front
static __always_inline int copy_front(struct sk_buff *skb, const struct sk_buff *address)
{
	return bpf_probe_read_kernel(skb, SKB_FRONT_END, address);
}

//@end
static __always_inline int copy_back(struct sk_buff *skb, const struct sk_buff *address)
{
	return bpf_probe_read_kernel((void *)skb + SKB_BACK, SKB_BACK_END - SKB_BACK,
				     (void *)address + SKB_BACK);
}

//@end
