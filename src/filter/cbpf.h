/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_CBPF_H
#define BYTETRACE_FILTER_CBPF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sock_filter;

/*
 * Of a frame at most so many bytes are copied at once, less than FRAME_WINDOW_SIZE of
 * templates/frame.h; what may lie beyond is read where it is looked at, at up to
 * FRAME_FAR_LOADS places.
 */
#define CBPF_MAX_WINDOW 511
#define CBPF_MAX_FAR_LOADS 8

/* Why a classic BPF program cannot be translated, as the end of a sentence; NULL: it can be. */
const char *cbpf_refusal(const struct sock_filter *code, size_t count);

/*
 * Write a program that is not refused as the C function expression_matches() of the generated
 * source, which reads the packet through templates/frame.h. Only numbers and fixed words are
 * written. Returns 0 or -ENOMEM.
 */
int cbpf_emit(const struct sock_filter *code, size_t count, FILE *out);

#endif
