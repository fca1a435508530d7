// SPDX-License-Identifier: GPL-2.0-only
#include "generate/macros.h"

#include <stdio.h>
#include <string.h>

#include "kernel/release.h"
#include "kernel/tracefs.h"

/* The reader of a ring buffer is woken each time that a part of this many is filled. */
#define WAKE_PARTS 4

void macros_make(struct macros *macros, const struct macros_source *source)
{
	static const struct {
		const char *field;
		const char *present; /* the macro that says that it is there, or NULL */
		const char *offset;  /* the one that says where, or NULL */
	} known[] = {
		{ "skbaddr", NULL, "-DKFREE_SKB_SKBADDR_OFFSET" },
		{ "location", NULL, "-DKFREE_SKB_LOCATION_OFFSET" },
		{ "reason", "-DKFREE_SKB_REASON", "-DKFREE_SKB_REASON_OFFSET" },
		{ "rx_sk", "-DKFREE_SKB_RX_SK", "-DKFREE_SKB_RX_SK_OFFSET" },
	};
	size_t count = 0;

	memset(macros, 0, sizeof(*macros));
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int offset = tracefs_field_offset(source->format, known[i].field);

		if (offset < 0)
			continue;
		if (known[i].present)
			snprintf(macros->text[count++], sizeof(*macros->text), "%s",
				 known[i].present);
		if (known[i].offset)
			snprintf(macros->text[count++], sizeof(*macros->text), "%s=%d",
				 known[i].offset, offset);
	}
	/* SKB_CONSUMED came between "not dropped" and NOT_SPECIFIED in 6.2: freed, but no drop. */
	if (source->not_specified == 2)
		snprintf(macros->text[count++], sizeof(*macros->text), "-DKFREE_SKB_CONSUMED=1");
	if (release_is_since(source->release, 5, 3))
		snprintf(macros->text[count++], sizeof(*macros->text), "-DBPF_HAS_LOOPS");
	if (release_is_since(source->release, 5, 5))
		snprintf(macros->text[count++], sizeof(*macros->text), "-DBPF_HAS_JIFFIES");
	/* frame.h relies on the form that skb_frag_t has since 5.4. */
	if (source->gigabytes && release_is_since(source->release, 5, 4))
		snprintf(macros->text[count++], sizeof(*macros->text),
			 "-DPHYSICAL_GIGABYTES=%lluULL", (unsigned long long)source->gigabytes);
	/* Ring buffers came with 5.8; since 5.10 those in a map need not be of one size. */
	if (release_is_since(source->release, 5, 10)) {
		snprintf(macros->text[count++], sizeof(*macros->text), "-DEVENTS_RINGS=%zu",
			 source->cpus);
		snprintf(macros->text[count++], sizeof(*macros->text), "-DEVENTS_WAKE=%llu",
			 (unsigned long long)source->buffer / WAKE_PARTS);
	}
	for (size_t i = 0; i < count; i++)
		macros->flags[i] = macros->text[i];
}
