/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose packet it is: the socket that it was for or came from. TCP has smaller structs for a
 * connection that is being opened, which stands for the listening socket, and for one that is closed.
 */
enum { SOCKET_TIME_WAIT = 6, SOCKET_NEW_SYN_RECV = 12 }; /* skc_state */

/*
 * The whole struct sock that `sk` stands for; NULL: there is none. No socket has the state 0: that is
 * what is read if `sk` is something else, as the offset of a fragment before Linux 6.9.
 */
static __always_inline struct sock *full_socket(struct sock *sk)
{
	u8 state = sk ? READ(sk, __sk_common.skc_state) : 0;

	if (state == SOCKET_NEW_SYN_RECV)
		return READ(sk, __sk_common.skc_listener);
	return state == 0 || state == SOCKET_TIME_WAIT ? NULL : sk;
}

/* Inode and user of the socket; 0 if a filter on them does not match. */
static __always_inline int read_socket(struct drop_event *event, struct sock *sk)
{
	struct socket *socket;

	sk = full_socket(sk);
	if (sk) {
		/* A connection that no program has accepted yet has no struct socket. */
		socket = READ(sk, sk_socket);
		if (socket)
			event->socket = READ((struct socket_alloc *)socket, vfs_inode.i_ino);
		if (event->socket)
			event->flags |= DROP_HAS_SOCKET;
		event->uid = READ(sk, sk_uid.val);
		event->flags |= DROP_HAS_UID;
	}
//@slot filter_socket
	return 1;
}
