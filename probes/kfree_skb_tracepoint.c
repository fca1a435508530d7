/*
 * kfree_skb_tracepoint: every packet that the kernel drops, for kernels without raw tracepoints.
 *
 * Attach point: the tracepoint skb:kfree_skb, as in kfree_skb.c. It is slower, because the kernel
 * first copies the arguments into a record, and it misses drops that occur while another tracing
 * program runs on the same CPU. Kernels: from 4.7 on; with a reason from 5.17 on.
 * LOCATION is the function that called kfree_skb, REASON is the reason that it gave.
 */
int tracepoint__skb__kfree_skb(void *ctx)
{
	/* The tracepoint's format file says where the fields of the record are. */
	struct sk_buff *skb = *(struct sk_buff **)(ctx + KFREE_SKB_SKBADDR_OFFSET);
	u64 location = *(u64 *)(ctx + KFREE_SKB_LOCATION_OFFSET);
#ifdef KFREE_SKB_REASON
	u32 reason = *(u32 *)(ctx + KFREE_SKB_REASON_OFFSET);
#else
	u32 reason = 0;
#endif
	struct sock *sk = NULL;

#ifdef KFREE_SKB_RX_SK
	sk = *(struct sock **)(ctx + KFREE_SKB_RX_SK_OFFSET);
#endif
	return drop_socket(ctx, skb, sk, location, reason);
}
