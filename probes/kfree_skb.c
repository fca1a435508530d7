/*
 * kfree_skb: every packet that the kernel drops.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, which is hit whenever an error path gives up the
 * last reference to an skb. Packets that were processed normally are freed through consume_skb and
 * do not show up here.
 * Kernels: all with raw tracepoints (4.17); with a reason from 5.17 on.
 * LOCATION is the function that called kfree_skb, REASON is the reason that it gave.
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
	struct sock *sk = NULL;

#ifdef KFREE_SKB_RX_SK
	sk = (struct sock *)ctx->args[3];
#endif
	return drop_socket(ctx, skb, sk, location, reason);
}
