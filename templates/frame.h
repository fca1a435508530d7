/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet as a filter expression sees it: the Ethernet frame that a capture would show. Where
 * the skb has an Ethernet header, the frame starts there; a VLAN tag that the kernel keeps in the
 * skb's metadata stands in it where it stands on the wire. Where there is no Ethernet header, its
 * two addresses are not there, its EtherType is the skb's protocol, and the network header follows.
 *
 * The start of the frame is copied into a window at once; bytes behind the window are read where the
 * expression looks at them. An expression that looks at a missing byte does not match.
 *
 * PHYSICAL_GIGABYTES says where the machine's memory ends, if page fragments can be read: on x86-64
 * from Linux 5.4 on, which takes loops and has skb_frag_t in the form that is used here.
 */
enum {
	FRAME_ADDRESSES_SIZE = 12, /* of an Ethernet header, in front of the EtherType */
	FRAME_TAG_SIZE = 4,
	FRAME_FIRST_ETHERTYPE = 0x600, /* less is a length: 802.3 */

	/*
	 * FRAME_WINDOW_SIZE is a power of two, because a mask tells the verifier where an offset ends.
	 * Behind the window each far load has a place; as the verifier sees it, a copy starts in one
	 * of the two and is as long as a window.
	 */
	FRAME_BUFFER_SIZE = 3 * FRAME_WINDOW_SIZE,
	FRAME_HEADER_SIZE = 32, /* more than what is put together in front of the network header */
};

/* What is known of a packet. Places are offsets from `head`. */
struct frame_source {
	const unsigned char *head;
	const void *direct;  /* any object of the kernel's direct mapping of memory */
	u32 link, network;   /* Ethernet header or HEADER_UNSET, network header */
	u32 tail;	     /* end of the linear part */
	u32 paged;	     /* bytes behind it, in page fragments */
	u32 shared;	     /* struct skb_shared_info */
	__be16 protocol;
	__be16 tag_protocol; /* VLAN tag in the metadata; 0: there is none */
	u16 tag_tci;
};

/*
 * Offsets count from the start of the frame. A frame is kept in a map: the BPF stack is too small for
 * it, and the verifier does not know the numbers in a map. It checks a program once for each set of
 * numbers that it can tell apart; with these numbers it would not finish.
 */
struct frame {
	struct frame_source source;
	u32 window;	 /* where the window ends, at most; less than FRAME_WINDOW_SIZE */
	u32 filled;	 /* where it ends now */
	u32 start, from; /* where what is copied from the packet starts, in the frame and there */
	u32 linear;	 /* where the linear part ends */
	u32 end;	 /* where the packet ends */
	u32 has_link;
	u32 missing; /* the load that missed bytes: FRAME_FAR_LOADS, of the window, or its number */
	u32 missed;  /* where */
	u32 missed_size;
	u32 read;   /* a bit for each of them for which page fragments were read */
	u32 number; /* see frame_forget() */
	/* The window, and behind it a place for each far load. */
	unsigned char bytes[FRAME_BUFFER_SIZE] __attribute__((aligned(8)));
};

/* A copy of the fields of an skb whose address is `address`. */
static __always_inline void frame_locate(struct frame_source *source, const struct sk_buff *skb,
					 const void *address)
{
	u32 data = (const unsigned char *)skb->data - (const unsigned char *)skb->head;

	source->head = skb->head;
	source->direct = address;
	/* A packet that no layer has looked at yet starts with its network header. */
	source->network = network_offset(skb);
	if (!source->network)
		source->network = data;
	source->link = skb->mac_header;
	source->tail = skb->tail;
	source->paged = skb->data_len;
	source->shared = skb->end;
	source->protocol = skb->protocol;
#ifdef SKB_VLAN_ALL
	source->tag_protocol = skb->vlan_all ? skb->vlan_proto : 0;
#else
	source->tag_protocol = skb->vlan_present ? skb->vlan_proto : 0;
#endif
	source->tag_tci = skb->vlan_tci;
}

/* A number below a power of two: a mask, which no compiler removes, tells the verifier the bound. */
static __always_inline u32 frame_bounded(u32 number, u32 limit)
{
	if (!__builtin_constant_p(number))
		asm volatile("" : "+r"(number));
	return number & (limit - 1);
}

/* Afterwards the frame is read from memory again: neither compiler nor verifier knows its numbers. */
static __always_inline void frame_forget_all(void)
{
	asm volatile("" ::: "memory");
}

/* The same for a number. */
static __always_inline u32 frame_forget(struct frame *frame, u32 number)
{
	frame->number = number;
	frame_forget_all();
	return frame->number;
}

/* Where a far load finds its bytes in the buffer; numbers are below FRAME_FAR_LOADS. */
static __always_inline u32 frame_place(u32 far)
{
	return FRAME_WINDOW_SIZE + far * sizeof(u32);
}

#ifdef PHYSICAL_GIGABYTES
#define FRAME_GIGABYTE (1ULL << 30)
#define FRAME_PAGE_SHIFT 12

/*
 * Where the kernel maps all memory, and the structs of all its pages, both from physical address 0
 * on. x86-64 moves the two at each boot, by gigabytes.
 */
