/*
 * neigh: packets that are dropped because a neighbour does not answer, with that neighbour.
 *
 * Catches packets that waited for the link-layer address of a next hop (ARP, IPv6 neighbour
 * discovery) when the kernel gave up asking; packets that later ones pushed out of a neighbour's
 * queue (net.ipv4.neigh.DEV.unres_qlen_bytes); and packets to a neighbour that has just failed or
 * been removed.
 *
 * Attach point: kprobes on arp_error_report and ndisc_error_report (the kernel gives up) and on
 * __neigh_event_send (a packet is queued), which note the neighbour; the raw tracepoint
 * skb:kfree_skb reports the drop.
 *
 * Kernels: from 5.0 on, with kprobes. Before 5.18 the kernel gives no reason; there, the probe
 * shows drops in __neigh_event_send and drops that follow the error report.
 *
 * NEIGHBOUR is the address that the kernel asked for (an IPv4 address as ::ffff:192.0.2.1),
 * NEIGH_DEV the device that it asked on, NUD_STATE the neighbour's state at the drop as in `ip
 * neigh`, NEIGH_PROBES the number of requests as in `ip -s neigh`: for a new neighbour it starts at
 * ucast_solicit (3). NEIGH_QUEUE is the number of packets still waiting.
 */
#include <linux/version.h>
#include <net/neighbour.h>

struct neigh_note {
	struct neighbour *neighbour;
	u64 sender; /* start of __neigh_event_send; 0: the kernel gave up on the neighbour */
	u8 address[16];
	char state[16];
};

/* The key is the address of the packet. */
BPF_TABLE("lru_hash", u64, struct neigh_note, neigh_notes, 4096);

/* More than the size of __neigh_event_send. */
#define SENDER_SIZE 2048

static __always_inline int note_neighbour(u64 neighbour, u64 skb, u64 sender)
{
	struct neigh_note note;

	__builtin_memset(&note, 0, sizeof(note));
	note.neighbour = (struct neighbour *)neighbour;
	note.sender = sender;
	if (skb)
		neigh_notes.update(&skb, &note);
	return 0;
}

int kprobe__arp_error_report(struct pt_regs *ctx)
{
	return note_neighbour(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}

int kprobe__ndisc_error_report(struct pt_regs *ctx)
{
	return note_neighbour(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}

int kprobe____neigh_event_send(struct pt_regs *ctx)
{
	return note_neighbour(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_IP(ctx));
}

/* Whether the neighbour is the cause of the drop of a noted packet. */
static __always_inline int is_neighbours_drop(struct neigh_note *note, u64 location, u32 reason)
{
	if (!note->sender)
		return 1;
#ifdef DROP_REASON_NEIGH_FAILED
	return reason == DROP_REASON_NEIGH_FAILED || reason == DROP_REASON_NEIGH_QUEUEFULL ||
	       reason == DROP_REASON_NEIGH_DEAD;
#else
	return location - note->sender < SENDER_SIZE;
#endif
}

static __always_inline void describe(struct neigh_note *note)
{
	struct neighbour *neighbour = note->neighbour;
	u8 state = READ(neighbour, nud_state);

	if (state & 0x01)
		__builtin_memcpy(note->state, "INCOMPLETE", 11);
	else if (state & 0x02)
		__builtin_memcpy(note->state, "REACHABLE", 10);
	else if (state & 0x04)
		__builtin_memcpy(note->state, "STALE", 6);
	else if (state & 0x08)
		__builtin_memcpy(note->state, "DELAY", 6);
	else if (state & 0x10)
		__builtin_memcpy(note->state, "PROBE", 6);
	else if (state & 0x20)
		__builtin_memcpy(note->state, "FAILED", 7);
	else if (state & 0x40)
		__builtin_memcpy(note->state, "NOARP", 6);
	else if (state & 0x80)
		__builtin_memcpy(note->state, "PERMANENT", 10);
	else
		__builtin_memcpy(note->state, "NONE", 5);

	if (READ(neighbour, tbl, family) == 10) { /* AF_INET6 */
		READ_BYTES(note->address, 16, neighbour, primary_key);
	} else {
		note->address[10] = note->address[11] = 0xff;
		READ_BYTES(&note->address[12], 4, neighbour, primary_key);
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
	struct neigh_note *note = neigh_notes.lookup(&skb);

	if (!note)
		return 0;
	if (is_neighbours_drop(note, location, reason)) {
		describe(note);
		drop(ctx, (struct sk_buff *)skb, location, reason);
	}
	neigh_notes.delete(&skb);
	return 0;
}

static __always_inline struct neigh_note *note_of(struct sk_buff *skb)
{
	u64 key = (u64)skb;

	return neigh_notes.lookup(&key);
}

static __always_inline const void *address_of(struct sk_buff *skb)
{
	struct neigh_note *note = note_of(skb);

	return note ? note->address : NULL;
}

static __always_inline const void *state_of(struct sk_buff *skb)
{
	struct neigh_note *note = note_of(skb);

	return note ? note->state : NULL;
}

static __always_inline struct neighbour *neighbour_of(struct sk_buff *skb)
{
	struct neigh_note *note = note_of(skb);

	return note ? note->neighbour : NULL;
}

DROP_FIELD(u8[16], neighbour, "%pI6", address_of(skb))
DROP_FIELD(char[16], neigh_dev, "%s", READ(neighbour_of(skb), dev, name))
DROP_FIELD(char[16], nud_state, "%s", state_of(skb))
DROP_FIELD(int, neigh_probes, "%d", READ(neighbour_of(skb), probes.counter))
DROP_FIELD(u32, neigh_queue, "%u", READ(neighbour_of(skb), arp_queue.qlen))
