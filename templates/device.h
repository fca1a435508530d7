/* SPDX-License-Identifier: GPL-2.0 */
/* Inodes of namespaces start here: PROC_DYNAMIC_FIRST, and the fixed ones right below it. */
#define FIRST_NETNS_INODE 0xeffffff0

/* The inode of a network namespace; 0: the pointer does not lead to one. */
static __always_inline u32 netns_inode(struct net *net)
{
	u32 inode = net ? READ(net, ns.inum) : 0;

	return inode < FIRST_NETNS_INODE ? 0 : inode;
}

/* A name ends with a NUL, but what stood behind that may be left of an earlier name. */
static __always_inline void read_name(struct drop_event *event, struct net_device *dev)
{
	READ_STR(event->ifname, sizeof(event->ifname), dev, name);
	event->flags |= DROP_HAS_DEVICE;
}

//@if direct
/* Eight characters up to the first NUL, in a little-endian word. */
static __always_inline u64 up_to_nul(u64 word)
{
	u64 nuls = (word - 0x0101010101010101) & ~word & 0x8080808080808080;

	return word & ((nuls & -nuls) - 1);
}

/* read_name() of a device whose type the verifier knows. */
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
/* The name of a device of which only the number is known, from the kernel's table of numbers. */
static __always_inline void find_name(struct drop_event *event, struct net *net)
{
	struct hlist_head *heads = READ(net, dev_index_head);
	struct hlist_node *node = READ(&heads[event->ifindex % 256], first);
	struct net_device *dev;

	KEEP_LOOP
	for (int i = 0; i < 8 && node; i++) {
		dev = (void *)node - __builtin_offsetof(struct net_device, index_hlist);
		if (READ(dev, ifindex) == event->ifindex) {
			read_name(event, dev);
			return;
		}
		node = READ(node, next);
	}
}

/*
 * Without a device in the skb: the namespace is that of the socket, or of the device that the route
 * leads to. The packet came in by skb->skb_iif, or else was to go out by the device of its route.
 */
static __always_inline void find_other(struct drop_event *event, const struct sk_buff *skb,
				       struct sock *sk)
{
	struct dst_entry *dst = (void *)(skb->_skb_refdst & ~1UL);
	struct net_device *dev = dst ? READ(dst, dev) : NULL;
	struct net *net = sk ? READ(sk, __sk_common.skc_net.net) : NULL;
	u32 routed = netns_inode(dev ? READ(dev, nd_net.net) : NULL);

	event->netns = netns_inode(net);
	event->ifindex = skb->skb_iif;
	if (!event->netns) {
		event->netns = routed;
		net = dev ? READ(dev, nd_net.net) : NULL;
	}
	if (event->ifindex) {
		if (event->netns)
			find_name(event, net);
	} else if (routed) {
		event->ifindex = READ(dev, ifindex);
		read_name(event, dev);
	}
}

/*
 * skb->dev shares its place with other pointers and numbers while a socket queues the skb: it is
 * believed to be a device only if it leads to a network namespace. 0: it does not.
 */
//@if direct
static __always_inline int find_device(struct drop_event *event, const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	u32 inode = dev->nd_net.net->ns.inum;

	event->netns = inode < FIRST_NETNS_INODE ? 0 : inode;
	if (!event->netns)
		return 0;
	event->ifindex = dev->ifindex;
	load_name(event, dev);
	return 1;
}
//@else
static __always_inline int find_device(struct drop_event *event, const struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	event->netns = netns_inode(READ(dev, nd_net.net));
	if (!event->netns)
		return 0;
	event->ifindex = READ(dev, ifindex);
	read_name(event, dev);
	return 1;
}
//@end

/* Device and namespace; 0 if a filter on them does not match. */
static __always_inline int read_device(struct drop_event *event, const struct sk_buff *skb,
				       struct sock *given)
{
	if (!find_device(event, skb))
		find_other(event, skb, drop_socket_of(given, skb->sk));
	if (event->netns)
		event->flags |= DROP_HAS_NETNS;
//@slot filter_device
//@slot filter_netns
	return 1;
}
