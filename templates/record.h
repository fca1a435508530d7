/* SPDX-License-Identifier: GPL-2.0 */
struct drop_record {
	struct drop_event event;
//@if stack
	u64 stack[DROP_STACK_DEPTH];
//@end
//@if scratch
//@if copy
	struct sk_buff skb;
//@end
//@end
//@if expression
	struct frame frame;
//@end
};

/* Drops that could not be read, or found no room. */
BPF_PERCPU_ARRAY(lost, u64, 1);

static __always_inline void count_lost(void)
{
	int zero = 0;
	u64 *count = lost.lookup(&zero);

	/* At once: an interrupt may count in the middle of it, in another program. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

//@if summary
//@else
#include <bytetrace/columns.h>

//@if details
#define record_time() bpf_ktime_get_ns()

static __always_inline void fill_details(struct drop_event *event, const struct sk_buff *skb)
{
	event->detailed = 1;
	event->length = skb->len;
	event->mark = skb->mark;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

//@else
#define record_time() tick() /* is not shown, only puts records in order */

//@end
//@if stack
#define STACK_MASK 0x3ff
_Static_assert(DROP_STACK_DEPTH * sizeof(u64) <= STACK_MASK, "STACK_MASK is too small");

/* The kernel stack behind the record. Returns its size in bytes. */
static __always_inline u32 fill_stack(void *ctx, struct drop_event *event)
{
	int size = bpf_get_stack(ctx, event->stack, DROP_STACK_DEPTH * sizeof(u64), 0);

	if (size <= 0)
		return 0;
	event->stack_depth = size / sizeof(u64);
	return size & STACK_MASK; /* changes nothing, but tells the verifier the bound */
}

//@end
//@if short_record
#define RECORD_SIZE (HAS_COLUMNS ? sizeof(struct drop_event) : DROP_EVENT_SHORT)
//@else
//@if stack
#define RECORD_SIZE (sizeof(struct drop_event) + fill_stack(ctx, event))
//@else
#define RECORD_SIZE sizeof(struct drop_event)
//@end
//@end

//@end
