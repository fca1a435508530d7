/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A column of your own, in one line below the types that it needs and outside of functions:
 *
 *	DROP_FIELD(u32, rcvbuf, "%u", sk->sk_rcvbuf)
 *
 * its type, its name, how it is shown, and its value. The value is C; `ctx`, `skb`, `sk` (skb->sk),
 * `location` and `reason` are those of the drop. bytetrace makes a read of the kernel's memory of
 * each `->`, gives the kind of value as a part of the name, and lists the lines in DROP_FIELDS.
 *
 *	DROP_IN_FUNCTION(location, "br_*,__br_*")
 *
 * is true if an address lies in a function of that name on this kernel: bytetrace makes it a
 * comparison with numbers.
 */
/* A line that an #if leaves out is listed all the same: without its function nothing may run. */
#pragma clang diagnostic error "-Wundefined-internal"

#define DROP_READ(pointer, member)                                                                 \
	({                                                                                         \
		__typeof__((pointer)->member) value_;                                              \
		bpf_probe_read_kernel(&value_, sizeof(value_), &(pointer)->member);                \
		value_;                                                                            \
	})

/* Where the text or the bytes are that a member is, or points to. */
#define DROP_ADDRESS(pointer, member)                                                              \
	__builtin_choose_expr(__builtin_types_compatible_p(__typeof__((pointer)->member),          \
							   __typeof__(&(pointer)->member[0])),     \
			      DROP_READ(pointer, member), &(pointer)->member[0])

#define DROP_SK DROP_READ(skb, sk)

#define DROP_FIELD_NUMBER(type, name, value)                                                       \
	static __always_inline u64 drop_field_##name(void *ctx, struct sk_buff *skb, u64 location, \
						     u32 reason)                                   \
	{                                                                                          \
		return (u64)(type)(value);                                                         \
	}
#define DROP_FIELD_BYTES(name, value)                                                              \
	static __always_inline const void *drop_field_##name(void *ctx, struct sk_buff *skb,       \
							     u64 location, u32 reason)             \
	{                                                                                          \
		return (const void *)(value);                                                      \
	}

/* What a raw tracepoint was called with, from 0 on; what the function of a kprobe was, 1 to 5. */
#define TRACEPOINT_ARG(n) (((struct bpf_raw_tracepoint_args *)ctx)->args[n])
#define KPROBE_ARG(n) PT_REGS_PARM##n((struct pt_regs *)ctx)

/* Of each line: the member of the record, the function, and how the one is filled by the other. */
#define DROP_MEMBER_NUMBER(name) u64 field_##name;
#define DROP_MEMBER_BYTES(name, size) char field_##name[size] __attribute__((aligned(8)));
#define DROP_DECLARE_NUMBER(name) static u64 drop_field_##name(void *, struct sk_buff *, u64, u32);
#define DROP_DECLARE_BYTES(name, size)                                                             \
	static const void *drop_field_##name(void *, struct sk_buff *, u64, u32);
#define DROP_FILL_NUMBER(name) to->field_##name = drop_field_##name(ctx, skb, location, reason);
#define DROP_FILL_STRING(name, size)                                                               \
	bpf_probe_read_kernel_str(to->field_##name, size,                                          \
				  drop_field_##name(ctx, skb, location, reason));
#define DROP_FILL_BYTES(name, size)                                                                \
	bpf_probe_read_kernel(to->field_##name, size,                                              \
			      drop_field_##name(ctx, skb, location, reason));
