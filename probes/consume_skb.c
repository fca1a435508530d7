/*
 * consume_skb: packets that the kernel frees because it is done with them, to compare with drops.
 *
 * These are not drops: a datagram that was read, a frame that a device has sent, a copy that is no
 * longer needed. A packet that shows up here and not in kfree_skb was processed normally, as far as
 * the code that freed it knows. There is one for almost every packet: use filters.
 *
 * Attach point: the raw tracepoint skb:consume_skb.
 *
 * Kernels: all with raw tracepoints (4.17). LOCATION is the function that freed the packet, from
 * Linux 6.3 on. REASON is `-`.
 */
#include <linux/version.h>

int raw_tracepoint__consume_skb(struct bpf_raw_tracepoint_args *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	u64 location = ctx->args[1];
#else
	u64 location = 0;
#endif

	return drop(ctx, (struct sk_buff *)ctx->args[0], location, DROP_NO_REASON);
}
