/*
 * bridge: frames that a bridge drops instead of forwarding them.
 *
 * A port is blocked or disabled by STP, its VLAN is not allowed, the source address is not a valid
 * station address, a port is locked, or the only port to send the frame to is the one it came from.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, for drops in the bridge's own functions. Drops by
 * its packet filters (nftables, ebtables) and of packets to the bridge's own addresses are not
 * included.
 *
 * Kernels: all with raw tracepoints (4.17). The module must be loaded before tracing starts.
 * LOCATION is the place in the bridge; REASON says more on newer kernels (6.14).
 *
 * BRIDGE: its name. PORT: the port that the frame came in by or was to leave by. SMAC, DMAC: source
 * and destination of the frame.
 */

static __always_inline bool is_bridge(struct net_device *dev)
{
	char kind[8] = "";

	READ_STR(kind, sizeof(kind), dev, rtnl_link_ops, kind);
	return kind[0] == 'b' && kind[1] == 'r' && kind[2] == 'i' && kind[3] == 'd' &&
	       kind[4] == 'g' && kind[5] == 'e' && kind[6] == 0;
}

/* The start of struct netdev_adjacent, which is in no header. */
struct adjacent {
	struct net_device *dev;
	bool master, ignore;
	u16 references;
	void *private;
	struct list_head list;
};

/* The bridge that the packet's device is, or is a port of; NULL: none was found. */
static __always_inline struct net_device *bridge_of(struct sk_buff *skb)
{
	struct net_device *dev = READ(skb, dev);
	struct list_head *node;

	if (is_bridge(dev))
		return dev;
	node = READ(dev, adj_list.upper.next);
#pragma unroll
	for (int i = 0; i < 4; i++) {
		struct adjacent *upper = (void *)node - __builtin_offsetof(struct adjacent, list);
		struct net_device *master = READ(upper, dev);

		if (is_bridge(master))
			return master;
		node = READ(node, next);
	}
	return NULL;
}

static __always_inline const char *port_name(struct sk_buff *skb)
{
	struct net_device *dev = READ(skb, dev);

	return is_bridge(dev) ? NULL : READ(dev, name);
}

/* The frame's header; NULL: it is not known where it is. */
static __always_inline const unsigned char *frame(struct sk_buff *skb)
{
	u16 offset = READ(skb, mac_header);

	return offset == (u16)~0 ? NULL : READ(skb, head) + offset;
}

DROP_FUNCTIONS(bridge, "br_*,__br_*,__allowed_ingress*,nbp_*")

DROP_FIELD(char[16], bridge, "%s", READ(bridge_of(skb), name))
DROP_FIELD(char[16], port, "%s", port_name(skb))
DROP_FIELD(u8[6], smac, "%pM", frame(skb) + 6)
DROP_FIELD(u8[6], dmac, "%pM", frame(skb))

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = 0;
#endif

	if (!DROP_IN(bridge, location))
		return 0;
	return drop(ctx, (struct sk_buff *)ctx->args[0], location, reason);
}
