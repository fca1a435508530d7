/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads of kernel memory. The verifier refuses a plain `->` on a pointer that it does not know.
 * These macros follow a pointer with a helper that checks each step; a step that fails gives 0.
 *
 *	READ(skb, dev, mtu)                      skb->dev->mtu
 *	READ(sk, __sk_common.skc_net.net, ns)    members of members, and elements: name[0]
 *	READ(skb, dev, name)                     an array is a pointer to its first element, as in C
 *	READ_AT(skb, dev, stats)                 &skb->dev->stats: reads dev, but not stats
 *	READ_STR(to, size, skb, dev, name)       copies text up to its NUL
 *	READ_BYTES(to, size, sk, sk_v6_daddr)    copies bytes
 *
 * One to six members follow the pointer. READ() has the type of the last one. READ_STR() and
 * READ_BYTES() copy what the last one points to if it is a pointer, and itself otherwise.
 */
#ifdef READ /* 0, a direction, in linux/kernel.h: headers that come later may use it */
#undef READ
enum { READ };
#endif

/* The type that a member has as a value: that of an array is a pointer to its first element. */
#define READ_TYPE(pointer, member) __typeof__(((void)0, (pointer)->member))
#define READ_IS_ARRAY(pointer, member)                                                             \
	(!__builtin_types_compatible_p(__typeof__((pointer)->member), READ_TYPE(pointer, member)))
#define READ_IS_POINTER(pointer, member) /* 5 is the class of pointers */                          \
	(__builtin_classify_type((pointer)->member) == 5 && !READ_IS_ARRAY(pointer, member))

/*
 * One step each. The pointer appears only once, so that the text of a chain does not double with
 * each step, and never behind a `*`, which libbcc would try to rewrite even inside a macro.
 */
#define READ_VALUE(pointer, member)                                                                \
	({                                                                                         \
		__auto_type read_from_ = (pointer);                                                \
		const void *read_at_ = &read_from_->member;                                        \
		READ_TYPE(read_from_, member) read_value_;                                         \
		if (READ_IS_ARRAY(read_from_, member))                                             \
			__builtin_memcpy(&read_value_, &read_at_,                                  \
					 READ_IS_ARRAY(read_from_, member) * sizeof(read_at_));    \
		else                                                                               \
			bpf_probe_read_kernel(&read_value_, sizeof(read_value_), read_at_);        \
		read_value_;                                                                       \
	})
#define READ_ADDRESS(pointer, member) (&(pointer)->member)
#define READ_PLACE(pointer, member)                                                                \
	({                                                                                         \
		__auto_type read_from_ = (pointer);                                                \
		const void *read_at_ = &read_from_->member;                                        \
		if (READ_IS_POINTER(read_from_, member))                                           \
			bpf_probe_read_kernel(&read_at_, sizeof(read_at_), read_at_);              \
		read_at_;                                                                          \
	})

/* A chain reads all members but the last one, which is left to the macro `last`. */
#define READ_1(last, pointer, a) last(pointer, a)
#define READ_2(last, pointer, a, b) READ_1(last, READ_VALUE(pointer, a), b)
#define READ_3(last, pointer, a, ...) READ_2(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_4(last, pointer, a, ...) READ_3(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_5(last, pointer, a, ...) READ_4(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_6(last, pointer, a, ...) READ_5(last, READ_VALUE(pointer, a), __VA_ARGS__)
#define READ_PICK(a, b, c, d, e, f, chain, ...) chain
#define READ_CHAIN(last, pointer, ...)                                                             \
	READ_PICK(__VA_ARGS__, READ_6, READ_5, READ_4, READ_3, READ_2, READ_1, )                   \
	(last, pointer, __VA_ARGS__)

#define READ(pointer, ...) READ_CHAIN(READ_VALUE, pointer, __VA_ARGS__)
#define READ_AT(pointer, ...) READ_CHAIN(READ_ADDRESS, pointer, __VA_ARGS__)
#define READ_STR(to, size, pointer, ...)                                                           \
	bpf_probe_read_kernel_str(to, size, READ_CHAIN(READ_PLACE, pointer, __VA_ARGS__))
#define READ_BYTES(to, size, pointer, ...)                                                         \
	bpf_probe_read_kernel(to, size, READ_CHAIN(READ_PLACE, pointer, __VA_ARGS__))
