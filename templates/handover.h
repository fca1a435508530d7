/* SPDX-License-Identifier: GPL-2.0 */
#ifdef EVENTS_RINGS
/* A ring buffer for each CPU, like the first one in all but the size (--buffer). */
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_ARRAY_OF_MAPS(events, "ring", EVENTS_RINGS);

/* Put the record into the ring of this CPU. Not 0: there is no room, or the CPU has no ring. */
static __always_inline int hand_over(void *ctx, struct drop_event *event, u32 size)
{
	int cpu = bpf_get_smp_processor_id();
	void *to = events.lookup(&cpu);
	u64 start, end;

	if (!to)
		return -1;
	/* To wake the reader costs more than all else: once for each EVENTS_WAKE bytes. */
	start = bpf_ringbuf_query(to, BPF_RB_PROD_POS);
	end = start + 8 + size; /* the kernel puts 8 bytes in front of a record */
	return bpf_ringbuf_output(to, event, size,
				  start / EVENTS_WAKE != end / EVENTS_WAKE ? BPF_RB_FORCE_WAKEUP
									   : BPF_RB_NO_WAKEUP);
}
#else
#include <bytetrace/perf.h>
#endif
