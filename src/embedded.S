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
	embed embedded_read_header, "templates/read.h"
	embed embedded_field_header, "templates/field.h"
	embed embedded_frame_header, "templates/frame.h"
	embed embedded_kernel_types, "templates/types.c"
	embed embedded_reasons, "src/explain/reasons.txt"
	embed embedded_locations, "src/explain/locations.txt"

	/* Probes: pairs of a name and a text, and a pair of NULLs. src/generate/probes.c reads them. */
	.macro embed_probe name
	.section .rodata
1:	.asciz "\name"
2:	.incbin "probes/\name\().c"
	.byte 0
	.section .data.rel.ro, "aw", %progbits
	.dc.a 1b, 2b
	.endm

	.section .data.rel.ro, "aw", %progbits
	.balign 8
	.global embedded_probes
embedded_probes:
	embed_probe bridge
	embed_probe conntrack
	embed_probe consume_skb
	embed_probe kfree_skb
	embed_probe kfree_skb_btf
	embed_probe kfree_skb_kprobe
	embed_probe kfree_skb_tracepoint
	embed_probe neigh
	embed_probe netfilter
	embed_probe qdisc
	embed_probe sock_rcvqueue
	embed_probe tcp_retransmit
	embed_probe tun_full
	embed_probe udp_fail_queue
	embed_probe xdp
	.dc.a 0, 0

	.section .note.GNU-stack, "", %progbits
