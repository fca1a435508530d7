/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The templates, probes and explanations of the repository, as texts that end with a NUL, so that
 * the binary runs alone.
 */
	.section .rodata
	.macro embed name, file
	.global \name
\name:
	.incbin "\file"
	.byte 0
	.endm

	embed embedded_drop_template, "templates/drop.c"
	embed embedded_event_header, "templates/event.h"
	embed embedded_frame_header, "templates/frame.h"
	embed embedded_kernel_types, "templates/types.c"
	embed embedded_kfree_skb_btf_probe, "probes/kfree_skb_btf.c"
	embed embedded_kfree_skb_probe, "probes/kfree_skb.c"
	embed embedded_kfree_skb_tracepoint_probe, "probes/kfree_skb_tracepoint.c"
	embed embedded_kfree_skb_kprobe_probe, "probes/kfree_skb_kprobe.c"
	embed embedded_reasons, "src/explain/reasons.txt"
	embed embedded_locations, "src/explain/locations.txt"

	.section .note.GNU-stack, "", %progbits
