/*
 * socket_full: packets to a socket that has no room for them.
 *
 * The program that owns the socket reads too slowly, SO_RCVBUF is too small for a burst, or all
 * sockets of the protocol together have used up their memory (REASON PROTO_MEM:
 * net.ipv4.udp_mem, net.ipv4.tcp_mem). Covers UDP, TCP, raw, ping and packet sockets, and others
 * that queue packets as they are (CAN, Bluetooth).
 *
 * Attach point: the raw tracepoint skb:kfree_skb, which passes the socket from 6.11 on, and
 * sock:sock_rcvqueue_full. Before 6.11 also udp:udp_fail_queue_rcv_skb, and tcp:tcp_probe, which is
 * hit by every segment of an established connection.
 *
 * Kernels: all with raw tracepoints (4.17). What they do not show:
 * - TCP: before 5.18 nothing; before 6.11 the socket only if its connection is established.
 * - UDP: before 6.10 the packet, which has been freed by then: only NETNS and the columns below are
 *   known, and filters on addresses, ports and interface do not match. Over IPv6, the probe shows
 *   the packet but not the socket, and before 5.18 nothing.
 * - Packet sockets: a packet that somebody else also receives, which is the usual case for incoming
 *   packets (the tp_drops of PACKET_STATISTICS count all); before 6.11 the socket.
 * - Raw sockets: newer kernels skip a full one before there is a packet for it, and only count
 *   (drops in /proc/net/raw). They drop the packet with IP_NOPROTO if nobody else takes it.
 *
 * RMEM: memory used by the queue, in bytes (r in `ss -m`). RCVBUF: its limit (rb). A packet socket
 * with a ring drops when that is full. LPORT: local port; the identifier of a ping socket, the IP
 * protocol of a raw one; 0: none. FAMILY, TYPE: of the socket, as in socket(2).
 */
#include <linux/version.h>

/* What is shown: the packet, as one that belongs to the full socket, and names. */
struct full {
	struct sk_buff skb;
	char family[16], type[16];
};

#define FULL ((struct full *)skb)

DROP_FIELD(u32, rmem, "%u", READ(sk, sk_backlog.rmem_alloc.counter))
DROP_FIELD(u32, rcvbuf, "%u", READ(sk, sk_rcvbuf))
DROP_FIELD(u16, lport, "%u", READ(sk, __sk_common.skc_num))
DROP_FIELD(char[16], family, "%s", FULL->family)
DROP_FIELD(char[16], type, "%s", FULL->type)

#define COPY_TEXT(to, text) __builtin_memcpy(to, text, sizeof(text))

static __always_inline void copy_number(char *to, u32 number)
{
	if (number > 9)
		*to++ = '0' + number / 10 % 10;
	*to = '0' + number % 10;
}

static __always_inline void name_family(char *to, u32 family)
{
	if (family == 2)
		COPY_TEXT(to, "inet");
	else if (family == 10)
		COPY_TEXT(to, "inet6");
	else if (family == 17)
		COPY_TEXT(to, "packet");
	else if (family == 29)
		COPY_TEXT(to, "can");
	else if (family == 31)
		COPY_TEXT(to, "bluetooth");
	else
		copy_number(to, family);
}

static __always_inline void name_type(char *to, u32 type)
{
	if (type == 1)
		COPY_TEXT(to, "stream");
	else if (type == 2)
		COPY_TEXT(to, "dgram");
	else if (type == 3)
		COPY_TEXT(to, "raw");
	else if (type == 5)
		COPY_TEXT(to, "seqpacket");
	else
		copy_number(to, type);
}

/* Show a packet that the socket has no room for. NULL: the packet, or the socket, is not known. */
static __always_inline int drop_full(void *ctx, struct sk_buff *skb, struct sock *sk, u64 location,
				     u32 reason)
{
	struct full full;

	__builtin_memset(&full, 0, sizeof(full));
	full.skb.mac_header = (u16)~0; /* unset */
	if (skb && bpf_probe_read_kernel(&full.skb, sizeof(full.skb), skb)) {
		count_lost();
		return 0;
	}
	if (sk) {
		full.skb.sk = sk;
		name_family(full.family, READ(sk, __sk_common.skc_family));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0) /* a bit field before */
		name_type(full.type, READ(sk, sk_type));
#endif
	}
	return drop(ctx, &full.skb, location, reason);
}

#ifdef KFREE_SKB_REASON
/* Whether a receiver had no room, be it the socket or its protocol. */
static __always_inline bool is_full(u32 reason)
{
	switch (reason) {
#ifdef DROP_REASON_SOCKET_RCVBUFF
	case DROP_REASON_SOCKET_RCVBUFF:
#endif
#ifdef DROP_REASON_SOCKET_BACKLOG
	case DROP_REASON_SOCKET_BACKLOG:
#endif
#ifdef DROP_REASON_PROTO_MEM
	case DROP_REASON_PROTO_MEM:
#endif
#ifdef DROP_REASON_TCP_ZEROWINDOW
	case DROP_REASON_TCP_ZEROWINDOW:
#endif
#ifdef DROP_REASON_TCP_OFO_QUEUE_PRUNE
	case DROP_REASON_TCP_OFO_QUEUE_PRUNE:
#endif
#ifdef DROP_REASON_PACKET_SOCK_ERROR
	case DROP_REASON_PACKET_SOCK_ERROR:
#endif
		return true;
	}
	return false;
}
#endif

