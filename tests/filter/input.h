/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as an skb holds it, in memory that a test owns: read by the test, by the generated C on
 * this host, and by the same C in the kernel, where it is the value of a map.
 */
#define INPUT_BUFFER 2048
#define INPUT_SHARED 1024
#define INPUT_PAGES 2
#define INPUT_PAGE_SIZE 4096
#define INPUT_FRAGMENTS 3

struct input {
	unsigned int mac_header, network_header, data, tail, data_len;
	unsigned short protocol, vlan_proto, vlan_tci; /* the first two in network order */
	unsigned short tagged;
	unsigned int fragment_count;
	struct input_fragment {
		unsigned int page, length, offset;
	} fragments[INPUT_FRAGMENTS];
	/* The head of the skb, and where it ends the kernel's struct skb_shared_info. */
	unsigned char buffer[INPUT_BUFFER] __attribute__((aligned(8)));
	unsigned char shared[INPUT_SHARED] __attribute__((aligned(8)));
	unsigned char pages[INPUT_PAGES * INPUT_PAGE_SIZE];
};
