/* SPDX-License-Identifier: GPL-2.0 */
/* Hand-over before Linux 5.10, whose ring buffers cannot be in a map. */
BPF_PERF_OUTPUT(events);

static __always_inline int hand_over(void *ctx, struct drop_event *event, u32 size)
{
	return events.perf_submit(ctx, event, size);
}
