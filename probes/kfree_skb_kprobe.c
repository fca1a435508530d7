/*
 * kfree_skb_kprobe: packets that the kernel drops, without its tracepoint.
 *
 * Attach point: a kprobe on the function that frees a dropped skb: sk_skb_reason_drop (Linux 6.11),
 * kfree_skb_reason (5.17) or kfree_skb; and on kfree_skb_list_reason where that does not call it
 * (6.3). Slower than both tracepoints, and blind to packets that interrupt handlers leave to
 * softirqs to free (dev_kfree_skb_irq).
 * Kernels: from 5.0 on, with CONFIG_KPROBE_EVENTS; x86-64 and arm64.
 * LOCATION is the caller of the probed function, REASON is the reason that it gave.
 */
#include <linux/version.h>

/*
 * These functions give up one reference; the packet is dropped only if that was the last one. They
 * also free packets that were processed normally.
 */
static __always_inline int drop_last(struct pt_regs *ctx, struct sk_buff *skb, struct sock *sk,
				     u32 reason)
{
	u64 location = 0;

	if (READ(skb, users.refs.counter) != 1)
		return 0;
#ifdef KFREE_SKB_CONSUMED
	if (reason == KFREE_SKB_CONSUMED)
		return 0;
#endif
#ifdef bpf_target_x86
	bpf_probe_read_kernel(&location, sizeof(location), (void *)PT_REGS_SP(ctx));
#else
	location = PT_REGS_RET(ctx);
#endif
	return drop_socket(ctx, skb, sk, location, reason);
}

#if defined(KFREE_SKB_RX_SK)
int kprobe__sk_skb_reason_drop(struct pt_regs *ctx)
{
	return drop_last(ctx, (struct sk_buff *)PT_REGS_PARM2(ctx),
			 (struct sock *)PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx));
}
#elif defined(KFREE_SKB_REASON)
int kprobe__kfree_skb_reason(struct pt_regs *ctx)
{
	return drop_last(ctx, (struct sk_buff *)PT_REGS_PARM1(ctx), NULL, PT_REGS_PARM2(ctx));
}
#else
int kprobe__kfree_skb(struct pt_regs *ctx)
{
	return drop_last(ctx, (struct sk_buff *)PT_REGS_PARM1(ctx), NULL, 0);
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define MAX_LIST 16

int kprobe__kfree_skb_list_reason(struct pt_regs *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)PT_REGS_PARM1(ctx);

#pragma clang loop unroll(disable)
	for (int i = 0; i < MAX_LIST && skb; i++) {
		struct sk_buff *next = READ(skb, next);

		drop_last(ctx, skb, NULL, PT_REGS_PARM2(ctx));
		skb = next;
	}
	/* Count the rest of the list as lost. */
#pragma clang loop unroll(disable)
	for (int i = 0; i < 4096 && skb; i++) {
		count_lost();
		skb = READ(skb, next);
	}
	return 0;
}
#endif
