/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands between an input of the tests and a generated expression; behind templates/frame.h
 * and input.h in the kernel's program and in the host's.
 */
#define FAKE_PAGES 0x100000000000ULL /* where the fake mapping of struct pages starts */

BPF_ARRAY(inputs, struct input, INPUT_COUNT);
BPF_ARRAY(address, u64, 1);

BPF_ARRAY(frames, struct frame, 1);

/* The opened frame of an input. */
static __always_inline struct frame *input_open(int index, u32 window)
{
	int zero = 0;
	struct input *input = inputs.lookup(&index);
	volatile u64 *place = (u64 *)address.lookup(&zero);
	struct frame_mapping *mapping = frame_mapping.lookup(&zero);
	struct frame *frame = frames.lookup(&zero);
	struct sk_buff skb;
	u64 base;

	if (!input || !place || !mapping || !frame)
		return NULL;
	/* By way of memory: the verifier must not know that it is the value of a map. */
	*place = (u64)input;
	base = *place;
	HOST_READABLE(input);

	mapping->pages = FAKE_PAGES;
	mapping->direct = base + offsetof(struct input, pages);
	struct skb_shared_info *shared = (void *)input->shared;
	shared->nr_frags = input->fragment_count;
#pragma unroll
	for (int i = 0; i < INPUT_FRAGMENTS; i++) {
		const struct input_fragment *fragment = &input->fragments[i];
		struct frame_fragment *to = (void *)&shared->frags[i];

		to->page = FAKE_PAGES + fragment->page * sizeof(struct page);
		to->length = fragment->length;
		to->offset = fragment->offset;
	}

	__builtin_memset(&skb, 0, sizeof(skb));
	skb.head = (void *)(base + offsetof(struct input, buffer));
	skb.data = skb.head + input->data;
	skb.mac_header = input->mac_header;
	skb.network_header = input->network_header;
	skb.tail = input->tail;
	skb.end = offsetof(struct input, shared) - offsetof(struct input, buffer);
	skb.data_len = input->data_len;
	skb.protocol = input->protocol;
	if (input->tagged) {
		skb.vlan_proto = input->vlan_proto;
		skb.vlan_tci = input->vlan_tci;
#ifndef SKB_VLAN_ALL
		skb.vlan_present = 1;
#endif
	}
	frame_locate(&frame->source, &skb, NULL);
	frame_open(frame, window);
	return frame;
}
