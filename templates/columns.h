/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How columns of your own (field.h) get into a record, or into the key that drops are counted by: for
 * each of them the record has a member behind the others, filled by the function of its line.
 */
#ifdef DROP_FIELDS
#define HAS_COLUMNS 1
DROP_FIELDS(DROP_DECLARE_NUMBER, DROP_DECLARE_BYTES, DROP_DECLARE_BYTES)

static __always_inline void fill_columns(struct drop_event *to, void *ctx, struct sk_buff *skb,
					 struct sock *given, u64 location, u32 reason)
{
	struct sock *sk = drop_socket_of(given, READ(skb, sk));

	DROP_FIELDS(DROP_FILL_NUMBER, DROP_FILL_STRING, DROP_FILL_BYTES)
}
#else
#define HAS_COLUMNS 0
#define fill_columns(to, ctx, skb, given, location, reason)
#endif