struct frame_mapping {
	u64 direct;
	u64 pages;
};
BPF_ARRAY(frame_mapping, struct frame_mapping, 1);

/*
 * Physical address 0 is always mapped, and nothing is as close below. So a mapping starts at the
 * lowest gigabyte that can be read, of as many below an address in it as it may have.
 */
static __always_inline u64 frame_mapping_start(u64 address, u32 gigabytes)
{
	u64 start = 0;
	u8 byte;

	address &= -FRAME_GIGABYTE;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < gigabytes; i++) {
		if (bpf_probe_read_kernel(&byte, sizeof(byte), (void *)address) == 0)
			start = address;
		address -= FRAME_GIGABYTE;
	}
	return start;
}

/* skb_frag_t. If the lowest bit of `page` is set, it is not the address of a page. */
struct frame_fragment {
	u64 page;
	u32 length, offset;
};

/* Find the mappings by the address of a struct page, once. */
static __always_inline void frame_find_mapping(struct frame_mapping *mapping,
					       const struct frame_source *source, u64 page)
{
	if (mapping->direct)
		return;
	mapping->pages = frame_mapping_start(
		page, 1 + (PHYSICAL_GIGABYTES * sizeof(struct page) >> FRAME_PAGE_SHIFT));
	mapping->direct = frame_mapping_start((u64)source->direct, PHYSICAL_GIGABYTES);
}

/* The address of a byte of a fragment; 0: it is not known. */
static __always_inline u64 frame_fragment_address(const struct frame_mapping *mapping,
						  const struct frame_fragment *fragment, u32 offset)
{
	u64 page = (fragment->page - mapping->pages) / sizeof(struct page);

	if (fragment->page & 1 || !mapping->direct ||
	    page >= PHYSICAL_GIGABYTES * FRAME_GIGABYTE >> FRAME_PAGE_SHIFT)
		return 0;
	return mapping->direct + (page << FRAME_PAGE_SHIFT) + fragment->offset + offset;
}

/*
 * Copy `size` bytes of the page fragments, less than a window, from `offset` of the frame on, to the
 * place `to` of the buffer. Returns how many there are.
 */
static __always_inline u32 frame_read_fragments(struct frame *frame, u32 offset, u32 to,
						u32 size)
{
	const struct frame_source *source = &frame->source;
	const struct skb_shared_info *shared = (const void *)(source->head + source->shared);
	struct frame_fragment fragment = {};
	struct frame_mapping *mapping;
	u32 start = frame->linear;
	u32 done = 0;
	u8 count = 0;
	int zero = 0;

	mapping = frame_mapping.lookup(&zero);
	if (!mapping || bpf_probe_read_kernel(&count, sizeof(count), &shared->nr_frags) ||
	    bpf_probe_read_kernel(&fragment, sizeof(fragment), &shared->frags[0]))
		return 0;
	frame_find_mapping(mapping, source, fragment.page);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < sizeof(shared->frags) / sizeof(shared->frags[0]) && i < count; i++) {
		if (bpf_probe_read_kernel(&fragment, sizeof(fragment), &shared->frags[i]))
			break;
		if (offset + done - start < fragment.length) {
			u32 skip = offset + done - start;
			u64 address = frame_fragment_address(mapping, &fragment, skip);
			u32 place = frame_forget(frame, to + done);
			u32 part = fragment.length - skip;

			if (part > size - done)
				part = size - done;
			part = frame_forget(frame, part);
			if (!address ||
			    bpf_probe_read_kernel(
				    frame->bytes + frame_bounded(place, 2 * FRAME_WINDOW_SIZE),
				    frame_bounded(part, FRAME_WINDOW_SIZE), (void *)address))
				break;
			done += part;
			if (done == size)
				break;
		}
		start += fragment.length;
	}
	return done;
}

/*
 * Read the bytes that a load missed from page fragments; then the expression starts again and finds
 * them. This is the only place that reads fragments, because the verifier follows a loop at each place
 * where it stands. False: there are none, or this load was tried before.
 */
static __always_inline bool frame_read_on(struct frame *frame)
{
	bool far = frame_forget(frame, frame->missing) < FRAME_FAR_LOADS;
	u32 offset = far ? frame->missed : frame->filled;
	u32 end = far ? offset + frame->missed_size : frame->window;
	u32 to = far ? frame_place(frame->missing) : offset;
	u32 part = 0;

	if (end > frame->end)
		end = frame->end;
	if (frame->read & 1 << frame->missing || frame->linear == frame->end || offset >= end)
		return false;
	frame->read |= 1 << frame->missing;
	if (offset < frame->linear) {
		part = frame->linear - offset;
		if (bpf_probe_read_kernel(frame->bytes + frame_bounded(to, 2 * FRAME_WINDOW_SIZE),
					  frame_bounded(part, FRAME_WINDOW_SIZE),
					  frame->source.head + frame->from + offset - frame->start))
			return false;
	}
	part += frame_read_fragments(frame, frame_forget(frame, offset + part),
				     frame_forget(frame, to + part),
				     frame_forget(frame, end - offset - part));
	if (!far)
		frame->filled += part;
	return part == end - offset || !far;
}
#else
/* Page fragments are not there. */
static __always_inline bool frame_read_on(struct frame *frame)
{
	return false;
}
#endif

