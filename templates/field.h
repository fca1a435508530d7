/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A column of your own, on a line outside of functions:
 *
 *	DROP_FIELD(u32, rcvbuf, "%u", READ(sk, sk_rcvbuf))
 *
 * its type, its name, its format and its value: any C expression, in which `ctx`, `skb`, `sk` (the
 * socket of the drop, or NULL), `location` and `reason` are those of the drop. The value of a
 * column of text or of an address is a pointer to it. bytetrace finds the lines that begin with
 * DROP_FIELD, lists them in DROP_FIELDS, and shows the columns.
 *
 *	DROP_FUNCTIONS(bridge, "br_*,__br_*")
 *
 * names a set of kernel functions; DROP_IN(bridge, location) is true if the address lies in one of
 * them. bytetrace finds these lines, too, and defines drop_functions_bridge() for this kernel.
 */
/* A line that an #if leaves out is listed, too, but its function is missing: make that an error. */
#pragma clang diagnostic error "-Wundefined-internal"

/*
 * The socket of a drop: the one that the probe knows, else that of the skb. Some verifiers
 * believe that an argument of a tracepoint is never NULL, but not that its copy is.
 */
static __always_inline struct sock *drop_socket_of(struct sock *given, struct sock *own)
{
	struct sock *sk = NULL;

	bpf_probe_read_kernel(&sk, sizeof(sk), &given);
	return sk ? sk : own;
}

/* A type as C passes it: an array becomes a pointer. */
#define DROP_VALUE(type) __typeof__(((void)0, *(__typeof__(type) *)0))

/* The enumerator comes with the list: a line that is not in it must not compile. */
#define DROP_FIELD(type, name, format, ...)                                                        \
	static __always_inline u64 drop_field_##name(void *ctx, struct sk_buff *skb,               \
						     struct sock *sk, u64 location, u32 reason)    \
	{                                                                                          \
		(void)drop_field_begins_its_line_##name;                                           \
		return (u64)(DROP_VALUE(type))(__VA_ARGS__);                                       \
	}

/* What a raw tracepoint was called with, from 0; what the function of a kprobe was, from 1 to 5. */
#define TRACEPOINT_ARG(n) (((struct bpf_raw_tracepoint_args *)ctx)->args[n])
#define KPROBE_ARG(n) PT_REGS_PARM##n((struct pt_regs *)ctx)

#define DROP_FUNCTIONS(name, patterns)
#define DROP_IN(name, address) drop_functions_##name(address)

/* For each column in the list: its member of the record, its function, and how that fills it. */
#define DROP_MEMBER_NUMBER(name) u64 field_##name;
#define DROP_MEMBER_BYTES(name, size) char field_##name[size] __attribute__((aligned(8)));
#define DROP_DECLARE_NUMBER(name)                                                                  \
	static u64 drop_field_##name(void *, struct sk_buff *, struct sock *, u64, u32);
#define DROP_DECLARE_BYTES(name, size) DROP_DECLARE_NUMBER(name)
#define DROP_FILL_NUMBER(name) to->field_##name = drop_field_##name(ctx, skb, sk, location, reason);
#define DROP_FILL_STRING(name, size)                                                               \
	bpf_probe_read_kernel_str(to->field_##name, size,                                          \
				  (void *)drop_field_##name(ctx, skb, sk, location, reason));
#define DROP_FILL_BYTES(name, size)                                                                \
	bpf_probe_read_kernel(to->field_##name, size,                                              \
			      (void *)drop_field_##name(ctx, skb, sk, location, reason));
