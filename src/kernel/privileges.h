/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_PRIVILEGES_H
#define BYTETRACE_KERNEL_PRIVILEGES_H

struct error;

/*
 * Check CAP_SYS_ADMIN, which loading tracing programs and mounting in a private namespace require,
 * and that lockdown permits reading kernel memory. Returns 0, or -EPERM with STATUS_ENVIRONMENT.
 * (A missing CAP_SYSLOG is not an error: it only hides symbols.)
 */
int privileges_check(struct error *err);

#endif
