/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_CBPF_H
#define BYTETRACE_FILTER_CBPF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "window.h"

struct sock_filter;

/*
 * The most bytes of a frame that are copied at once, less than FRAME_WINDOW_SIZE of
 * templates/frame.h. Loads that may reach beyond them are read one by one; their number is at most
 * FRAME_FAR_LOADS.
 */
#define CBPF_MAX_WINDOW (FRAME_WINDOW_SIZE - 1)

/* Why a classic BPF program cannot be translated, as a clause about "it"; NULL: it can be. */
const char *cbpf_refusal(const struct sock_filter *code, size_t count);

/*
 * Write a program that cbpf_refusal() accepts as the C function expression_matches(), which reads
 * the packet through templates/frame.h. Only numbers and fixed words are written. Returns 0 or
 * -ENOMEM.
 */
int cbpf_emit(const struct sock_filter *code, size_t count, FILE *out);

#endif
