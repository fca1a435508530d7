/* SPDX-License-Identifier: GPL-2.0-only */
/* What the generated program finds in the kernel and in libbcc, for a compile on this host. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint16_t __be16;
typedef uint32_t __be32;

#define __always_inline
#define bpf_ntohs ntohs
#define bpf_htons htons
#define bpf_ntohl ntohl

#define PHYSICAL_GIGABYTES 1
#define SKB_VLAN_ALL

struct page {
	char bytes[64];
};

typedef struct {
	u64 page;
	u32 length, offset;
} skb_frag_t;

struct skb_shared_info {
	u8 nr_frags;
	skb_frag_t frags[17];
};

struct sk_buff {
	unsigned char *head, *data;
	u32 tail, end, data_len;
	u16 mac_header, network_header, protocol;
	union {
		u32 vlan_all;
		struct {
			u16 vlan_proto, vlan_tci;
		};
	};
};

#define BPF_ARRAY(name, type, size)                                                                \
	static type name##_values[size];                                                           \
	static type *name##_lookup(const int *key)                                                 \
	{                                                                                          \
		return *key < size ? &name##_values[*key] : NULL;                                  \
	}                                                                                          \
	static struct {                                                                            \
		type *(*lookup)(const int *key);                                                   \
	} name = { name##_lookup }

/* Only the input is memory that can be read; reads of anything else fail, and are counted. */
static u64 readable;
unsigned long bad_reads;

static long bpf_probe_read_kernel(void *to, u32 size, const void *from)
{
	if ((u64)from < readable || (u64)from + size > readable + READABLE_SIZE) {
		bad_reads++;
		memset(to, 0, size);
		return -14;
	}
	memcpy(to, from, size);
	return 0;
}

#define HOST_READABLE(input) (readable = (u64)(input))
