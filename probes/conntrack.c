/*
 * conntrack: packets that connection tracking finds INVALID and that are then dropped.
 *
 * Catches packets that nf_conntrack_in could not assign to a connection, wherever they are dropped
 * (most often by a rule `ct state invalid drop`), and packets that connection tracking drops itself
 * (its table is full).
 *
 * Attach point: a kprobe and a kretprobe on nf_conntrack_in, kprobes on nf_l4proto_log_invalid and
 * nf_ct_l4proto_log_invalid, which get the text; the raw tracepoint skb:kfree_skb reports the drop.
 * The module nf_conntrack must be loaded before tracing starts.
 *
 * Kernels: from 5.1 on, with kprobes; x86-64 and arm64.
 *
 * CT_STATE is INVALID, or DROP if connection tracking itself drops the packet. CT_ZONE is the zone
 * that a rule assigned to the packet before (0: the default zone). CT_WHY is the text that the
 * kernel would log (net.netfilter.nf_conntrack_log_invalid); empty if it has none.
 */
#include <linux/version.h>

struct conntrack_note {
	u64 why;	 /* the kernel's text */
	u64 identity[2]; /* of the packet */
	u16 zone;
	char state[8]; /* empty until nf_conntrack_in returns */
};

/* The key is the address of the packet. */
BPF_TABLE("lru_hash", u64, struct conntrack_note, conntrack_notes, 4096);

/* The packet of each call of nf_conntrack_in, by the stack pointer after its return. */
BPF_TABLE("lru_hash", u64, u64, conntrack_calls, 1024);

#ifdef bpf_target_x86
#define STACK_BEHIND(ctx) (PT_REGS_SP(ctx) + 8) /* without the return address */
#define ARGUMENT_6(ctx) ((ctx)->r9)
#else
#define STACK_BEHIND(ctx) PT_REGS_SP(ctx)
#define ARGUMENT_6(ctx) ((ctx)->regs[5])
#endif

/* The start of struct nf_conn, which is defined in a module. */
struct conntrack_start {
	u32 use, lock, timeout;
	u16 zone;
};

enum { VERDICT_DROP = 0 };

/*
 * A packet that is delivered can leave its note behind while its memory goes to another packet:
 * tell them apart by fields that no router changes.
 */
static __always_inline void identify(u64 identity[2], struct sk_buff *skb)
{
	unsigned char *network = READ(skb, head) + READ(skb, network_header);

	identity[0] = identity[1] = 0;
	/* IPv4: ID and both addresses; IPv6: length and parts of the source address. */
	bpf_probe_read_kernel(&identity[0], 2, network + 4);
	bpf_probe_read_kernel(&identity[1], 8, network + 12);
}

int kprobe__nf_conntrack_in(struct pt_regs *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)PT_REGS_PARM1(ctx);
	u64 key = (u64)skb, frame = STACK_BEHIND(ctx);
	struct conntrack_start *template = (struct conntrack_start *)(READ(skb, _nfct) & ~7UL);
	struct conntrack_note note;

	__builtin_memset(&note, 0, sizeof(note));
	identify(note.identity, skb);
	if (template) /* it has the zone */
		note.zone = READ(template, zone);
	conntrack_calls.update(&frame, &key);
	conntrack_notes.update(&key, &note);
	return 0;
}

/* The format can be just "%s": then the text is the next argument. */
static __always_inline int note_why(u64 skb, u64 format, u64 next)
{
	struct conntrack_note *note = conntrack_notes.lookup(&skb);
	char start[3] = "";

	if (!note)
		return 0;
	bpf_probe_read_kernel(start, sizeof(start), (void *)format);
	note->why = start[0] == '%' && start[1] == 's' && !start[2] ? next : format;
	return 0;
}

int kprobe__nf_l4proto_log_invalid(struct pt_regs *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return note_why(PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));
#else
	return note_why(PT_REGS_PARM1(ctx), PT_REGS_PARM5(ctx), ARGUMENT_6(ctx));
#endif
}

int kprobe__nf_ct_l4proto_log_invalid(struct pt_regs *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return note_why(PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx));
#else
	return note_why(PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx));
#endif
}

int kretprobe__nf_conntrack_in(struct pt_regs *ctx)
{
	u64 frame = PT_REGS_SP(ctx);
	u64 *skb = conntrack_calls.lookup(&frame);
	struct conntrack_note *note;
	u64 key;

	if (!skb)
		return 0;
	key = *skb;
	conntrack_calls.delete(&frame);
	note = conntrack_notes.lookup(&key);
	if (!note)
		return 0;
	/* It is not 0 for untracked packets either. */
	if ((PT_REGS_RC(ctx) & 0xff) == VERDICT_DROP)
		__builtin_memcpy(note->state, "DROP", 5);
	else if (!READ((struct sk_buff *)key, _nfct))
		__builtin_memcpy(note->state, "INVALID", 8);
	else
		conntrack_notes.delete(&key);
	return 0;
}

int raw_tracepoint__kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[0];
	u64 key = (u64)skb;
	u64 location = ctx->args[1];
#ifdef KFREE_SKB_REASON
	u32 reason = ctx->args[2];
#else
	u32 reason = DROP_NO_REASON;
#endif
	struct conntrack_note *note = conntrack_notes.lookup(&key);
	u64 identity[2];

	if (!note)
		return 0;
	identify(identity, skb);
	if (note->state[0] && note->identity[0] == identity[0] && note->identity[1] == identity[1])
		drop(ctx, skb, location, reason);
	conntrack_notes.delete(&key);
	return 0;
}

static __always_inline struct conntrack_note *note_of(struct sk_buff *skb)
{
	u64 key = (u64)skb;

	return conntrack_notes.lookup(&key);
}

static __always_inline const void *state_of(struct sk_buff *skb)
{
	struct conntrack_note *note = note_of(skb);

	return note ? note->state : NULL;
}

static __always_inline u16 zone_of(struct sk_buff *skb)
{
	struct conntrack_note *note = note_of(skb);

	return note ? note->zone : 0;
}

static __always_inline const void *why_of(struct sk_buff *skb)
{
	struct conntrack_note *note = note_of(skb);

	return note ? (const void *)note->why : NULL;
}

DROP_FIELD(char[8], ct_state, "%s", state_of(skb))
DROP_FIELD(u16, ct_zone, "%u", zone_of(skb))
DROP_FIELD(char[48], ct_why, "%s", why_of(skb))
