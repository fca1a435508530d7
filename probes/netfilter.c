/*
 * netfilter: packets that a rule or the policy of a firewall drops, and where.
 *
 * Catches drop verdicts of nftables (also iptables-nft) and of iptables and ip6tables. Drops by
 * other parts of netfilter (connection tracking, queues, ebtables) are not included.
 *
 * Attach point: kprobes and kretprobes on nft_do_chain, ipt_do_table and ip6t_do_table, which note
 * what a packet passes through; a kprobe on nft_immediate_eval (verdicts of rules); the raw
 * tracepoint skb:kfree_skb reports the drop. Modules must be loaded before tracing starts. Kernels:
 * from 5.4 on, with kprobes; x86-64 and arm64. The structs of nf_tables and x_tables are defined in
 * modules, so this file has their layouts from 5.4 to 7.2.
 *
 * NF_TABLE, NF_CHAIN and NF_HOOK say where: the chain of the rule that dropped the packet;
 * before 6.4 the base chain, if a verdict map leads to that rule. For iptables it is the built-in
 * chain that the packet came through. NF_RULE is the handle of the rule as in `nft -a list
 * ruleset`; 0 if the chain's policy, a verdict map or `reject` dropped the packet, and for
 * iptables, whose rules have no handle.
 */
#include <linux/version.h>

/* What a packet passes through or was dropped by. Pointers lead to the kernel's own strings. */
struct netfilter_note {
	u64 table, chain; /* names; chain 0: iptables, named after the hook */
	u64 rule;	  /* its handle */
	u64 nft_chain;	  /* struct nft_chain that was entered */
	u64 nft_jumped;	  /* the one that a rule jumped to last */
	u32 hook, family;
	char hook_name[16];
	char chain_name[16];
};

/* The key is the address of the packet. */
BPF_TABLE("lru_hash", u64, struct netfilter_note, netfilter_notes, 4096);

/* The packet of each call, by the stack pointer after its return. */
BPF_TABLE("lru_hash", u64, u64, netfilter_calls, 1024);

#define KERNEL_READ(type, address)                                                                 \
	({                                                                                         \
		type value_ = 0;                                                                   \
		bpf_probe_read_kernel(&value_, sizeof(value_), (void *)(address));                 \
		value_;                                                                            \
	})

#ifdef bpf_target_x86
#define STACK_BEHIND(ctx) (PT_REGS_SP(ctx) + 8) /* without the return address */
#else
#define STACK_BEHIND(ctx) PT_REGS_SP(ctx)
#endif

/* Offsets of members on 64-bit machines. */
#define NFT_PKTINFO_SKB 0
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define NFT_PKTINFO_STATE 8
#else
#define NFT_PKTINFO_STATE 32
#endif
#define NFT_CHAIN_TABLE 64
#define NFT_CHAIN_NAME 88
#define NFT_EXPR_OPS 0
#define NFT_EXPR_OPS_SIZE 16
#define NFT_IMMEDIATE_CODE 8
#define NFT_IMMEDIATE_CHAIN 16
#define NFT_IMMEDIATE_REGISTER 24
#define NFT_RULE_LAST_CHAIN 32
#define XT_TABLE_NAME 56

enum { VERDICT_DROP = 0, VERDICT_JUMP = -3, VERDICT_GOTO = -4 };

enum { MAX_RULES = 256 };

static __always_inline int is_kernel_pointer(u64 address)
{
	return address >> 56 == 0xff;
}

/*
 * Whether the name of a table is at this offset: it follows hash tables whose size varies, and,
 * right in front of it, a handle, a use count, the family and, from 5.13 on, a netlink port.
 */
static __always_inline int is_name(u64 table, u32 at, u32 front)
{
	u64 handle = KERNEL_READ(u64, table + at - front);
	u16 family = KERNEL_READ(u16, table + at - front + 12) & 0x3f;

	return is_kernel_pointer(KERNEL_READ(u64, table + at)) && handle > 0 && handle >> 32 == 0 &&
	       (family == 1 || family == 2 || family == 3 || family == 5 || family == 7 ||
		family == 10);
}

static __always_inline u64 nft_table_name(u64 table)
{
	if (is_name(table, 384, 24))
		return KERNEL_READ(u64, table + 384);
	if (is_name(table, 432, 24)) /* 7.2 */
		return KERNEL_READ(u64, table + 432);
	if (is_name(table, 248, 24))
		return KERNEL_READ(u64, table + 248);
	if (is_name(table, 240, 16)) /* 5.12 */
		return KERNEL_READ(u64, table + 240);
	return 0;
}

