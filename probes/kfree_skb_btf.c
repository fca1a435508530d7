/*
 * kfree_skb_btf: every packet that the kernel drops, for kernels with BTF.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, as in kfree_skb.c. But here the verifier knows
 * the types of the arguments from the kernel's BTF, so the packet is read in place, by plain loads
 * instead of calls. Kernels: from 6.2 on, with BTF.
 * LOCATION is the function that called kfree_skb, REASON is the reason that it gave.
 */
int tp_btf__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = 0;
#endif
	struct sk_buff *skb;
	struct sock *sk = NULL;

	/* libbcc would turn loads by a pointer taken from ctx in the usual way into calls. */
	__builtin_memcpy(&skb, &ctx->args[0], sizeof(skb));
#ifdef KFREE_SKB_RX_SK
	__builtin_memcpy(&sk, &ctx->args[3], sizeof(sk));
#endif
	return drop_socket(ctx, skb, sk, location, reason);
}
