// SPDX-License-Identifier: GPL-2.0-only
/*
 * The raw arguments of skb:kfree_skb (5.17 and later), and what they point to, for recorder.py. It
 * shares no code with bytetrace: bytetrace's rows are compared with this.
 *
 * Records go to one array and are read at the end, so that no drop is lost or out of order. Only
 * the members that are read are declared; libbpf looks up where the running kernel has them.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
typedef struct {
	struct net *net;
} possible_net_t;

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct net_device {
	int ifindex;
	char name[16];
	possible_net_t nd_net;
};

struct dst_entry {
	struct net_device *dev;
};

struct inode {
	unsigned long i_ino;
};

struct socket {
	short type;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	unsigned short sk_type;
	unsigned short sk_protocol;
	kuid_t sk_uid;
	struct socket *sk_socket;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	unsigned int len, data_len;
	int skb_iif;
	unsigned int mark;
	__u16 protocol, vlan_proto, vlan_tci;
	__u32 vlan_all; /* 6.2; vlan_present before */
	__u8 vlan_present : 1;
	__u8 pkt_type : 3;
	__u16 transport_header, network_header, mac_header;
	unsigned int tail, end;
	unsigned char *head, *data;
};
#pragma clang attribute pop

/* As struct.unpack() in recorder.py reads them. */
struct device {
	__u32 netns, ifindex;
	char name[16];
};

struct owner {
	__u64 inode;
	__u32 netns, uid;
	__u16 family, type, protocol, state;
};

#define BYTES 256
struct record {
	__u64 time, location, skb, dev, sk, rx_sk, dst, head;
	__u32 reason, cpu, pid, len, data_len, iif, mark, data, tail, start;
	__u16 protocol, vlan_proto, vlan_tci, has_vlan, mac, network, transport, pkt_type;
	struct device device, dst_device;
	struct owner owner, rx_owner;
	char comm[16];
	__u8 bytes[BYTES]; /* from `start`, an offset in the buffer, on */
};

#define RECORDS 8192
struct record records[RECORDS];
__u64 count;

static __always_inline void read_device(struct device *to, struct net_device *dev)
{
	if (!dev)
		return;
	to->netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	to->ifindex = BPF_CORE_READ(dev, ifindex);
	BPF_CORE_READ_STR_INTO(&to->name, dev, name);
}

enum { TIME_WAIT = 6, NEW_SYN_RECV = 12 };

static __always_inline void read_owner(struct owner *to, struct sock *sk)
{
	struct socket *socket;
	__u16 state;

	if (!sk)
		return;
	to->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	to->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	to->state = state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TIME_WAIT || state == NEW_SYN_RECV)
		return; /* smaller structures, which end before what follows */
	to->type = BPF_CORE_READ(sk, sk_type);
	to->protocol = BPF_CORE_READ(sk, sk_protocol);
	to->uid = BPF_CORE_READ(sk, sk_uid.val);
	socket = BPF_CORE_READ(sk, sk_socket);
	if (socket)
		to->inode = BPF_CORE_READ((struct socket_alloc *)socket, vfs_inode.i_ino);
}

static __always_inline __u32 lower(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

SEC("raw_tp/kfree_skb")
int record_drop(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	struct sock *rx_sk = NULL, *sk;
	struct net_device *dev;
	struct dst_entry *dst;
	struct record *record;
	__u64 index = __sync_fetch_and_add(&count, 1);

	if (index >= RECORDS)
		return 0;
	record = &records[index];
	record->time = bpf_ktime_get_ns();
	record->cpu = bpf_get_smp_processor_id();
	record->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	record->location = ctx->args[1];
	record->reason = ctx->args[2];
#ifdef RX_SK /* 6.11 */
	rx_sk = (void *)ctx->args[3];
#endif

	record->skb = (__u64)skb;
	dev = BPF_CORE_READ(skb, dev);
	sk = BPF_CORE_READ(skb, sk);
	dst = (void *)(BPF_CORE_READ(skb, _skb_refdst) & ~1UL);
	record->dev = (__u64)dev;
	record->sk = (__u64)sk;
	record->rx_sk = (__u64)rx_sk;
	record->dst = (__u64)dst;
	record->head = (__u64)BPF_CORE_READ(skb, head);
	record->len = BPF_CORE_READ(skb, len);
	record->data_len = BPF_CORE_READ(skb, data_len);
	record->iif = BPF_CORE_READ(skb, skb_iif);
	record->mark = BPF_CORE_READ(skb, mark);
	record->data = (__u64)BPF_CORE_READ(skb, data) - record->head;
	record->tail = BPF_CORE_READ(skb, tail);
	record->protocol = BPF_CORE_READ(skb, protocol);
	record->vlan_proto = BPF_CORE_READ(skb, vlan_proto);
	record->vlan_tci = BPF_CORE_READ(skb, vlan_tci);
	if (bpf_core_field_exists(skb->vlan_all))
		record->has_vlan = BPF_CORE_READ(skb, vlan_all) != 0;
	else
		record->has_vlan = BPF_CORE_READ_BITFIELD_PROBED(skb, vlan_present);
	record->pkt_type = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	record->mac = BPF_CORE_READ(skb, mac_header);
	record->network = BPF_CORE_READ(skb, network_header);
	record->transport = BPF_CORE_READ(skb, transport_header);

	read_device(&record->device, dev);
	read_device(&record->dst_device, BPF_CORE_READ(dst, dev));
	read_owner(&record->owner, sk);
	read_owner(&record->rx_owner, rx_sk);

	record->start = lower(lower(record->mac, record->network), record->data);
	/* What is read behind the tail is cut off later; skb_shared_info stands there, which is
	 * larger. */
	bpf_probe_read_kernel(record->bytes, BYTES, (void *)record->head + record->start);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
