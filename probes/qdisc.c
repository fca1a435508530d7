/*
 * qdisc: packets that the queueing discipline of a device drops instead of sending them.
 *
 * A queue is full, traffic shaping or policing has no room, or an AQM (CoDel, PIE) keeps the delay
 * low. `tc -s qdisc show dev INTERFACE` counts them as dropped.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, with the reasons of qdiscs (6.13). Before that,
 * many of them drop without a reason, so the probe follows packets from the raw tracepoint
 * net:net_dev_queue to net:net_dev_start_xmit or skb:consume_skb: a qdisc dropped what is freed in
 * between. That costs a little for each packet sent, and misses packets that a qdisc itself has
 * segmented (GSO below tbf or cake).
 *
 * Kernels: all with raw tracepoints (4.17). REASON says more on newer ones (7.1).
 *
 * KIND, HANDLE, PARENT: the qdisc of the device's queue, as tc prints them (PARENT `root`, or a
 * class as `1:10`). If it has classes, one of its children may have dropped the packet: no kernel
 * says which. BACKLOG, QLEN: bytes and packets in it, after the drop; 0 for pfifo_fast, which
 * counts per CPU. LIMIT: how many of them it takes; 0: this kind keeps its limit elsewhere.
 */
#include <linux/version.h>
#include <net/sch_generic.h>

/* The qdisc of the packet's transmit queue. */
static __always_inline struct Qdisc *qdisc_of(struct sk_buff *skb)
{
	struct netdev_queue *queues = READ(skb, dev, _tx);

	return READ(queues + READ(skb, queue_mapping), qdisc);
}

/* The packet, and what is shown of it. */
struct queued_packet {
	struct sk_buff skb;
	u64 parent[2]; /* text */
};

DROP_FIELD(char[16], kind, "%s", READ(qdisc_of(skb), ops, id))
DROP_FIELD(u32, handle, "%x:", READ(qdisc_of(skb), handle) >> 16)
DROP_FIELD(char[12], parent, "%s", ((struct queued_packet *)skb)->parent)
DROP_FIELD(u32, backlog, "%u", READ(qdisc_of(skb), qstats.backlog))
DROP_FIELD(u32, qlen, "%u", READ(qdisc_of(skb), q.qlen))
DROP_FIELD(u32, limit, "%u", READ(qdisc_of(skb), limit))

/* A number as %x prints it: text of `*bits` bits, the first character in the lowest. */
static __always_inline u64 hex(u16 number, u32 *bits)
{
	u64 text = 0;

	*bits = 0;
#pragma unroll
	for (int shift = 12; shift >= 0; shift -= 4) {
		u64 digit = number >> shift & 15;

		if (!digit && !*bits && shift)
			continue;
		text |= (digit < 10 ? '0' + digit : 'a' + digit - 10) << *bits;
		*bits += 8;
	}
	return text;
}

/* As tc does: the numbers of a class, each left out if it is 0. */
static __always_inline void write_parent(u64 to[2], u32 parent)
{
	u32 bits = 0, minor_bits;
	u64 minor = 0;

	if (parent == 0xffffffff) {
		__builtin_memcpy(to, "root", 5);
		return;
	}
	if (parent >> 16)
		to[0] = hex(parent >> 16, &bits);
	if (parent & 0xffff)
		minor = hex(parent, &minor_bits);
	to[0] |= (u64)':' << bits | minor << (bits + 8);
	to[1] = minor >> (56 - bits);
}

static __always_inline int drop_queued(void *ctx, struct sk_buff *skb, u64 location, u32 reason)
{
	struct queued_packet packet;

	__builtin_memset(&packet, 0, sizeof(packet));
	if (bpf_probe_read_kernel(&packet.skb, sizeof(packet.skb), skb)) {
		count_lost();
		return 0;
	}
	write_parent(packet.parent, READ(qdisc_of(skb), parent));
	return drop(ctx, &packet.skb, location, reason);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
/* Whether it is one of enum qdisc_drop_reason. */
static __always_inline bool is_own(u32 reason)
{
	return reason >> 16 == (u32)__QDISC_DROP_REASON >> 16;
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
static __always_inline bool is_reason_of_qdisc(u32 reason)
{
	switch (reason) {
#ifdef DROP_REASON_QDISC_DROP
	case DROP_REASON_QDISC_DROP:
#endif
#ifdef DROP_REASON_QDISC_OVERLIMIT
	case DROP_REASON_QDISC_OVERLIMIT:
#endif
#ifdef DROP_REASON_QDISC_CONGESTED
	case DROP_REASON_QDISC_CONGESTED:
#endif
#ifdef DROP_REASON_QDISC_BURST_DROP
	case DROP_REASON_QDISC_BURST_DROP:
#endif
#ifdef DROP_REASON_CAKE_FLOOD
	case DROP_REASON_CAKE_FLOOD:
#endif
#ifdef DROP_REASON_FQ_BAND_LIMIT
	case DROP_REASON_FQ_BAND_LIMIT:
#endif
#ifdef DROP_REASON_FQ_HORIZON_LIMIT
	case DROP_REASON_FQ_HORIZON_LIMIT:
#endif
#ifdef DROP_REASON_FQ_FLOW_LIMIT
	case DROP_REASON_FQ_FLOW_LIMIT:
#endif
		return true;
	}
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	return is_own(reason);
#else
	return false;
#endif
}

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u32 reason = ctx->args[2];

	if (!is_reason_of_qdisc(reason))
		return 0;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	/* The qdisc's own reason lies in the packet. */
	enum qdisc_drop_reason own = READ((struct tc_skb_cb *)READ(skb, cb), drop_reason);

	if (is_own(own))
		reason = own;
#endif
	return drop_queued(ctx, skb, ctx->args[1], reason);
}
#else
/* Packets in the queue of a device. */
BPF_TABLE("lru_hash", u64, u8, queued, 16384);

int raw_tracepoint__net_dev_queue(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 key = ctx->args[0];
	u8 value = 1;

	if (READ(qdisc_of(skb), enqueue))
		queued.update(&key, &value);
	else
		queued.delete(&key);
	return 0;
}

int raw_tracepoint__net_dev_start_xmit(struct bpf_raw_tracepoint_args *ctx)
{
	u64 key = ctx->args[0];

	queued.delete(&key);
	return 0;
}

int raw_tracepoint__consume_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u64 key = ctx->args[0];

	queued.delete(&key);
	return 0;
}

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u64 key = ctx->args[0];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = 0;
#endif

	if (!queued.lookup(&key))
		return 0;
	queued.delete(&key);
	return drop_queued(ctx, (struct sk_buff *)ctx->args[0], ctx->args[1], reason);
}
#endif
