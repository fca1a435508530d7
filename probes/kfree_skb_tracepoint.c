/*
 * kfree_skb_tracepoint: every packet that the kernel throws away, for kernels without raw
 * tracepoints.
 *
 * Attach point: the tracepoint skb:kfree_skb, the same one as that of kfree_skb.c. The kernel
 * copies its arguments into a record first, which makes it slower; and it skips a drop that comes
 * while any tracing program runs on that CPU. Kernels: from 4.7 on. The reason is there from 5.17
 * on. LOCATION is the function that called kfree_skb, REASON is what it gave as the cause.
 */
int tracepoint__skb__kfree_skb(void *ctx)
{
	/* Where the fields of the record lie is in the tracepoint's format file. */
	struct sk_buff *skb = *(struct sk_buff **)(ctx + KFREE_SKB_SKBADDR_OFFSET);
	u64 location = *(u64 *)(ctx + KFREE_SKB_LOCATION_OFFSET);
#ifdef KFREE_SKB_REASON
	u32 reason = *(u32 *)(ctx + KFREE_SKB_REASON_OFFSET);
#else
	u32 reason = 0;
#endif

	return drop(ctx, skb, location, reason);
}
