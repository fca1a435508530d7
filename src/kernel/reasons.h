/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_REASONS_H
#define BYTETRACE_KERNEL_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Drop reasons by the names that the running kernel gives them. The core's come from the format
 * file of the tracepoint skb:kfree_skb. Those of a subsystem (number >> 16 != 0) come from
 * the kernel's enums in BTF or in its headers, looked up when the first of them is asked for.
 */
struct reasons;

/* Where the enums of subsystems are to be found; either may be NULL. */
struct reasons_source {
	const char *btf_dir;	 /* a directory like /sys/kernel/btf: vmlinux and modules */
	const char *include_dir; /* the include/ directory of a kernel's headers */
};

/*
 * Parse a format file; NULL: it cannot be read, and the core's reasons are looked up like the
 * others. `source` is copied. Returns 0, or -errno with STATUS_ENVIRONMENT if the text is no format
 * file of skb:kfree_skb. The caller calls reasons_free().
 */
int reasons_create(struct reasons **reasons, const char *format,
		   const struct reasons_source *source, struct error *err);
void reasons_free(struct reasons *reasons);

/* Whether this kernel gives reasons at all (5.17 and later, and backports). */
bool reasons_given(const struct reasons *reasons);

/* The number of a core reason ("NOT_SPECIFIED", with or without the prefix), or -ENOENT. */
int reasons_number(const struct reasons *reasons, const char *name, uint32_t *number);

/*
 * Hand all reasons of the kernel to `take`, those of its subsystems included as far as their names
 * are known, until it returns something else than 0, which is returned.
 */
int reasons_each(struct reasons *reasons,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context);

/* Room for any name that reasons_name() may have to make up. */
#define REASON_NAME_SIZE 64

/*
 * The name of a reason: a core one without SKB_DROP_REASON_, one of a subsystem as the kernel's
 * source has it ("RX_DROP_U_MIC_FAIL", "OVS_DROP_METER", "QDISC_DROP_OVERLIMIT"). "mac80211:3"
 * if only the subsystem is known, "subsys4:3" if not even that, "65" for a core reason without a
 * name. The result is either owned by `reasons` or written into `buffer`.
 */
const char *reasons_name(struct reasons *reasons, uint32_t number, char buffer[REASON_NAME_SIZE]);

#endif
