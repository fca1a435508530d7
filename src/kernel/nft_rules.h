/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_NFT_RULES_H
#define BYTETRACE_KERNEL_NFT_RULES_H

#include <stdint.h>

struct error;

/*
 * The text of nftables rules, in any network namespace. A helper process reads them with
 * libnftables, when a rule is first looked up and after each change; whether there was one is asked
 * for at most ten times a second. A look-up waits at most 100 ms for an answer, and then not again
 * until it is there.
 */
struct nft_rules;

/*
 * Start the helper process. Returns 0, or -errno with a sentence: libnftables is missing. The
 * caller calls nft_rules_free(), which takes NULL, too.
 */
int nft_rules_create(struct nft_rules **rules, struct error *err);
void nft_rules_free(struct nft_rules *rules);

/*
 * The text of a rule, on one line, valid until the next look-up. NULL: there is no such rule now,
 * or the answer takes longer.
 */
const char *nft_rules_find(struct nft_rules *rules, uint32_t netns, const char *family,
			   const char *table, const char *chain, uint64_t handle);

#endif
