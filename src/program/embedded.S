/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The templates and probes of the repository, as texts that end with a NUL, so that the binary
 * runs alone. The names are those of src/program/generate.c.
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
	embed embedded_kfree_skb_probe, "probes/kfree_skb.c"
	embed embedded_kfree_skb_tracepoint_probe, "probes/kfree_skb_tracepoint.c"
	embed embedded_kfree_skb_kprobe_probe, "probes/kfree_skb_kprobe.c"

	.section .note.GNU-stack, "", %progbits
