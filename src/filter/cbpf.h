/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_FILTER_CBPF_H
#define BYTETRACE_FILTER_CBPF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "window.h"

struct sock_filter;

/*
 * At most so many bytes of a frame are copied at once; what may lie beyond is read where it is
 * looked at, at up to FRAME_FAR_LOADS places.
 */
#define CBPF_MAX_WINDOW (FRAME_WINDOW_SIZE - 1)

/* Why a classic BPF program cannot be translated, as the end of a sentence; NULL: it can be. */
const char *cbpf_refusal(const struct sock_filter *code, size_t count);

/*
 * Write a program that is not refused as the C function expression_matches() of the generated
 * source, which reads the packet through templates/frame.h. Only numbers and fixed words are
 * written. Returns 0 or -ENOMEM.
 */
int cbpf_emit(const struct sock_filter *code, size_t count, FILE *out);

#endif
