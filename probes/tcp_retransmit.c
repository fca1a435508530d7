/*
 * tcp_retransmit: segments that TCP sends again because they may have been dropped on the way.
 *
 * This shows the connection that suffers from drops that kfree_skb would show on another host.
 *
 * Attach point: the raw tracepoint tcp:tcp_retransmit_skb. It covers SYN, data and FIN, but not the
 * SYN-ACK of a connection that is not established yet.
 *
 * Kernels: all with raw tracepoints (4.17). A segment that waits to be sent again has no headers,
 * so addresses and ports are those of the socket and INTERFACE is that of its route. This host does
 * not drop the segment, so LOCATION and REASON are `-`.
 *
 * STATE: of the connection, as the kernel names it. SEQ: sequence number of the segment. SIZE:
 * bytes of data in it. RETRIES: how often the timer has expired in a row, including this time; 0:
 * it was not the timer. CWND: congestion window in segments (cwnd in `ss -ti`). ERROR: why sending
 * it failed (-errno; 0: it did not, or the kernel is older than 6.18).
 */
#include <linux/tcp.h>
#include <linux/version.h>

#define SEGMENT ((struct sk_buff *)TRACEPOINT_ARG(1))
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define RESULT TRACEPOINT_ARG(2)
#else
#define RESULT 0
#endif

/* skb->cb is a struct tcp_skb_cb here, which starts with the sequence number. */
static __always_inline u32 sequence_number(const struct sk_buff *segment)
{
	u32 number = 0;

	READ_BYTES(&number, sizeof(number), segment, cb);
	return number;
}

/* A packet of the connection, made up from its socket. */
struct told {
	struct sk_buff skb;
	u32 words[4 + 10 + 2]; /* not at the start: network_header 0 means unset */
	char state[16];
};

DROP_FIELD(char[16], state, "%s", ((struct told *)skb)->state)
DROP_FIELD(u32, seq, "%u", sequence_number(SEGMENT))
DROP_FIELD(u32, size, "%u", READ(SEGMENT, len))
DROP_FIELD(u8, retries, "%u", READ((struct inet_connection_sock *)sk, icsk_retransmits))
DROP_FIELD(u32, cwnd, "%u", READ((struct tcp_sock *)sk, snd_cwnd))
DROP_FIELD(s32, error, "%d", RESULT)

#define STATE(number, name)                                                                        \
	case number:                                                                               \
		__builtin_memcpy(to, name, sizeof(name));                                          \
		break

static __always_inline void tell_state(char *to, u8 state)
{
	switch (state) {
		STATE(1, "ESTABLISHED");
		STATE(2, "SYN_SENT");
		STATE(3, "SYN_RECV");
		STATE(4, "FIN_WAIT1");
		STATE(5, "FIN_WAIT2");
		STATE(7, "CLOSE");
		STATE(8, "CLOSE_WAIT");
		STATE(9, "LAST_ACK");
		STATE(11, "CLOSING");
	}
}

static __always_inline void tell_ipv4(u32 *ip, const struct sock_common *socket)
{
	ip[0] = bpf_htonl(0x45000000);
	ip[1] = 0;
	ip[2] = bpf_htonl(0x40060000); /* time to live, TCP */
	ip[3] = READ(socket, skc_rcv_saddr);
	ip[4] = READ(socket, skc_daddr);
}

static __always_inline void tell_ipv6(u32 *ip, const struct sock_common *socket)
{
	ip[0] = bpf_htonl(0x60000000);
	ip[1] = bpf_htonl(0x00000640);
	READ_BYTES(&ip[2], 16, socket, skc_v6_rcv_saddr);
	READ_BYTES(&ip[6], 16, socket, skc_v6_daddr);
}

int raw_tracepoint__tcp_retransmit_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *socket = (struct sock *)ctx->args[0];
	const struct sock_common *common = &socket->__sk_common;
	u16 family = READ(common, skc_family);
	__be16 *ports;
	struct told told;
	u32 *ip = told.words + 4;

	__builtin_memset(&told, 0, sizeof(told));
	tell_ipv6(ip, common);
	/* An IPv6 socket may talk to an IPv4 address: ::ffff:a.b.c.d. */
	if (family == 10 && !(ip[6] == 0 && ip[7] == 0 && ip[8] == bpf_htonl(0xffff))) {
		told.skb.protocol = bpf_htons(0x86dd);
		ports = (__be16 *)(ip + 10);
		told.skb.tail = sizeof(told.words);
	} else {
		tell_ipv4(ip, common);
		told.skb.protocol = bpf_htons(0x0800);
		ports = (__be16 *)(ip + 5);
		told.skb.tail = sizeof(told.words) - 20;
	}
	ports[0] = bpf_htons(READ(common, skc_num));
	ports[1] = READ(common, skc_dport);
	told.skb.head = told.skb.data = (unsigned char *)told.words;
	told.skb.network_header = 16;
	told.skb.mac_header = (u16)~0;
	told.skb.len = READ((struct sk_buff *)ctx->args[1], len);
	told.skb.sk = socket;
	told.skb.dev = READ(socket, sk_dst_cache, dev); /* of its route */
	tell_state(told.state, READ(common, skc_state));
	return drop(ctx, &told.skb, 0, DROP_NO_REASON);
}