/* A packet enters a table or chain. `state` is a struct nf_hook_state. */
static __always_inline int enter_chain(struct pt_regs *ctx, u64 skb, u64 state,
				       struct netfilter_note *note)
{
	u64 frame = STACK_BEHIND(ctx);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	note->hook = KERNEL_READ(u8, state);
	note->family = KERNEL_READ(u8, state + 1);
#else
	note->hook = KERNEL_READ(u32, state);
	note->family = KERNEL_READ(u8, state + 4);
#endif
	netfilter_calls.update(&frame, &skb);
	netfilter_notes.update(&skb, note);
	return 0;
}

/* The packet leaves; unless it is dropped now, later drops have other causes. */
static __always_inline int leave_chain(struct pt_regs *ctx)
{
	u64 frame = PT_REGS_SP(ctx);
	u64 *skb = netfilter_calls.lookup(&frame);
	u64 key;

	if (!skb)
		return 0;
	key = *skb;
	netfilter_calls.delete(&frame);
	if ((PT_REGS_RC(ctx) & 0xff) != VERDICT_DROP)
		netfilter_notes.delete(&key);
	return 0;
}

int kprobe__nft_do_chain(struct pt_regs *ctx)
{
	u64 packet = PT_REGS_PARM1(ctx);
	struct netfilter_note note;

	__builtin_memset(&note, 0, sizeof(note));
	note.nft_chain = PT_REGS_PARM2(ctx);
	return enter_chain(ctx, KERNEL_READ(u64, packet + NFT_PKTINFO_SKB),
			   KERNEL_READ(u64, packet + NFT_PKTINFO_STATE), &note);
}

int kretprobe__nft_do_chain(struct pt_regs *ctx)
{
	return leave_chain(ctx);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#define XT_ARGUMENTS(ctx) PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM1(ctx)
#else
#define XT_ARGUMENTS(ctx) PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)
#endif

static __always_inline int enter_xtables(struct pt_regs *ctx, u64 skb, u64 state, u64 table)
{
	struct netfilter_note note;

	__builtin_memset(&note, 0, sizeof(note));
	note.table = table + XT_TABLE_NAME;
	return enter_chain(ctx, skb, state, &note);
}

int kprobe__ipt_do_table(struct pt_regs *ctx)
{
	return enter_xtables(ctx, XT_ARGUMENTS(ctx));
}

int kretprobe__ipt_do_table(struct pt_regs *ctx)
{
	return leave_chain(ctx);
}

int kprobe__ip6t_do_table(struct pt_regs *ctx)
{
	return enter_xtables(ctx, XT_ARGUMENTS(ctx));
}

int kretprobe__ip6t_do_table(struct pt_regs *ctx)
{
	return leave_chain(ctx);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 17, 0)
/*
 * The rules of a chain are contiguous: a word with the bit "last", 12 bits of the length of what
 * follows and 42 bits of the handle, then the rule's expressions. Returns the handle of the rule
 * that contains this expression, or 0.
 */
static __always_inline u64 find_rule(u64 rules, u64 expression)
{
	u64 head, end;

#pragma clang loop unroll(disable)
	for (int i = 0; i < MAX_RULES; i++) {
		head = KERNEL_READ(u64, rules);
		end = rules + 8 + (head >> 1 & 0xfff);
		if (expression > rules && expression < end)
			return head >> 13 & 0x3ffffffffff;
		if (head & 1)
			break;
		rules = end;
	}
	return 0;
}

static __always_inline u64 find_rule_of_chain(u64 chain, u64 expression)
{
	u64 handle = 0;

	/* The rules in force, and those before or after a change. */
	if (chain)
		handle = find_rule(KERNEL_READ(u64, chain) + 8, expression);
	if (chain && !handle)
		handle = find_rule(KERNEL_READ(u64, chain + 8) + 8, expression);
	return handle;
}
#else
/* The rules of a chain are an array of pointers. Handle and length follow a list head. */
static __always_inline u64 find_rule(u64 rules, u64 expression)
{
	u64 rule, head;

#pragma clang loop unroll(disable)
	for (int i = 0; i < MAX_RULES; i++) {
		rule = KERNEL_READ(u64, rules + 8 * i);
		if (!rule)
			break;
		head = KERNEL_READ(u64, rule + 16);
		if (expression > rule && expression < rule + 24 + (head >> 44 & 0xfff))
			return head & 0x3ffffffffff;
	}
	return 0;
}

static __always_inline u64 find_rule_of_chain(u64 chain, u64 expression)
{
	u64 handle = 0;

	if (chain)
		handle = find_rule(KERNEL_READ(u64, chain), expression);
	if (chain && !handle)
		handle = find_rule(KERNEL_READ(u64, chain + 8), expression);
	return handle;
}
#endif

/* This expression of a rule drops the packet. */
static __always_inline void find_dropping_rule(struct netfilter_note *note, u64 expression)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	u64 last = expression + KERNEL_READ(u32, KERNEL_READ(u64, expression + NFT_EXPR_OPS) +
							 NFT_EXPR_OPS_SIZE);
	u64 head;

	/* A verdict ends its rule; the end marker of the rules points to their chain. */
#pragma clang loop unroll(disable)
	for (int i = 0; i < MAX_RULES; i++) {
		head = KERNEL_READ(u64, last);
		if (head & 1)
			break;
		last += 8 + (head >> 1 & 0xfff);
	}
	if (!(head & 1))
		return;
	note->nft_chain = KERNEL_READ(u64, last + NFT_RULE_LAST_CHAIN);
	note->rule = find_rule_of_chain(note->nft_chain, expression);
#else
	note->rule = find_rule_of_chain(note->nft_chain, expression);
	if (note->rule || !note->nft_jumped)
		return;
	note->rule = find_rule_of_chain(note->nft_jumped, expression);
	if (note->rule)
		note->nft_chain = note->nft_jumped;
#endif
}

