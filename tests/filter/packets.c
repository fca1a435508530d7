// SPDX-License-Identifier: GPL-2.0-only
#include "packets.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADROOM 128
#define LINK 14
#define TAG 4

uint32_t random_below(struct random *random, uint32_t limit)
{
	/* xorshift64* */
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (uint32_t)((random->state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

/*
 * Frames as text: hex digits are bytes, blanks are nothing, a parameter in {} is one of the texts
 * below.
 */
static const struct part {
	const char *name, *text;
} parts[] = {
	{ "mac", "02000000000b 02000000000a" },
	{ "bcast", "ffffffffffff 02000000000a" },
	{ "mcast", "01005e000001 02000000000a" },
	{ "tag5", "8100 2005" },
	{ "tag100", "8100 0064" },
	{ "qinq7", "88a8 6007" },
	{ "old9", "9100 0009" },
	{ "a", "c0000201" }, /* 192.0.2.1 */
	{ "b", "c0000202" }, /* 192.0.2.2 */
	{ "t", "0a010203" }, /* 10.1.2.3 */
	{ "m", "e0000001" }, /* 224.0.0.1 */
	{ "a6", "20010db8000000000000000000000001" },
	{ "b6", "20010db8000000000000000000000002" },
	{ "m6", "ff020000000000000000000000000001" },
	{ "tcp", "c35001bb 00000001 00000002 5002 0400 0000 0000" },
	{ "http",
	  "c3500050 00000001 00000002 5018 0400 0000 0000 474554202f20485454502f312e310d0a" },
	{ "tcpopt",
	  "01bbc350 00000001 00000002 8012 0400 0000 0000 020405b40402080a0000000100000000 "
	  "47455420" },
	{ "udp", "30390035 0010 0000 0123456789abcdef" },
	{ "udp2", "0035 ffff 0010 0000 fedcba9876543210" },
	{ "icmp", "0800 0000 0001 0001 6162636465666768" },
	{ "unreach", "0303 0000 00000000 4500001c0000000040110000 {a}{b} 0035 ffff 0008 0000" },
	{ "icmp6", "8000 0000 00010001 6162636465666768" },
	{ "ns", "8700 0000 00000000 {b6}" },
	{ "sctp", "0b590b5a 00000001 00000000 0100001400000001 0000ffff00010001 00000001" },
	{ "vxlan", "3039 12b5 0050 0000 0800000000007b00" },
	{ "geneve", "3039 17c1 0050 0000 0040 6558 00007b00 0102030405060708" },
	{ "gtp", "3039 0868 0020 0000 30ff000800000001" },
};

static const struct part frames[] = {
	{ "tcp 443", "{mac} 0800 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "tcp 80 data", "{mac} 0800 45000038 0001 4000 4006 0000 {t}{b} {http}" },
	{ "tcp options", "{mac} 0800 46000040 0001 0000 4006 0000 {a}{t} 94040000 {tcpopt}" },
	{ "ip options 60",
	  "{mac} 0800 4f000064 0001 0000 ff06 0000 {a}{b} "
	  "01010101010101010101010101010101010101010101010101010101010101010101010101010100 "
	  "{tcpopt}" },
	{ "udp 53", "{mac} 0800 45000024 0002 0000 4011 0000 {a}{b} {udp}" },
	{ "udp answer", "{bcast} 0800 45c00024 0002 0000 0111 0000 {b}{a} {udp2}" },
	{ "udp multicast", "{mcast} 0800 45000024 0002 0000 0111 0000 {a}{m} {udp}" },
	{ "first fragment", "{mac} 0800 45000024 0003 2000 4011 0000 {a}{b} {udp}" },
	{ "later fragment", "{mac} 0800 45000024 0003 2003 4011 0000 {a}{b} {udp}" },
	{ "last fragment", "{mac} 0800 45000028 0003 0008 4006 0000 {a}{b} {tcp}" },
	{ "ping", "{mac} 0800 45000024 0004 0000 4001 0000 {a}{b} {icmp}" },
	{ "unreachable", "{mac} 0800 45000038 0004 0000 4001 0000 {a}{b} {unreach}" },
	{ "igmp", "{mcast} 0800 46c00020 0004 0000 0102 0000 {a}{m} 94040000 1164ee9b 00000000" },
	{ "sctp", "{mac} 0800 45000034 0004 0000 4084 0000 {a}{b} {sctp}" },
	{ "esp",
	  "{mac} 0800 45000024 0004 0000 4032 0000 {a}{b} 0000000100000001 0123456789abcdef" },
	{ "ah", "{mac} 0800 45000024 0004 0000 4033 0000 {a}{b} 06040000 00000001 00000001 "
		"0123456789ab" },
	{ "ospf",
	  "{mac} 0800 45000024 0004 0000 0159 0000 {a}{m} 0201002c{a}00000000000000000000" },
	{ "vrrp", "{mac} 0800 45000020 0004 0000 ff70 0000 {a}{m} 210164010001ba52" },
	{ "pim", "{mac} 0800 45000020 0004 0000 0167 0000 {a}{m} 2000dffa0001000200690014" },
	{ "ipip", "{mac} 0800 4500003c 0005 0000 4004 0000 {a}{b} 45000028 0001 4000 4006 0000 "
		  "{t}{b} {tcp}" },
	{ "gre",
	  "{mac} 0800 45000040 0005 0000 402f 0000 {a}{b} 00000800 45000028 0001 4000 4006 0000 "
	  "{t}{b} {tcp}" },
	{ "gre from 8.0.0.0/8",
	  "{mac} 0800 45000040 0005 0000 402f 0000 08000001{b} 00000800 45000028 0001 "
	  "4000 4006 0000 {t}{b} {tcp}" },
	{ "vxlan",
	  "{mac} 0800 45000064 0005 0000 4011 0000 {a}{b} {vxlan} {mac} 0800 45000028 0001 4000 "
	  "4006 0000 {t}{b} {tcp}" },
	{ "geneve",
	  "{mac} 0800 45000064 0005 0000 4011 0000 {a}{b} {geneve} {mac} 0800 45000028 0001 4000 "
	  "4006 0000 {t}{b} {tcp}" },
	{ "geneve arp",
	  "{mac} 0800 45000064 0005 0000 4011 0000 {a}{b} 3039 17c1 0050 0000 0000 6558 "
	  "00007b00 {mac} 0806 0001 0800 0604 0001 02000000000a {a} 000000000000 {b}" },
	{ "gtp", "{mac} 0800 4500003c 0005 0000 4011 0000 {a}{b} {gtp} 4500001c 0001 0000 4001 "
		 "0000 {t}{b} "
		 "0800f7ff00000000" },
	{ "ip version 5", "{mac} 0800 55000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "ip header of 8 bytes", "{mac} 0800 42000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "ip total length 3", "{mac} 0800 45000003 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "ip total length ffff", "{mac} 0800 4500ffff 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "arp request", "{bcast} 0806 0001 0800 0604 0001 02000000000a {a} 000000000000 {b}" },
	{ "arp reply", "{mac} 0806 0001 0800 0604 0002 02000000000a {t} 02000000000b {a}" },
	{ "rarp", "{bcast} 8035 0001 0800 0604 0003 02000000000a 00000000 02000000000a 00000000" },
	{ "ipv6 tcp", "{mac} 86dd 60000000 0014 06 40 {a6}{b6} {tcp}" },
	{ "ipv6 http", "{mac} 86dd 6a012345 0024 06 40 {a6}{b6} {http}" },
	{ "ipv6 udp", "{mac} 86dd 60000000 0010 11 40 {a6}{b6} {udp}" },
	{ "ipv6 ping", "{mac} 86dd 60000000 0010 3a 40 {a6}{b6} {icmp6}" },
	{ "ipv6 neighbour", "333300000001 02000000000a 86dd 60000000 0018 3a ff {a6}{m6} {ns}" },
	{ "ipv6 sctp", "{mac} 86dd 60000000 0020 84 40 {a6}{b6} {sctp}" },
	{ "ipv6 hop by hop", "{mac} 86dd 60000000 0018 00 40 {a6}{b6} 3a00050200000100 {icmp6}" },
	{ "ipv6 fragment", "{mac} 86dd 60000000 0018 2c 40 {a6}{b6} 1100000100000001 {udp}" },
	{ "ipv6 fragment of tcp",
	  "{mac} 86dd 60000000 001c 2c 40 {a6}{b6} 0600000900000001 {tcp}" },
	{ "ipv6 routing", "{mac} 86dd 60000000 0030 2b 40 {a6}{b6} 0602000100000000 {b6} {tcp}" },
	{ "ipv6 ah",
	  "{mac} 86dd 60000000 0024 33 40 {a6}{b6} 0602000000000001 0000000101234567 {tcp}" },
	{ "ipv6 in ipv4",
	  "{mac} 0800 45000050 0005 0000 4029 0000 {a}{b} 60000000 0014 06 40 {a6}{b6} {tcp}" },
	{ "ipv4 in ipv6",
	  "{mac} 86dd 60000000 0028 04 40 {a6}{b6} 45000028 0001 4000 4006 0000 {t}{b} {tcp}" },
	{ "vlan tcp", "{mac} {tag5} 0800 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "vlan udp", "{mac} {tag100} 0800 45000024 0002 0000 4011 0000 {a}{b} {udp}" },
	{ "vlan arp", "{bcast} {tag5} 0806 0001 0800 0604 0001 02000000000a {a} 000000000000 {b}" },
	{ "vlan ipv6", "{mac} {tag5} 86dd 60000000 0014 06 40 {a6}{b6} {tcp}" },
	{ "vlan 0x9100", "{mac} {old9} 0800 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "qinq tcp", "{mac} {qinq7} {tag5} 0800 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "qinq ipv6", "{mac} {qinq7} {tag100} 86dd 60000000 0010 11 40 {a6}{b6} {udp}" },
	{ "three tags",
	  "{mac} {qinq7} {tag100} {tag5} 0800 45000024 0004 0000 4001 0000 {a}{b} {icmp}" },
	{ "mpls", "{mac} 8847 00064140 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "mpls two", "{mac} 8847 00064040 00400140 45000024 0002 0000 4011 0000 {a}{b} {udp}" },
	{ "pppoe discovery", "{bcast} 8863 1109 0000 0004 0101 0000" },
	{ "pppoe session",
	  "{mac} 8864 1100 0001 002a 0021 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
	{ "stp",
	  "0180c2000000 02000000000a 0026 424203 000000000080000200000000000000000080000200000000"
	  "8001000014000200" },
	{ "snap",
	  "01000ccccccc 02000000000a 0024 aaaa03 00000c 2000 02b4df4d00010008706565720002" },
	{ "ipx raw",
	  "ffffffffffff 02000000000a 0022 ffff 0022 0000 00000000ffffffffffff045300000000" },
	{ "lldp", "0180c200000e 02000000000a 88cc 02070402000000000a 0402 0731 0602 0078 0000" },
	{ "macsec", "{mac} 88e5 2c00 00000001 0123456789abcdef0123456789abcdef" },
	{ "decnet", "{mac} 6003 0b000200aa00040001040000" },
	{ "loopback test", "{mac} 9000 0000 0100 00000000" },
	{ "empty", "{mac} 0800" },
	{ "protocol 0", "{mac} 0000 45000028 0001 4000 4006 0000 {a}{b} {tcp}" },
};

#define FRAMES (sizeof(frames) / sizeof(*frames))

static size_t add_text(unsigned char *to, size_t size, const char *text)
{
	while (*text) {
		unsigned int byte;

		if (*text == ' ') {
			text++;
		} else if (*text == '{') {
			size_t length = strcspn(text, "}");
			size_t i = 0;

			while (strlen(parts[i].name) != length - 1 ||
			       strncmp(parts[i].name, text + 1, length - 1) != 0)
				i++;
			size = add_text(to, size, parts[i].text);
			text += length + 1;
		} else {
			sscanf(text, "%2x", &byte);
			to[size++] = (unsigned char)byte;
			text += 2;
		}
	}
	return size;
}

/* A frame of random length whose payload is so long that page fragments hold most of it. */
static size_t add_payload(unsigned char *to, size_t size, struct random *random, size_t more)
{
	while (more-- > 0 && size < FRAME_MAX)
		to[size++] = (unsigned char)random_below(random, 256);
	return size;
}

static uint16_t word(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool is_tag(uint16_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8;
}

/* How an skb holds a frame. */
enum link { LINK_THERE, LINK_NONE, LINK_STALE, LINK_LAST };
struct holding {
	enum link link;
	bool metadata;	    /* the first tag is in the metadata, if there is one */
	bool outgoing;	    /* the network header is behind the tags in the packet */
	bool fresh;	    /* the network header is not set yet */
	uint32_t linear;    /* bytes of the frame, from its network header on, in the linear part */
	uint32_t fragments; /* 0: what does not fit the linear part is cut off */
	uint32_t list;	    /* bytes more that are held elsewhere */
};

#define ALL UINT32_MAX

static uint32_t smaller(uint32_t left, uint32_t right)
{
	return left < right ? left : right;
}

static void hold(struct packet *packet, const char *name, const unsigned char *frame, uint32_t size,
		 const struct holding *how, struct random *random)
{
	struct input *input = &packet->input;
	uint32_t tags = 0, head, linear, at, left;
	bool tagged = is_tag(word(frame + 12)) && size >= LINK + TAG;
	bool metadata = how->metadata && tagged;
	uint32_t pulled = metadata ? TAG : 0; /* what of the frame is not in the buffer */
	const unsigned char *payload;

	memset(packet, 0, sizeof(*packet));
	memcpy(packet->frame, frame, size);
	input->protocol = htons(word(frame + 12 + pulled));
	if (word(frame + 12 + pulled) < 0x600) /* a length: 802.3, as the kernel calls it */
		input->protocol = htons(4);
	if (metadata) {
		input->tagged = 1;
		input->vlan_proto = htons(word(frame + 12));
		input->vlan_tci = word(frame + 14);
	}
	if (how->outgoing && how->link == LINK_THERE)
		while (tags < 2 && is_tag(word(frame + 12 + pulled + tags * TAG)) &&
		       size >= LINK + pulled + (tags + 1) * TAG)
			tags++;

	/* The buffer: headroom, Ethernet header (or what was there before), the rest. */
	at = HEADROOM;
	for (uint32_t i = 0; i < at; i++)
		input->buffer[i] = (unsigned char)random_below(random, 256);
	memcpy(input->buffer + at, frame, 12);
	memcpy(input->buffer + at + 12, frame + 12 + pulled, 2);
	head = LINK + pulled; /* the frame's network header */
	input->mac_header = at;
	input->network_header = at + LINK + tags * TAG;
	payload = frame + head;
	left = size - head;
	linear = smaller(left, how->linear);
	if (tags * TAG > linear)
		linear = smaller(left, tags * TAG);
	memcpy(input->buffer + at + LINK, payload, linear);
	input->tail = at + LINK + linear;
	input->data = input->network_header;
	packet->has_link = true;
	if (how->link == LINK_NONE) {
		input->mac_header = 0xffff;
		packet->has_link = false;
	} else if (how->link == LINK_STALE) {
		/*
		 * Of an outer header in front, of a network header, behind it, of a packet that was
		 * here before. Only one of place and EtherType tells that it is no Ethernet header.
		 */
		static const struct {
			int place;
			bool looks;
		} stale[] = { { -20, true },  { -24, true }, { -34, true },
			      { 0, false },   { 8, false },  { -15, true },
			      { -14, false }, { -18, true }, { -22, false } };
		uint32_t which = random_below(random, sizeof(stale) / sizeof(*stale));
		bool looks = stale[which].looks;
		unsigned char *there;

		if (stale[which].place == -18 && is_tag(ntohs(input->protocol)))
			looks = false;
		input->mac_header = (uint32_t)((int)input->network_header + stale[which].place);
		there = input->buffer + input->mac_header + 12;
		if (stale[which].place < -12) {
			memset(there, 0xee, 2);
			if (looks)
				memcpy(there, &input->protocol, 2);
		}
		packet->has_link = false;
	}
	if (!packet->has_link)
		memcpy(packet->frame + 12 + pulled, &input->protocol, 2);
	if (how->fresh)
		input->network_header = 0;

	/* Page fragments: at odd offsets, in no order, one perhaps empty. */
	payload += linear;
	left -= linear;
	at = 0;
	if (!how->fragments)
		left = 0;
	for (uint32_t i = 0; i < how->fragments && (left || i == 0); i++) {
		uint32_t part = i + 1 == how->fragments ? left : random_below(random, left + 1);
		struct input_fragment *fragment = &input->fragments[i];

		fragment->page = i & 1;
		fragment->offset = 1 + i * 1000 + random_below(random, 300);
		if (fragment->offset + part > INPUT_PAGE_SIZE)
			fragment->offset = INPUT_PAGE_SIZE - part;
		fragment->length = part;
		memcpy(input->pages + fragment->page * INPUT_PAGE_SIZE + fragment->offset, payload,
		       part);
		payload += part;
		left -= part;
		at += part;
		input->fragment_count++;
	}
	input->data_len = at + how->list;
	packet->there = head + linear + at;
	packet->length = packet->there + how->list;
	snprintf(packet->name, sizeof(packet->name),
		 "%s: link %d%s%s%s, %u linear, %u in %u fragments%s", name, how->link,
		 metadata ? ", tag in metadata" : "", tags ? ", outgoing" : "",
		 how->fresh ? ", fresh" : "", linear, at, input->fragment_count,
		 how->list ? ", and a list" : "");
}

static const struct holding holdings[] = {
	{ LINK_THERE, false, false, false, ALL, 0, 0 },
	{ LINK_THERE, false, true, false, ALL, 0, 0 },
	{ LINK_THERE, true, false, false, ALL, 0, 0 },
	{ LINK_NONE, false, false, false, ALL, 0, 0 },
	{ LINK_NONE, true, false, false, ALL, 0, 0 },
	{ LINK_STALE, false, false, false, ALL, 0, 0 },
	{ LINK_THERE, false, false, true, ALL, 0, 0 },
	{ LINK_THERE, false, false, false, 0, 1, 0 },
	{ LINK_THERE, false, false, false, 20, 2, 0 },
	{ LINK_NONE, false, false, false, 30, 3, 500 },
	{ LINK_THERE, true, true, false, 13, 3, 0 },
	{ LINK_THERE, false, false, false, 15, 0, 0 },
};

static uint32_t pick(struct random *random, const uint32_t *values, uint32_t count)
{
	return values[random_below(random, count)];
}

size_t packets_make(struct packet **packets, struct random *random, size_t count)
{
	static const uint32_t linears[] = {
		0, 1, 8, 19, 20, 21, 33, 40, 41, 60, 100, ALL, ALL, ALL
	};
	static const uint32_t lengths[] = { 0, 0, 0, 1, 2, 7, 60, 200, 700, 1400 };
	const size_t known = FRAMES * sizeof(holdings) / sizeof(*holdings);
	unsigned char frame[FRAME_MAX];
	size_t made = 0;

	if (count < known)
		count = known;
	*packets = calloc(count, sizeof(**packets));
	if (!*packets)
		return 0;
	for (size_t h = 0; h < sizeof(holdings) / sizeof(*holdings); h++) {
		for (size_t f = 0; f < FRAMES; f++) {
			size_t size = add_text(frame, 0, frames[f].text);

			if ((f + h) % 5 == 0) /* so that much of it lies beyond the window */
				size = add_payload(frame, size, random, 600);
			hold(*packets + made++, frames[f].name, frame, (uint32_t)size, &holdings[h],
			     random);
		}
	}
	while (made < count) {
		const struct part *from = &frames[random_below(random, FRAMES)];
		size_t size = add_text(frame, 0, from->text);
		struct holding how = {
			.link = random_below(random, LINK_LAST),
			.metadata = random_below(random, 2),
			.outgoing = random_below(random, 2),
			.fresh = random_below(random, 8) == 0,
			.linear = pick(random, linears, sizeof(linears) / sizeof(*linears)),
			.fragments = random_below(random, INPUT_FRAGMENTS + 1),
			.list = random_below(random, 8) == 0 ? 100 : 0,
		};

		size = add_payload(frame, size, random,
				   pick(random, lengths, sizeof(lengths) / sizeof(*lengths)));
		for (uint32_t changes = random_below(random, 4); changes; changes--)
			frame[12 +
			      random_below(random, (uint32_t)smaller((uint32_t)size - 12, 60))] ^=
				(unsigned char)(1 << random_below(random, 8));
		if (random_below(random, 4) == 0) /* cut off */
			size = LINK + random_below(random, (uint32_t)size - LINK + 1);
		hold(*packets + made++, from->name, frame, (uint32_t)size, &how, random);
	}
	return made;
}
