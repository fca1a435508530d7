/*
 * netfilter: packets that a rule or the policy of a firewall drops, and where.
 *
 * Catches drop verdicts of nftables (also iptables-nft) and of iptables and ip6tables. Drops by
 * other parts of netfilter (connection tracking, queues, ebtables) are not included.
 *
 * Attach point: kprobes and kretprobes on nft_do_chain, ipt_do_table and ip6t_do_table, which note
 * what a packet passes through; kprobes on nft_immediate_eval (verdicts of rules), reject_tg and
 * reject_tg6 (REJECT of iptables); the raw tracepoint skb:kfree_skb reports the drop. Modules must
 * be loaded before tracing starts. Kernels: from 5.4 on, with kprobes; x86-64 and arm64. The
 * structs of nf_tables and x_tables are defined in modules, so this file has their layouts from 5.4
 * to 7.2.
 *
 * NF_BY: nftables or iptables. NF_FAMILY: of the table (ip, ip6, inet, arp, bridge, netdev).
 * NF_TABLE, NF_CHAIN and NF_HOOK say where: the chain of the rule that dropped the packet; before
 * 6.4 the base chain, if a verdict map leads to that rule; the built-in chain, if iptables does not
 * say which rule it was. NF_RULE: for nftables the handle of the rule as in `nft -a list ruleset`;
 * 0 if the chain's policy, a verdict map or `reject` dropped the packet. For iptables the number of
 * the rule as in `iptables -L --line-numbers`; 0 if it was the policy or is not known: a module
 * other than REJECT dropped the packet, the table has more than 256 entries, or the kernel hides
 * where its per-CPU counters are (kernel.kptr_restrict, CONFIG_KALLSYMS_ALL).
 *
 * iptables does not say which rule with DROP it was, but counts its packets and bytes for each CPU:
 * it was the only one whose counter has moved by this packet since the drop before it.
 */
#include <linux/version.h>

/* Where a rule is in an iptables table. */
struct position {
	u64 chain_name; /* 0: a built-in chain */
	u32 number;
};

