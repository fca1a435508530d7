/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, by macros that bytetrace or libbcc define for the running one: see
 * README.md.
 */
#ifdef SKB_VLAN_ALL
#define HAS_VLAN_TAG(skb) ((skb)->vlan_all)
#else
#define HAS_VLAN_TAG(skb) ((skb)->vlan_present)
#endif

/* In front of a loop. */
#ifdef BPF_HAS_LOOPS
#define KEEP_LOOP _Pragma("clang loop unroll(disable)")
#else
#define KEEP_LOOP _Pragma("unroll")
#endif

/* A number that grows with time; to read the clock costs as much as a filter. */
#ifdef BPF_HAS_JIFFIES
#define tick() bpf_jiffies64()
#else
#define tick() bpf_ktime_get_ns()
#endif
