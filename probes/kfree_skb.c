/*
 * kfree_skb: every packet that the kernel throws away.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, hit whenever the last reference to an skb is
 * given up by an error path. Packets that reached their end well are freed through consume_skb
 * and do not show up here.
 * Kernels: all with raw tracepoints (4.17). The reason is there from 5.17 on.
 * LOCATION is the function that called kfree_skb, REASON is what it gave as the cause.
 */
int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = 0;
#endif

	return drop(ctx, skb, location, reason);
}
