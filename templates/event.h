/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of one drop, which src/record/decode.c reads. Integers are in host byte order,
 * addresses as in the packet. A field whose flag is not set was not there, or could not be read,
 * and is 0.
 */
#define DROP_EVENT_VERSION 5

#define DROP_HAS_ETHERTYPE 0x01 /* ethertype */
#define DROP_HAS_ADDRESSES 0x02 /* saddr, daddr */
#define DROP_HAS_L4 0x04	/* l4_protocol */
#define DROP_HAS_PORTS 0x08	/* sport, dport */
#define DROP_NO_PORTS 0x10	/* whole packet read: its protocol has no ports */
#define DROP_HAS_VLAN 0x20	/* vlan */
#define DROP_HAS_DEVICE 0x40	/* ifname */
#define DROP_HAS_NETNS 0x80	/* netns */
#define DROP_HAS_SOCKET 0x100	/* socket */
#define DROP_HAS_UID 0x200	/* uid */

#define DROP_NO_REASON (~0u) /* reason: not a drop, or the kernel does not say why */

//@if inner
/* The kind of tunnel that the packet was found in. */
enum drop_tunnel {
	DROP_TUNNEL_NONE,
	DROP_TUNNEL_VXLAN,
	DROP_TUNNEL_GENEVE,
	DROP_TUNNEL_GRE,
	DROP_TUNNEL_IP,
};

//@end
//@if stack
#define DROP_STACK_DEPTH 127 /* the kernel's default limit, kernel.perf_event_max_stack */

//@end
struct drop_event {
	__u64 time;	/* CLOCK_MONOTONIC, nanoseconds; not detailed: only puts records in order */
	__u64 location; /* where kfree_skb was called: a return address; 0: not known */
	__u32 reason;	/* enum skb_drop_reason; 0: the kernel gives none */
	__u32 probe;	/* DROP_PROBE: which program's record it is */
	__u16 ethertype, vlan, sport, dport; /* vlan: the outermost ID */
	__u16 flags;			     /* DROP_HAS_... */
	__u8 l4_protocol, version;
	__u8 stack_depth, tunnel; /* tunnel: enum drop_tunnel */
	__u8 detailed;		  /* 1: time is a time; length, mark, pid and comm are filled */
	__u8 reserved;
	union {
		__u8 bytes[16]; /* IPv4 in the first four */
		__u32 words[4];
	} saddr, daddr;
	/* A short record ends here: DROP_EVENT_SHORT. */
	__u32 netns;   /* inode of the network namespace */
	__u32 ifindex; /* 0: none, or not known */
	union {
		char ifname[16]; /* filled up with NUL */
		__u64 ifname_words[2];
	};
	__u32 length; /* skb->len */
	__u32 pid;    /* thread group that was running; the sender only by luck */
	__u32 mark;   /* skb->mark */
	__u32 socket; /* inode of the socket that the packet was for or came from */
	__u32 uid;    /* user that the socket belongs to */
	__u32 reserved2;
	char comm[16];
#ifdef DROP_FIELDS
	DROP_FIELDS(DROP_MEMBER_NUMBER, DROP_MEMBER_BYTES, DROP_MEMBER_BYTES)
#endif
	__u64 stack[]; /* stack_depth return addresses, innermost first, with -k */
};

#define DROP_EVENT_SHORT __builtin_offsetof(struct drop_event, netns) /* bytes */
