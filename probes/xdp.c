/*
 * xdp: packets that are lost at XDP for any reason other than the program's own XDP_DROP.
 *
 * A program failed (XDP_ABORTED) or returned a number that is not an action, a driver could not
 * send what it was asked to (XDP_TX, XDP_REDIRECT), a redirection led nowhere, or the target device
 * had no room. The kernel does not report what a program drops with XDP_DROP.
 *
 * Attach points: the raw tracepoints xdp:xdp_exception, xdp:xdp_redirect_err, xdp:xdp_devmap_xmit
 * and xdp:xdp_bulk_tx.
 *
 * Kernels: from 5.6 on. The packet is not an skb yet: besides the columns below, only INTERFACE
 * (where the packet came in) and NETNS are known, and filters on addresses and ports do not match.
 * LOCATION and REASON are `-`.
 *
 * EVENT: exception, redirect_err, devmap_xmit or bulk_tx. ACTION: what the program returned. PROG:
 * the program's id (`bpftool prog show id PROG`), 0: unknown. ERROR: -errno, 0: none. DROPS: how
 * many packets. TARGET: the device that they should have gone to; unknown for redirect_err.
 */
#include <linux/version.h>

struct told {
	char event[16];
	char action[16];
	char target[16];
	u32 prog;
	s32 error;
	u32 drops;
};

/* What the columns show. XDP only runs in softirqs, so one for each CPU is enough. */
BPF_PERCPU_ARRAY(last, struct told, 1);

static __always_inline struct told *last_told(void)
{
	int zero = 0;

	return last.lookup(&zero);
}

/* A column's value; the check never fails, but the verifier wants it. */
#define TOLD_TEXT(member)                                                                          \
	({                                                                                         \
		struct told *told = last_told();                                                   \
		const char *text = told ? told->member : NULL;                                     \
		text;                                                                              \
	})
#define TOLD_NUMBER(member)                                                                        \
	({                                                                                         \
		struct told *told = last_told();                                                   \
		told ? told->member : 0;                                                           \
	})

DROP_FIELD(char[16], event, "%s", TOLD_TEXT(event))
DROP_FIELD(char[16], action, "%s", TOLD_TEXT(action))
DROP_FIELD(u32, prog, "%u", TOLD_NUMBER(prog))
DROP_FIELD(s32, error, "%d", TOLD_NUMBER(error))
DROP_FIELD(u32, drops, "%u", TOLD_NUMBER(drops))
DROP_FIELD(char[16], target, "%s", TOLD_TEXT(target))

/*
 * The start of the kernel's struct bpf_prog_aux and, below, of struct bpf_prog. Their own
 * definitions would clash with the types of bpf(2) that libbcc brings along.
 */
struct program_details {
	u64 references;
	u32 used_maps;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	u32 used_btfs;
#endif
	u32 context_offset, packet_offset, tracepoint_access, stack_depth;
	u32 id;
};

struct program {
	u32 start[2], type_or_attach_type;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	u32 sizes_and_digest[11];
#else
	u32 sizes_and_tag[5];
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
	void *statistics, *active, *function;
#endif
	struct program_details *details;
};

#define TYPE_XDP 6

/* The type is in the second word, or the third one (7.2); 0: this is not an XDP program. */
static __always_inline u32 program_id(u64 address)
{
	struct program *program = (struct program *)address;
	struct program_details *details = READ(program, details);

	if (READ(program, start[1]) != TYPE_XDP && READ(program, type_or_attach_type) != TYPE_XDP)
		return 0;
	return READ(details, id);
}

static __always_inline void set_target(struct told *told, u64 device)
{
	if (device)
		READ_STR(told->target, sizeof(told->target), (struct net_device *)device, name);
}

#define COPY_TEXT(to, text) __builtin_memcpy(to, text, sizeof(text))

int raw_tracepoint__xdp_exception(struct bpf_raw_tracepoint_args *ctx)
{
	struct told *told = last_told();

	if (!told)
		return 0;
	__builtin_memset(told, 0, sizeof(*told));
	COPY_TEXT(told->event, "exception");
	switch ((u32)ctx->args[2]) {
	case 0:
		COPY_TEXT(told->action, "ABORTED");
		break;
	case 1:
		COPY_TEXT(told->action, "DROP");
		break;
	case 2:
		COPY_TEXT(told->action, "PASS");
		break;
	case 3:
		COPY_TEXT(told->action, "TX");
		break;
	case 4:
		COPY_TEXT(told->action, "REDIRECT");
		break;
	default:
		COPY_TEXT(told->action, "none");
	}
	told->prog = program_id(ctx->args[1]);
	told->drops = 1;
	return drop_device(ctx, (struct net_device *)ctx->args[0], 0, DROP_NO_REASON);
}

int raw_tracepoint__xdp_redirect_err(struct bpf_raw_tracepoint_args *ctx)
{
	struct told *told = last_told();

	if (!told)
		return 0;
	__builtin_memset(told, 0, sizeof(*told));
	COPY_TEXT(told->event, "redirect_err");
	COPY_TEXT(told->action, "REDIRECT");
	told->prog = program_id(ctx->args[1]);
	told->error = ctx->args[3];
	told->drops = 1;
	return drop_device(ctx, (struct net_device *)ctx->args[0], 0, DROP_NO_REASON);
}

int raw_tracepoint__xdp_devmap_xmit(struct bpf_raw_tracepoint_args *ctx)
{
	struct told *told = last_told();

	if (!told || (int)ctx->args[3] <= 0)
		return 0;
	__builtin_memset(told, 0, sizeof(*told));
	COPY_TEXT(told->event, "devmap_xmit");
	COPY_TEXT(told->action, "REDIRECT");
	told->drops = ctx->args[3];
	told->error = ctx->args[4];
	set_target(told, ctx->args[1]);
	return drop_device(ctx, (struct net_device *)ctx->args[0], 0, DROP_NO_REASON);
}

int raw_tracepoint__xdp_bulk_tx(struct bpf_raw_tracepoint_args *ctx)
{
	struct told *told = last_told();

	if (!told || (int)ctx->args[2] <= 0)
		return 0;
	__builtin_memset(told, 0, sizeof(*told));
	COPY_TEXT(told->event, "bulk_tx");
	COPY_TEXT(told->action, "TX");
	told->drops = ctx->args[2];
	told->error = ctx->args[3];
	set_target(told, ctx->args[0]);
	return drop_device(ctx, (struct net_device *)ctx->args[0], 0, DROP_NO_REASON);
}
