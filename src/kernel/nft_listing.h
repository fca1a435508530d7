/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_NFT_LISTING_H
#define BYTETRACE_KERNEL_NFT_LISTING_H

#include <stddef.h>
#include <stdint.h>

/* The rules of a network namespace, as `nft -a list ruleset` prints them. */
struct nft_listing {
	char *text; /* what the strings of the rules point into */
	struct nft_rule {
		const char *family, *table, *chain;
		const char *text; /* printable ASCII, on one line, without the handle */
		uint64_t handle;
	} * rules;
	size_t count;
};

/* Find the rules in `text`, which must come from malloc(), and is owned by the listing. 0, -ENOMEM.
 */
int nft_listing_parse(struct nft_listing *listing, char *text);
void nft_listing_free(struct nft_listing *listing);

/* The text of the rule; NULL: the listing lacks it. */
const char *nft_listing_find(const struct nft_listing *listing, const char *family,
			     const char *table, const char *chain, uint64_t handle);

#endif
