/*
 * kfree_skb_btf: every packet that the kernel throws away, for kernels with BTF.
 *
 * Attach point: the raw tracepoint skb:kfree_skb, the same one as that of kfree_skb.c. But the
 * verifier knows from the kernel's BTF what its arguments are, so that the packet is read where it
 * lies, by plain loads instead of calls. Kernels: from 6.2 on, with BTF.
 * LOCATION is the function that called kfree_skb, REASON is what it gave as the cause.
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

	/* libbcc makes a call of each load by a pointer that it sees coming out of ctx. */
	__builtin_memcpy(&skb, &ctx->args[0], sizeof(skb));
	return drop(ctx, skb, location, reason);
}
