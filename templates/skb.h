/* SPDX-License-Identifier: GPL-2.0 */
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

