/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_NFT_HELPER_H
#define BYTETRACE_KERNEL_NFT_HELPER_H

#include <stdint.h>

/*
 * What a helper process does for nft_rules.c: it gets the inode of a network namespace, enters the
 * namespace, lists its nftables rules if they have changed, and answers. The namespace is left
 * again at once, so that it can be removed. The process alone loads libnftables.
 */
struct nft_version {
	uint64_t cookie;     /* of the namespace, whose inode a later one can get; 0: not known */
	uint32_t generation; /* of its rules; 0: not known */
	uint32_t reserved;
};

struct nft_question {
	struct nft_version known; /* what the asker has */
	uint64_t netns;		  /* inode */
};

struct nft_answer {
	struct nft_version version;
	uint64_t changed;
	uint64_t size; /* of the listing, which follows if it has changed */
};

/* Serve requests of the other end of `socket` until it closes; does not return. */
void nft_helper_serve(int socket) __attribute__((noreturn));

#endif
