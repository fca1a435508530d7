/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF stack, 512 bytes, is too small for this record: it is made in a map. A drop in an interrupt
 * can come while another is recorded on this CPU: task, softirq, irq and NMI have one record each.
 */
BPF_PERCPU_ARRAY(scratch, struct drop_record, 4);
BPF_PERCPU_ARRAY(scratch_level, u32, 1);

static __always_inline void make_record(void *ctx, struct sk_buff *skb, struct sock *given,
					u64 location, u32 reason)
{
	int zero = 0;
	u32 *level = scratch_level.lookup(&zero);
	struct drop_record *record;

	if (!level)
		return;
	u32 index = (*level)++;
	record = scratch.lookup((int *)&index);
	if (!record) {
		count_lost();
	} else {
		__builtin_memset(&record->event, 0, sizeof(record->event));
		if (record_drop(ctx, record, skb, given, location, reason))
			count_lost();
	}
	(*level)--;
}