int kprobe__nft_immediate_eval(struct pt_regs *ctx)
{
	u64 expression = PT_REGS_PARM1(ctx);
	u64 skb = KERNEL_READ(u64, PT_REGS_PARM3(ctx) + NFT_PKTINFO_SKB);
	struct netfilter_note *note = netfilter_notes.lookup(&skb);
	s32 code = KERNEL_READ(s32, expression + NFT_IMMEDIATE_CODE);

	/* Register 0 holds verdicts, the others data. */
	if (!note || KERNEL_READ(u8, expression + NFT_IMMEDIATE_REGISTER) != 0)
		return 0;
	if (code == VERDICT_JUMP || code == VERDICT_GOTO)
		note->nft_jumped = KERNEL_READ(u64, expression + NFT_IMMEDIATE_CHAIN);
	if (code == VERDICT_DROP)
		find_dropping_rule(note, expression);
	return 0;
}

#define HOOK(small, large)                                                                         \
	do {                                                                                       \
		__builtin_memcpy(note->hook_name, small, sizeof(small));                           \
		__builtin_memcpy(note->chain_name, large, sizeof(large));                          \
	} while (0)

/* What nft and iptables call the hooks. */
static __always_inline void name_hook(struct netfilter_note *note)
{
	const u32 hook = note->hook;

	if (note->family == 5) { /* netdev */
		if (hook == 0)
			HOOK("ingress", "INGRESS");
		else
			HOOK("egress", "EGRESS");
	} else if (note->family == 3) { /* arp */
		if (hook == 0)
			HOOK("input", "INPUT");
		else
			HOOK("output", "OUTPUT");
	} else if (hook == 0) {
		HOOK("prerouting", "PREROUTING");
	} else if (hook == 1) {
		HOOK("input", "INPUT");
	} else if (hook == 2) {
		HOOK("forward", "FORWARD");
	} else if (hook == 3) {
		HOOK("output", "OUTPUT");
	} else if (hook == 4) {
		HOOK("postrouting", "POSTROUTING");
	} else {
		HOOK("ingress", "INGRESS");
	}
}

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	u64 skb = ctx->args[0];
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = DROP_NO_REASON;
#endif
	struct netfilter_note *note = netfilter_notes.lookup(&skb);

	if (!note)
		return 0;
#ifdef DROP_REASON_NETFILTER_DROP
	/* A missed return has left its note behind. */
	if (reason != DROP_REASON_NETFILTER_DROP)
		goto out;
#endif
	if (note->nft_chain) {
		note->chain = KERNEL_READ(u64, note->nft_chain + NFT_CHAIN_NAME);
		note->table = nft_table_name(KERNEL_READ(u64, note->nft_chain + NFT_CHAIN_TABLE));
	}
	name_hook(note);
	drop(ctx, (struct sk_buff *)skb, location, reason);
out:
	netfilter_notes.delete(&skb);
	return 0;
}

static __always_inline struct netfilter_note *note_of(struct sk_buff *skb)
{
	u64 key = (u64)skb;

	return netfilter_notes.lookup(&key);
}

static __always_inline const void *table_of(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	return note ? (const void *)note->table : NULL;
}

static __always_inline const void *chain_of(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	if (!note)
		return NULL;
	return note->nft_chain ? (const void *)note->chain : (const void *)note->chain_name;
}

static __always_inline const void *hook_of(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	return note ? note->hook_name : NULL;
}

static __always_inline u64 rule_of(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	return note ? note->rule : 0;
}

DROP_FIELD(char[32], nf_table, "%s", table_of(skb))
DROP_FIELD(char[32], nf_chain, "%s", chain_of(skb))
DROP_FIELD(char[16], nf_hook, "%s", hook_of(skb))
DROP_FIELD(u64, nf_rule, "%u", rule_of(skb))
