// SPDX-License-Identifier: GPL-2.0-only
#include "program/macros.h"

#include <stdio.h>
#include <string.h>

#include "kernel/release.h"
#include "kernel/tracefs.h"

void macros_make(struct macros *macros, const char *release, const char *format,
		 uint32_t not_specified, uint64_t gigabytes)
{
	static const struct {
		const char *field;
		const char *present; /* the macro that says that it is there, or NULL */
		const char *offset;  /* the one that says where, or NULL */
	} known[] = {
		{ "skbaddr", NULL, "-DKFREE_SKB_SKBADDR_OFFSET" },
		{ "location", NULL, "-DKFREE_SKB_LOCATION_OFFSET" },
		{ "reason", "-DKFREE_SKB_REASON", "-DKFREE_SKB_REASON_OFFSET" },
		{ "rx_sk", "-DKFREE_SKB_RX_SK", NULL },
	};
	size_t count = 0;

	memset(macros, 0, sizeof(*macros));
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int offset = tracefs_field_offset(format, known[i].field);

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
	if (not_specified == 2)
		snprintf(macros->text[count++], sizeof(*macros->text), "-DKFREE_SKB_CONSUMED=1");
	if (release_is_since(release, 5, 3))
		snprintf(macros->text[count++], sizeof(*macros->text), "-DBPF_HAS_LOOPS");
	/* What is written in terms of it takes skb_frag_t to be as it is since 5.4. */
	if (gigabytes && release_is_since(release, 5, 4))
		snprintf(macros->text[count++], sizeof(*macros->text),
			 "-DPHYSICAL_GIGABYTES=%lluULL", (unsigned long long)gigabytes);
	for (size_t i = 0; i < count; i++)
		macros->flags[i] = macros->text[i];
}
