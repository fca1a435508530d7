/*
 * sock_rcvqueue: packets to a socket whose receive queue is full.
 *
 * The program that owns the socket reads too slowly, or SO_RCVBUF is too small for a burst. This
 * covers ping, raw, CAN, Bluetooth and other sockets that queue packets as they are (on newer
 * kernels raw sockets check earlier, and drop in raw_v4_input). UDP has a queue of its own
 * (udp_fail_queue); TCP and AF_PACKET do not pass here.
 *
 * Attach point: the raw tracepoint sock:sock_rcvqueue_full, right before the packet is freed.
 *
 * Kernels: all with raw tracepoints (4.17). There is no LOCATION; REASON needs a kernel with
 * SOCKET_RCVBUFF (5.18).
 *
 * RMEM: memory used by the queue, in bytes (r in `ss -m`). RCVBUF: its limit (rb). UID: the user
 * that the socket belongs to. INODE: that of the socket; the process has it open as /proc/PID/fd/N
 * -> socket:[INODE], and `ss -ae` prints it as ino. LPORT: local port; the identifier of a ping
 * socket, the IP protocol of a raw one. FAMILY: address family (2: IPv4, 10: IPv6).
 */
#define OWNER ((struct sock *)TRACEPOINT_ARG(0))

DROP_FIELD(u32, rmem, "%u", READ(OWNER, sk_backlog.rmem_alloc.counter))
DROP_FIELD(u32, rcvbuf, "%u", READ(OWNER, sk_rcvbuf))
DROP_FIELD(u32, uid, "%u", READ(OWNER, sk_uid.val))
DROP_FIELD(u64, inode, "%u", READ((struct socket_alloc *)READ(OWNER, sk_socket), vfs_inode.i_ino))
DROP_FIELD(u16, lport, "%u", READ(OWNER, __sk_common.skc_num))
DROP_FIELD(u16, family, "%u", READ(OWNER, __sk_common.skc_family))

int raw_tracepoint__sock_rcvqueue_full(struct bpf_raw_tracepoint_args *ctx)
{
	u32 reason = DROP_NO_REASON;

#ifdef DROP_REASON_SOCKET_RCVBUFF
	reason = DROP_REASON_SOCKET_RCVBUFF;
#endif
	return drop(ctx, (struct sk_buff *)ctx->args[1], 0, reason);
}