/* What a packet passes through or was dropped by. Pointers lead to the kernel's own strings. */
struct netfilter_note {
	u64 table, chain; /* names; chain 0: iptables, named after the hook */
	u64 rule;	  /* its handle or number */
	u64 nft_chain;	  /* struct nft_chain that was entered; 0: iptables */
	u64 nft_jumped;	  /* the one that a rule jumped to last */
	u64 entries;	  /* struct xt_table_info, the rules of an iptables table */
	u64 target;	  /* REJECT: its struct xt_entry_target */
	struct position here, found;
	u32 moved;	  /* rules that can have dropped the packet */
	u32 hook, family; /* enum nf_inet_hooks; NFPROTO_... */
	char hook_name[16];
	char chain_name[32];
	char family_name[8];
	char by[16];
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
#define XT_TABLE_PRIVATE 24
#define XT_TABLE_NAME 56
#define XT_INFO_HOOK_ENTRY 12
#define XT_INFO_UNDERFLOW 32
#define XT_INFO_ENTRIES 64
#define XT_ACTION_TARGET_DATA 8
#define XT_TARGET_SIZE 32 /* of struct xt_entry_target, which data follow */
#define XT_TARGET_KERNEL 8
#define XT_TARGET_NAME 16
#define XT_TARGET_FUNCTION 48
#define XT_COUNTERS(offsets) ((offsets) + 8 + ((offsets)&4)) /* aligned to 8 bytes */
#define IPT_ENTRY_OFFSETS 88				     /* target_offset, next_offset */
#define IP6T_ENTRY_OFFSETS 140

enum { VERDICT_DROP = 0, VERDICT_JUMP = -3, VERDICT_GOTO = -4, VERDICT_STANDARD_DROP = -1 };

enum { MAX_RULES = 256 };

enum {
	FAMILY_INET = 1,
	FAMILY_IP = 2,
	FAMILY_ARP = 3,
	FAMILY_NETDEV = 5,
	FAMILY_BRIDGE = 7,
	FAMILY_IP6 = 10
};

static __always_inline int is_kernel_pointer(u64 address)
{
	return address >> 56 == 0xff;
}

/*
 * Whether the name of a table is at this offset: it follows hash tables whose size varies, and,
 * right in front of it, a handle, a use count, the family and, from 5.13 on, a netlink port.
 * Returns the family, or 0.
 */
static __always_inline u32 family_before(u64 table, u32 at, u32 front)
{
	u64 handle = KERNEL_READ(u64, table + at - front);
	u16 family = KERNEL_READ(u16, table + at - front + 12) & 0x3f;

	if (!is_kernel_pointer(KERNEL_READ(u64, table + at)) || handle == 0 || handle >> 32 != 0)
		return 0;
	return family == FAMILY_INET || family == FAMILY_IP || family == FAMILY_ARP ||
			       family == FAMILY_NETDEV || family == FAMILY_BRIDGE ||
			       family == FAMILY_IP6
		       ? family
		       : 0;
}

/* Set name and family of an nftables table. */
static __always_inline void note_nft_table(struct netfilter_note *note, u64 table)
{
	u32 at = 384;
	u32 family = family_before(table, at, 24);

	if (!family)
		family = family_before(table, at = 432, 24); /* 7.2 */
	if (!family)
		family = family_before(table, at = 248, 24);
	if (!family)
		family = family_before(table, at = 240, 16); /* 5.12 */
	note->family = family;
	note->table = family ? KERNEL_READ(u64, table + at) : 0;
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

/*
 * The packet leaves; unless it is dropped now, later drops have other causes. Returns the packet if
 * it is dropped, or 0.
 */
static __always_inline u64 leave_chain(struct pt_regs *ctx)
{
	u64 frame = PT_REGS_SP(ctx);
	u64 *skb = netfilter_calls.lookup(&frame);
	u64 key;

	if (!skb)
		return 0;
	key = *skb;
	netfilter_calls.delete(&frame);
	if ((PT_REGS_RC(ctx) & 0xff) == VERDICT_DROP)
		return key;
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
	leave_chain(ctx);
	return 0;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#define XT_ARGUMENTS(ctx) PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM1(ctx)
#else
#define XT_ARGUMENTS(ctx) PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)
#endif

/* What a rule with DROP had counted when it was last looked at. */
struct rule_count {
	u64 packets, bytes;
};

/* By the address of the rule. */
BPF_TABLE("lru_percpu_hash", u64, struct rule_count, rule_counts, 4096);

/* Whether the rules of a table, a struct xt_table_info, were looked at on this CPU. */
BPF_TABLE("lru_percpu_hash", u64, u64, known_tables, 256);

/* What this CPU has counted for a rule. False: it is not known where. */
static __always_inline bool read_count(struct rule_count *count, u64 counters)
{
#ifdef DROP_ADDRESS___per_cpu_offset
	u64 at = KERNEL_READ(u64, counters) +
		 KERNEL_READ(u64, DROP_ADDRESS___per_cpu_offset + 8 * bpf_get_smp_processor_id());

#ifdef DROP_ADDRESS_nr_cpu_ids
	if (KERNEL_READ(u32, DROP_ADDRESS_nr_cpu_ids) == 1)
		at = counters;
#endif
	return bpf_probe_read_kernel(count, sizeof(*count), (void *)at) == 0;
#else
	return false;
#endif
}

/* Whether it is the target that starts a chain of the user's, with its name: ERROR. */
static __always_inline bool starts_chain(u64 kernel_target)
{
	return KERNEL_READ(u32, kernel_target + XT_TARGET_NAME) == 0x4f525245 /* "ERRO" */;
}

/*
 * Look at all rules of a table. With `dropped`, find the one that dropped this packet of `length`
 * bytes: sets its chain and its number, unless not exactly one can have done so. Without, just note
 * what the rules have counted. What changes in the loop is in the note, a map's value, so that the
 * verifier need not follow it.
 */
static __always_inline void walk_rules(struct netfilter_note *note, u32 offsets, bool dropped,
				       u32 length)
{
	const u64 start = note->entries + XT_INFO_ENTRIES;
	const u64 end = start + KERNEL_READ(u32, note->entries);
	const u64 hook = note->entries + 4 * (note->hook & 7);
	const u64 first = start + KERNEL_READ(u32, hook + XT_INFO_HOOK_ENTRY);
	const u64 policy = start + KERNEL_READ(u32, hook + XT_INFO_UNDERFLOW);
	struct position *here = &note->here;
	struct rule_count count, *before;
	u64 entry = start, target, kernel_target;
	u32 sizes;

	*here = (struct position){};
#pragma clang loop unroll(disable)
	for (int i = 0; i < MAX_RULES && entry < end; i++) {
		sizes = KERNEL_READ(u32, entry + offsets);
		target = entry + (sizes & 0xffff);
		kernel_target = KERNEL_READ(u64, target + XT_TARGET_KERNEL);
		if (entry == first)
			*here = (struct position){};
		here->number++;
		if (note->target == target) {
			note->found = *here;
			note->moved++;
		} else if (KERNEL_READ(u64, kernel_target + XT_TARGET_FUNCTION)) {
			if (starts_chain(kernel_target)) {
				here->chain_name = target + XT_TARGET_SIZE;
				here->number = 0;
			}
		} else if (KERNEL_READ(s32, target + XT_TARGET_SIZE) == VERDICT_STANDARD_DROP &&
			   read_count(&count, entry + XT_COUNTERS(offsets))) {
			before = rule_counts.lookup(&entry);
			if (!note->target && (!before || before->packets != count.packets)) {
				note->found = *here;
				if (entry == policy)
					note->found.number = 0;
				note->moved++;
				/* It was not this packet alone. */
				if (!before || before->packets + 1 != count.packets ||
				    before->bytes + length != count.bytes)
					note->moved++;
			}
			rule_counts.update(&entry, &count);
		}
		entry += sizes >> 16;
	}
	if (!dropped || note->moved != 1)
		return;
	note->rule = note->found.number;
	if (note->found.chain_name)
		bpf_probe_read_kernel_str(note->chain_name, sizeof(note->chain_name),
					  (void *)note->found.chain_name);
}

static __always_inline int enter_xtables(struct pt_regs *ctx, u64 skb, u64 state, u64 table,
					 u32 offsets)
{
	struct netfilter_note note, *noted;
	u64 *known, yes = 1;

	__builtin_memset(&note, 0, sizeof(note));
	note.table = table + XT_TABLE_NAME;
	note.entries = KERNEL_READ(u64, table + XT_TABLE_PRIVATE);
	enter_chain(ctx, skb, state, &note);
	known = known_tables.lookup(&note.entries);
	if (known && *known)
		return 0;
	known_tables.update(&note.entries, &yes);
	noted = netfilter_notes.lookup(&skb);
	if (noted) {
		walk_rules(noted, offsets, false, 0);
		noted->moved = 0;
	}
	return 0;
}

static __always_inline int leave_xtables(struct pt_regs *ctx, u32 offsets)
{
	u64 skb = leave_chain(ctx);
	struct netfilter_note *note = netfilter_notes.lookup(&skb);

	if (note)
		walk_rules(note, offsets, true, READ((struct sk_buff *)skb, len));
	return 0;
}

int kprobe__ipt_do_table(struct pt_regs *ctx)
{
	return enter_xtables(ctx, XT_ARGUMENTS(ctx), IPT_ENTRY_OFFSETS);
}

int kretprobe__ipt_do_table(struct pt_regs *ctx)
{
	return leave_xtables(ctx, IPT_ENTRY_OFFSETS);
}

int kprobe__ip6t_do_table(struct pt_regs *ctx)
{
	return enter_xtables(ctx, XT_ARGUMENTS(ctx), IP6T_ENTRY_OFFSETS);
}

int kretprobe__ip6t_do_table(struct pt_regs *ctx)
{
	return leave_xtables(ctx, IP6T_ENTRY_OFFSETS);
}

/* REJECT: the data of the target that is called follow its start in the rule. */
static __always_inline int note_reject(u64 skb, u64 action)
{
	struct netfilter_note *note = netfilter_notes.lookup(&skb);

	if (note)
		note->target = KERNEL_READ(u64, action + XT_ACTION_TARGET_DATA) - XT_TARGET_SIZE;
	return 0;
}

int kprobe__reject_tg(struct pt_regs *ctx)
{
	return note_reject(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx));
}

int kprobe__reject_tg6(struct pt_regs *ctx)
{
	return note_reject(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx));
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
		if (!note->chain_name[0])                                                          \
			__builtin_memcpy(note->chain_name, large, sizeof(large));                  \
	} while (0)

/* What nft and iptables call the hooks. */
static __always_inline void name_hook(struct netfilter_note *note)
{
	const u32 hook = note->hook;

	if (note->family == FAMILY_NETDEV) {
		if (hook == 0)
			HOOK("ingress", "INGRESS");
		else
			HOOK("egress", "EGRESS");
	} else if (note->family == FAMILY_ARP) {
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

#define FAMILY(name) __builtin_memcpy(note->family_name, name, sizeof(name))

/* What nft calls the family of the table. */
static __always_inline void name_family(struct netfilter_note *note)
{
	if (note->family == FAMILY_INET)
		FAMILY("inet");
	else if (note->family == FAMILY_IP)
		FAMILY("ip");
	else if (note->family == FAMILY_IP6)
		FAMILY("ip6");
	else if (note->family == FAMILY_ARP)
		FAMILY("arp");
	else if (note->family == FAMILY_BRIDGE)
		FAMILY("bridge");
	else if (note->family == FAMILY_NETDEV)
		FAMILY("netdev");
	if (note->nft_chain)
		__builtin_memcpy(note->by, "nftables", sizeof("nftables"));
	else
		__builtin_memcpy(note->by, "iptables", sizeof("iptables"));
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
	name_hook(note);
	if (note->nft_chain) {
		note->chain = KERNEL_READ(u64, note->nft_chain + NFT_CHAIN_NAME);
		note_nft_table(note, KERNEL_READ(u64, note->nft_chain + NFT_CHAIN_TABLE));
	}
	name_family(note);
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

static __always_inline const void *by(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	return note ? note->by : NULL;
}

static __always_inline const void *family_of(struct sk_buff *skb)
{
	struct netfilter_note *note = note_of(skb);

	return note ? note->family_name : NULL;
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

DROP_FIELD(char[12], nf_by, "%s", by(skb))
DROP_FIELD(char[8], nf_family, "%s", family_of(skb))
DROP_FIELD(char[32], nf_table, "%s", table_of(skb))
DROP_FIELD(char[32], nf_chain, "%s", chain_of(skb))
DROP_FIELD(char[16], nf_hook, "%s", hook_of(skb))
DROP_FIELD(u64, nf_rule, "%u", rule_of(skb))
