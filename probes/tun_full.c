/*
 * tun_full: packets that a tun or tap device drops because its reader is too slow.
 *
 * The program at the other end (a VPN, a virtual machine) is too slow, or the device's queue is too
 * short: `ip link set DEVICE txqueuelen N` sets its length.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, with the reason FULL_RING at a tun, tap, macvtap
 * or ipvtap device (5.18). Before that, only tun and tap: drops in tun_net_xmit of packets that no
 * longer belong to the socket that sent them; this includes forwarded packets that a filter of the
 * tap drops.
 *
 * Kernels: all with raw tracepoints (4.17).
 *
 * KIND: of the device. QUEUE: number of the queue that was full, from 0 on. RING: how many packets
 * a queue holds.
 */
DROP_FIELD(char[16], kind, "%s", READ(skb, dev, rtnl_link_ops, kind))
DROP_FIELD(u16, queue, "%u", READ(skb, queue_mapping))
DROP_FIELD(u32, ring, "%u", READ(skb, dev, tx_queue_len))

DROP_FUNCTIONS(tun, "tun_net_xmit*")

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 location = ctx->args[1];
#ifdef DROP_REASON_FULL_RING
	u32 reason = ctx->args[2];

	if (reason != DROP_REASON_FULL_RING)
		return 0;
#else
	u32 reason = 0;

	if (!DROP_IN(tun, location) || READ(skb, sk))
		return 0;
#endif
	return drop(ctx, skb, location, reason);
}
