/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The templates, probes and explanations of the repository, as texts that end with a NUL, so that
 * the binary runs alone. The Makefile writes embedded.list, a line for each file of a folder.
 */
	.section .rodata
	.macro embed name, file
	.global \name
\name:
	.incbin "\file"
	.byte 0
	.endm

	embed embedded_kernel_types, "templates/types.c"
	embed embedded_reasons, "src/explain/reasons.txt"
	embed embedded_locations, "src/explain/locations.txt"
	embed embedded_cases, "src/explain/cases.txt"
	embed embedded_counters, "src/explain/counters.txt"

	/* Tables of files: pairs of a name and a text, sorted by name, and a pair of NULLs. */
	.macro embed_table name
	.section .data.rel.ro, "aw", %progbits
	.balign 8
	.global \name
\name:
	.endm
	.macro embed_row name, file
	.section .rodata
1:	.asciz "\name"
2:	.incbin "\file"
	.byte 0
	.section .data.rel.ro, "aw", %progbits
	.dc.a 1b, 2b
	.endm
	.macro embed_end
	.dc.a 0, 0
	.endm

#include "embedded.list"

	.section .note.GNU-stack, "", %progbits
