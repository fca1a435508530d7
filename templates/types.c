/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compiled once on a host that has only headers, to get the kernel's types as BTF: the compiler
 * describes the value of a map in it. A digest of that BTF then stands in for the header files, so that
 * programs need not parse them.
 *
 * The question is this file as it is. The answer is the same file again, included behind it when the
 * compiler goes through the question for the last time (src/compile/header_tree.c). The types are
 * those that src/compile/type_dump.c lists.
 */
#ifndef KERNEL_TYPES_ANSWER
#define KERNEL_TYPES_QUESTION

struct kernel_types;
BPF_ARRAY(kernel_types, struct kernel_types *, 1);

/* The compiler writes BTF only for a function. */
int nothing(void *context)
{
	return 0;
}

#else

#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/sock.h>
#include <uapi/linux/if_arp.h>
#include <uapi/linux/if_ether.h>
#include <uapi/linux/icmp.h>
#include <uapi/linux/icmpv6.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>
#include <uapi/linux/tcp.h>
#include <uapi/linux/udp.h>

struct kernel_types {
	__u8 t0;
	__u16 t1;
	__u32 t2;
	__u64 t3;
	__s8 t4;
	__s16 t5;
	__s32 t6;
	__s64 t7;
	u8 t8;
	u16 t9;
	u32 t10;
	u64 t11;
	s8 t12;
	s16 t13;
	s32 t14;
	s64 t15;
	bool t16;
	size_t t17;
	uintptr_t t18;
	__be16 t19;
	__be32 t20;
	__be64 t21;
	__le16 t22;
	__le32 t23;
	__sum16 t24;
	__wsum t25;
	pid_t t26;

	struct pt_regs s0;
	struct sk_buff s1;
	struct skb_shared_info s2;
	struct net_device s3;
	struct net s4;
	struct iphdr s5;
	struct ethhdr s6;
	struct arphdr s7;
	struct ipv6hdr s8;
	struct tcphdr s9;
	struct udphdr s10;
	struct icmphdr s11;
	struct icmp6hdr s12;
	struct sock s13;
	struct dst_entry s14;
	struct neighbour s15;
	struct page s16;
	struct socket_alloc s17;
};

#endif
