/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_REASONS_H
#define BYTETRACE_KERNEL_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * The drop reasons of the running kernel. Core reasons come from the format file of the tracepoint
 * skb:kfree_skb. Reasons of a subsystem (number >> 16 != 0) come from the kernel's enums in BTF or
 * headers, which are read at the first look-up of such a reason.
 */
struct reasons;

/* Where to find the enums of subsystems; either may be NULL. */
struct reasons_source {
	const char *btf_dir;	 /* a directory like /sys/kernel/btf: vmlinux and modules */
	const char *include_dir; /* the include/ directory of a kernel's headers */
};

/*
 * Parse the format file of skb:kfree_skb; NULL: it cannot be read, and the reasons of the core are
 * looked up like the others. `source` is copied. Returns 0, or -errno with STATUS_ENVIRONMENT if
 * the text is another one. The caller calls reasons_free().
 */
int reasons_create(struct reasons **reasons, const char *format,
		   const struct reasons_source *source, struct error *err);
void reasons_free(struct reasons *reasons);

/* Whether this kernel reports reasons (5.17 and later, and backports). */
bool reasons_given(const struct reasons *reasons);

/* The number of a core reason ("NOT_SPECIFIED", with or without the prefix), or -ENOENT. */
int reasons_number(const struct reasons *reasons, const char *name, uint32_t *number);

/*
 * Pass all reasons to `take`, including those of subsystems with known names, until it returns
 * non-zero; returns that value.
 */
int reasons_each(struct reasons *reasons,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* Room for any name that reasons_name() composes. */
#define REASON_NAME_SIZE 64

/*
 * The name of a reason: of a core reason without SKB_DROP_REASON_, of a subsystem's as in the
 * kernel's source ("RX_DROP_U_MIC_FAIL", "OVS_DROP_METER", "QDISC_DROP_OVERLIMIT"). Without a name:
 * "mac80211:3" if the subsystem is known, "subsys4:3" if not, "65" for a core reason. The result is
 * owned by `reasons`, or in `buffer`.
 */
const char *reasons_name(struct reasons *reasons, uint32_t number, char buffer[REASON_NAME_SIZE]);

#endif
