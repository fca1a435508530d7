/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_PRIVILEGES_H
#define BYTETRACE_KERNEL_PRIVILEGES_H

struct error;

/*
 * Check what can be known before the start: the capability to load tracing programs and to mount
 * in a private namespace (CAP_SYS_ADMIN), and that lockdown does not blind reads of kernel
 * memory. Returns 0, or -EPERM with STATUS_ENVIRONMENT and a sentence that names what is
 * missing. (CAP_SYSLOG is only for symbols: their absence is not an error.)
 */
int privileges_check(struct error *err);

#endif
