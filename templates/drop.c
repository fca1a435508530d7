/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bytetrace: what the kernel runs for each dropped packet.
 *
 * The way of a drop: probe -> drop() -> skb -> link layer -> tunnel -> network -> transport -> socket
 * -> device -> record -> hand-over, or counting. Each step fills its part of struct drop_event. The filters on
 * a part stand right behind it, and leave as soon as one does not match. What no filter needs is read
 * last.
//@if template
 * Each step has a file. A line `//@if` depends on the user's flags, an `#if` on the kernel.
//@end
 */
#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/sock.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>
#include <bytetrace/kernel.h> /* what differs between kernels */
#include <bytetrace/read.h>   /* READ(): a checked read of kernel memory */
#include <bytetrace/field.h>  /* DROP_FIELD(): a column of your own */

//@include event.h
//@if headers
//@include headers.h

//@end
//@if expression
//@include window.h
//@include frame.h

//@slot expression

//@end
//@include record.h
//@if copy
//@include skb.h
//@end
//@if packet
//@include packet.h
//@include ethernet.h
//@include network.h
//@include transport.h
//@if inner
//@include tunnel.h
//@end
/* The packet's headers, from the outermost inwards; 0: a filter does not match. */
static __always_inline int read_packet(struct drop_event *event, const struct sk_buff *skb,
				       struct packet *packet)
{
	struct ahead ahead = {};
	u32 offset;

	packet->head = skb->head;
	packet->end = skb->tail;
	offset = read_link(event, skb, *packet);
//@if inner
	offset = read_inside(event, packet, offset);
//@end
//@slot filter_vlan
//@slot filter_ethertype
	offset = read_network(event, *packet, offset, &ahead);
//@slot filter_network
//@if ports
	read_ports(event, *packet, offset, &ahead);
//@slot filter_transport
//@end
//@if tcp_flags
	u8 tcp_flags = 0;
	int has_tcp_flags = read_tcp_flags(event, *packet, offset, &tcp_flags);

//@slot filter_tcp
//@end
	return 1;
}

//@end
//@slot filter_functions
//@if socket
//@include socket.h
//@end
//@if device
//@include device.h
//@end
//@if summary
//@include summary.h
//@else
//@include handover.h
//@end
/* Fill the record, from what filters need to what only is shown. Not 0: the drop is lost. */
static __always_inline int record_drop(void *ctx, struct drop_record *record,
				       struct sk_buff *address, struct sock *given, u64 location,
				       u32 reason)
{
	struct drop_event *event = &record->event;
//@if direct
	const struct sk_buff *skb = address;
//@end
//@if copy
//@if scratch
	struct sk_buff *skb = &record->skb;
//@else
	struct sk_buff copy, *skb = &copy;
//@end
//@end
//@if packet
	struct packet packet;
//@end

	event->version = DROP_EVENT_VERSION;
	event->probe = DROP_PROBE;
	event->location = location;
	event->reason = reason;
//@if copy
	if (copy_back(skb, address))
		return -1;
//@end
//@slot filter_skb
//@if packet_first
	if (!read_packet(event, skb, &packet))
		return 0;
//@end
//@if skb_front
//@if copy
	if (copy_front(skb, address))
		return -1;
//@end
//@slot filter_length
//@end
//@if expression
	frame_locate(&record->frame.source, skb, address);
//@if inner
	frame_enter(&record->frame.source, &packet.inside);
//@end
	frame_open(&record->frame, EXPRESSION_WINDOW);
	if (!expression_matches(&record->frame))
		return 0;
//@end
//@if socket
	if (!read_socket(event, drop_socket_of(given, skb->sk)))
		return 0;
//@end
//@if device
	if (!read_device(event, skb, given))
		return 0;
//@end
//@if packet_last
	if (!read_packet(event, skb, &packet))
		return 0;
//@end
//@if summary
	count_drop(event, ctx, address, given);
	return 0;
//@else
	event->time = record_time();
//@if details
	fill_details(event, skb);
//@end
	fill_columns(event, ctx, address, given, location, reason);
	return hand_over(ctx, event, RECORD_SIZE);
//@end
}

//@if scratch
//@include scratch.h
//@else
#ifdef DROP_FIELDS
#include <bytetrace/scratch.h>
#else
static __always_inline void make_record(void *ctx, struct sk_buff *skb, struct sock *given,
					u64 location, u32 reason)
{
	struct drop_record record;

	__builtin_memset(&record.event, 0, sizeof(record.event));
	if (record_drop(ctx, &record, skb, given, location, reason))
		count_lost();
}
#endif
//@end

/*
 * What a probe calls: the code at `location` (0: not known) dropped skb for `reason`. `sk` is the
 * socket that it was for, NULL: that of the skb, if it has one.
 */
static __always_inline int drop_socket(void *ctx, struct sk_buff *skb, struct sock *sk,
				       u64 location, u32 reason)
{
//@slot filter_call
	make_record(ctx, skb, sk, location, reason);
	return 0;
}

/* The same for a probe that knows no socket. */
static __always_inline int drop(void *ctx, struct sk_buff *skb, u64 location, u32 reason)
{
	return drop_socket(ctx, skb, NULL, location, reason);
}

//@if device_only
/* The same for a packet without an skb: only the device that dropped it is known, or NULL. */
static __always_inline int drop_device(void *ctx, struct net_device *device, u64 location,
				       u32 reason)
{
	struct sk_buff skb;

	__builtin_memset(&skb, 0, sizeof(skb));
	skb.dev = device;
	skb.mac_header = (u16)~0; /* there is none */
	return drop(ctx, &skb, location, reason);
}

//@end
//@slot probe