/* Copy the packet from its offset `from`, as far as it goes, into the window from `start`. */
static __always_inline void frame_fill(struct frame *frame, u32 start, u32 from)
{
	const struct frame_source *source = &frame->source;
	bool linear = source->tail >= from;
	u32 size = linear ? source->tail - from : 0;

	frame->start = start;
	frame->from = from;
	frame->linear = start + size;
	frame->end = frame->linear + (linear ? source->paged : 0);
	if (size > frame->window - start)
		size = frame->window - start;
	if (bpf_probe_read_kernel(frame->bytes + start, frame_bounded(size, FRAME_WINDOW_SIZE),
				  source->head + from))
		size = 0;
	frame->filled = start + size;
}

/* Write 16 bits of the frame's header. */
static __always_inline void frame_put(struct frame *frame, u32 offset, __be16 value)
{
	*(__be16 *)(frame->bytes + offset) = value;
}

/* Open the frame of the packet at frame->source. `window`: its first bytes that are looked at. */
static __always_inline void frame_open(struct frame *frame, u32 window)
{
	const struct frame_source *source = &frame->source;
	u32 behind = source->network - source->link - ETHERNET_SIZE;
	u32 tag = source->tag_protocol ? FRAME_TAG_SIZE : 0;
	bool tagged = source->protocol == bpf_htons(0x8100) ||
		      source->protocol == bpf_htons(0x88a8);
	__be16 ethertype;

	frame->window = window > FRAME_HEADER_SIZE ? window : FRAME_HEADER_SIZE;
	frame->has_link = false;
	frame->read = 0;
	if (tag) {
		frame_put(frame, FRAME_ADDRESSES_SIZE, source->tag_protocol);
		frame_put(frame, FRAME_ADDRESSES_SIZE + 2, bpf_htons(source->tag_tci));
	}
	/*
	 * A stale mac_header can point anywhere, or to another header in front of this one. It is
	 * believed to be an Ethernet header if it has the EtherType of the packet and ends, with any
	 * tags, where the network header starts.
	 */
	if (source->link != HEADER_UNSET &&
	    (behind == 0 ||
	     (tagged && (behind == FRAME_TAG_SIZE || behind == 2 * FRAME_TAG_SIZE)))) {
		if (tag)
			bpf_probe_read_kernel(frame->bytes, FRAME_ADDRESSES_SIZE,
					      source->head + source->link);
		frame_fill(frame, tag ? FRAME_ADDRESSES_SIZE + FRAME_TAG_SIZE : 0,
			   source->link + (tag ? FRAME_ADDRESSES_SIZE : 0));
		ethertype = *(__be16 *)(frame->bytes + FRAME_ADDRESSES_SIZE + tag);
		frame->has_link = frame->linear >= ETHERNET_SIZE + tag &&
				  (ethertype == source->protocol ||
				   (bpf_ntohs(ethertype) < FRAME_FIRST_ETHERTYPE &&
				    bpf_ntohs(source->protocol) < FRAME_FIRST_ETHERTYPE));
	}
	if (!frame->has_link) {
		frame_put(frame, FRAME_ADDRESSES_SIZE + tag, source->protocol);
		frame_fill(frame, ETHERNET_SIZE + tag, source->network);
	}
	frame_forget_all();
}

static __always_inline u32 frame_length(const struct frame *frame)
{
	return frame->end;
}

/* A number of 1, 2 or 4 bytes. */
static __always_inline u32 frame_number(const unsigned char *bytes, u32 size)
{
	if (size == 1)
		return *bytes;
	if (size == 2)
		return bpf_ntohs(*(const __be16 *)bytes);
	return bpf_ntohl(*(const __be32 *)bytes);
}

/* Load `size` bytes that cannot lie behind the window. False: they are missing, or not read yet. */
static __always_inline bool frame_load(struct frame *frame, u32 offset, u32 size, u32 *value)
{
	if (offset + size > frame->filled || (offset < FRAME_ADDRESSES_SIZE && !frame->has_link)) {
		frame->missing = FRAME_FAR_LOADS;
		return false;
	}
	*value = frame_number(frame->bytes + frame_bounded(offset, FRAME_WINDOW_SIZE), size);
	return true;
}

/* The same for bytes that may lie anywhere. Each such load of a program has a number. */
static __always_inline bool frame_load_far(struct frame *frame, u32 far, u64 offset, u32 size,
					   u32 *value)
{
	unsigned char *bytes = frame->bytes + frame_place(far);

	if (offset < frame->start)
		return frame_load(frame, offset, size, value);
	frame->missing = far;
	frame->missed = offset;
	frame->missed_size = size;
	if (offset + size > frame->end)
		return false;
	if (!(frame->read & 1 << far) &&
	    (offset + size > frame->linear ||
	     bpf_probe_read_kernel(bytes, size,
				   frame->source.head + frame->from + offset - frame->start)))
		return false;
	*value = frame_number(bytes, size);
	return true;
}
