// SPDX-License-Identifier: GPL-2.0-only
#include "record/decode.h"

#include <errno.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "record/layout.h"

/*
 * The kernel's stack starts with frames of the BPF program and the tracepoint, which are left out:
 * the drop's own frames start at its location. If the location is not on the stack (a tail call),
 * all frames are kept.
 */
static void trim_stack(struct drop *drop)
{
	const struct drop_event *event = drop->event;

	drop->stack = (const uint64_t *)(drop->fields + drop->layout->size);
	drop->stack_depth = event->stack_depth;
	for (size_t i = 0; i < drop->stack_depth; i++) {
		if (drop->stack[i] == event->location) {
			drop->stack += i;
			drop->stack_depth -= i;
			return;
		}
	}
}

int decode_drop(void *bytes, size_t size, uint32_t cpu, const struct layouts *layouts,
		struct drop *drop)
{
	const struct drop_event *event = bytes;
	const struct layout *layout;

	if (size < DROP_EVENT_SHORT)
		return -EMSGSIZE;
	if (event->version != DROP_EVENT_VERSION || event->stack_depth > DROP_STACK_DEPTH)
		return -EPROTO;
	layout = layouts_find(layouts, event->probe);
	if (!layout)
		return -EPROTO;
	if (size < sizeof(*event)) {
		if (layout->size > 0 || event->stack_depth > 0)
			return -EMSGSIZE;
		memset((char *)bytes + DROP_EVENT_SHORT, 0, sizeof(*event) - DROP_EVENT_SHORT);
	} else if (size <
		   sizeof(*event) + layout->size + event->stack_depth * sizeof(event->stack[0])) {
		return -EMSGSIZE;
	}
	drop->event = event;
	drop->layout = layout;
	drop->fields = (const char *)(event + 1);
	drop->cpu = cpu;
	drop->owner = NULL;
	trim_stack(drop);
	return 0;
}

const char *decode_tunnel_name(unsigned int tunnel)
{
	static const char *const names[] = {
		[DROP_TUNNEL_VXLAN] = "vxlan",
		[DROP_TUNNEL_GENEVE] = "geneve",
		[DROP_TUNNEL_GRE] = "gre",
		[DROP_TUNNEL_IP] = "ip",
	};

	return tunnel < sizeof(names) / sizeof(*names) ? names[tunnel] : NULL;
}