static __always_inline u32 rcvbuf_reason(void)
{
#ifdef DROP_REASON_SOCKET_RCVBUFF
	return DROP_REASON_SOCKET_RCVBUFF;
#else
	return DROP_NO_REASON;
#endif
}

#ifdef KFREE_SKB_RX_SK
/* Families whose sockets come with their drops. */
static __always_inline bool is_passed(struct sock *sk)
{
	u16 family = READ(sk, __sk_common.skc_family);

	return family == 2 || family == 10 || family == 17;
}

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[3];
	u32 reason = ctx->args[2];

	if (!is_full(reason) || !sk || !is_passed(sk))
		return 0;
	return drop_full(ctx, (struct sk_buff *)ctx->args[0], sk, ctx->args[1], reason);
}

/* Right before the packet is freed. */
int raw_tracepoint__sock_rcvqueue_full(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];

	if (is_passed(sk))
		return 0;
	return drop_full(ctx, (struct sk_buff *)ctx->args[1], sk, 0, rcvbuf_reason());
}
#else
int raw_tracepoint__sock_rcvqueue_full(struct bpf_raw_tracepoint_args *ctx)
{
	return drop_full(ctx, (struct sk_buff *)ctx->args[1], (struct sock *)ctx->args[0], 0,
			 rcvbuf_reason());
}

/*
 * Before 6.10, a datagram is freed first, and over IPv6 some kernels do not pass the socket after
 * that. The port of such a datagram, which has been shown without the socket; 0: none.
 */
BPF_PERCPU_ARRAY(shown, u16, 1);

static __always_inline void note_shown(u16 port)
{
	int zero = 0;

	shown.update(&zero, &port);
}

static __always_inline bool is_shown(struct sock *sk)
{
	int zero = 0;
	u16 *port = shown.lookup(&zero);

	return port && *port && *port == READ(sk, __sk_common.skc_num);
}

int raw_tracepoint__udp_fail_queue_rcv_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u32 reason = rcvbuf_reason();

#ifdef DROP_REASON_PROTO_MEM
	if ((int)ctx->args[0] != -12) /* ENOMEM: the queue of the socket is full */
		reason = DROP_REASON_PROTO_MEM;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	struct sk_buff *skb = (struct sk_buff *)ctx->args[2];
#else
	struct sk_buff *skb = NULL;

	if (is_shown((struct sock *)ctx->args[1]))
		return 0;
#endif
	return drop_full(ctx, skb, (struct sock *)ctx->args[1], 0, reason);
}

/* The segment that a connection of this CPU processes. */
struct segment {
	u64 skb, sk;
};
BPF_PERCPU_ARRAY(segments, struct segment, 1);

int raw_tracepoint__tcp_probe(struct bpf_raw_tracepoint_args *ctx)
{
	int zero = 0;
	struct segment *segment = segments.lookup(&zero);

	if (segment) {
		segment->sk = ctx->args[0];
		segment->skb = ctx->args[1];
	}
	return 0;
}

/* The destination port. */
static __always_inline u16 port_of(struct sk_buff *skb)
{
	__be16 port = 0;

	bpf_probe_read_kernel(&port, sizeof(port),
			      READ(skb, head) + READ(skb, transport_header) + 2);
	return bpf_ntohs(port);
}

/* The address of a segment may have been that of an earlier one: the ports tell. */
static __always_inline struct sock *socket_of(struct sk_buff *skb)
{
	int zero = 0;
	struct segment *segment = segments.lookup(&zero);
	struct sock *sk = segment ? (struct sock *)segment->sk : NULL;
	__be16 ports[2] = {};

	if (!segment || segment->skb != (u64)skb)
		return NULL;
	bpf_probe_read_kernel(ports, sizeof(ports), READ(skb, head) + READ(skb, transport_header));
	return ports[0] == READ(sk, __sk_common.skc_dport) &&
			       bpf_ntohs(ports[1]) == READ(sk, __sk_common.skc_num)
		       ? sk
		       : NULL;
}

DROP_FUNCTIONS(tcp, "tcp_*")
DROP_FUNCTIONS(udp, "udpv6_*,__udpv6_*,udp_queue_rcv*,__udp_queue_rcv*")
DROP_FUNCTIONS(packet, "packet_rcv*,tpacket_rcv*")

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
	bool tcp = is_full(reason) && DROP_IN(tcp, location);
	bool udp6 = false;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	if (is_full(reason) && DROP_IN(udp, location)) {
		udp6 = READ(skb, protocol) == bpf_htons(0x86dd);
		note_shown(udp6 ? port_of(skb) : 0);
	}
#endif
#else
	u32 reason = 0;
	bool tcp = false, udp6 = false;
#endif

	if (!tcp && !udp6 && !DROP_IN(packet, location))
		return 0;
	return drop_full(ctx, skb, tcp ? socket_of(skb) : NULL, location, reason);
}
#endif
