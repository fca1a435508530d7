/* SPDX-License-Identifier: GPL-2.0 */
//@if inner
/* The packet inside a tunnel: its Ethernet header, if it has one, and what follows. */
struct inside {
	u32 link; /* HEADER_UNSET: none */
	u32 network;
	u16 ethertype;
	u8 tunnel; /* DROP_TUNNEL_NONE: the packet is not a tunnel's */
};

//@end
/* The linear part of a packet. Offsets count from the start of the buffer. */
struct packet {
	const unsigned char *head;
	u32 end;
//@if inner
	struct inside inside;
//@end
};

//@if direct
/*
 * The verifier knows the type of an skb, and lets loads read it in place. To read a packet in the same
 * way, bpf_rdonly_cast(), which costs nothing, declares the bytes to be the cb of a struct sk_buff.
 */
static const struct sk_buff *(*as_skb)(const void *address, u32 type) = (void *)KFUNC_RDONLY_CAST;

/* Copy a header out of the packet. Not 0: the packet ends before. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
	const struct sk_buff *over = as_skb(
		packet.head + offset - __builtin_offsetof(struct sk_buff, cb), TYPE_SK_BUFF);

	/* Whole words at a time, even if they are not aligned: the machine can do that. */
	__builtin_memcpy(to, __builtin_assume_aligned(over->cb, sizeof(u32)), size);
	return 0;
}
//@else
/* Copy a header out of the packet. Not 0: the packet ends before. */
static __always_inline int packet_read(struct packet packet, u32 offset, void *to, u32 size)
{
	if (offset + size > packet.end)
		return -1;
	return bpf_probe_read_kernel(to, size, packet.head + offset);
}
//@end

/* The verifier checks what follows for each set of values that it can tell apart: here it cannot. */
static __always_inline u32 forget(u32 number)
{
	volatile u16 memory = number;

	return memory;
}
