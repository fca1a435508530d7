/*
 * udp_fail_queue: datagrams that UDP could not put into the receive queue of their socket.
 *
 * The program that owns the socket reads too slowly, SO_RCVBUF is too small for a burst (ERROR -12,
 * UdpRcvbufErrors in nstat), or all UDP sockets together have used up net.ipv4.udp_mem (ERROR -105,
 * UdpMemErrors).
 *
 * Attach point: the raw tracepoint udp:udp_fail_queue_rcv_skb.
 *
 * Kernels: all with raw tracepoints (4.17). Before 6.10 the tracepoint comes without the packet,
 * which has been freed by then: only NETNS and the columns below are known, and filters on
 * addresses, ports and interface do not match. There is no LOCATION; REASON needs a kernel that has
 * it (5.18).
 *
 * ERROR: -errno. RMEM: memory used by the queue, in bytes (r in `ss -um`). RCVBUF: its limit (rb).
 * UID: the user that the socket belongs to. INODE: that of the socket; the process has it open as
 * /proc/PID/fd/N -> socket:[INODE], and `ss -uae` prints it as ino. LPORT: local port.
 */
#include <linux/version.h>

#define OWNER ((struct sock *)TRACEPOINT_ARG(1))

DROP_FIELD(s32, error, "%d", TRACEPOINT_ARG(0))
DROP_FIELD(u32, rmem, "%u", READ(OWNER, sk_backlog.rmem_alloc.counter))
DROP_FIELD(u32, rcvbuf, "%u", READ(OWNER, sk_rcvbuf))
DROP_FIELD(u32, uid, "%u", READ(OWNER, sk_uid.val))
DROP_FIELD(u64, inode, "%u", READ((struct socket_alloc *)READ(OWNER, sk_socket), vfs_inode.i_ino))
DROP_FIELD(u16, lport, "%u", READ(OWNER, __sk_common.skc_num))

int raw_tracepoint__udp_fail_queue_rcv_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u32 reason = DROP_NO_REASON;

#if defined(DROP_REASON_SOCKET_RCVBUFF) && defined(DROP_REASON_PROTO_MEM)
	reason = (int)ctx->args[0] == -12 ? DROP_REASON_SOCKET_RCVBUFF : DROP_REASON_PROTO_MEM;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return drop(ctx, (struct sk_buff *)ctx->args[2], 0, reason);
#else
	struct sk_buff nothing;

	__builtin_memset(&nothing, 0, sizeof(nothing));
	nothing.sk = (struct sock *)ctx->args[1];
	nothing.mac_header = (u16)~0; /* unset */
	return drop(ctx, &nothing, 0, reason);
#endif
}
