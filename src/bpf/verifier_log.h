/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_VERIFIER_LOG_H
#define BYTETRACE_BPF_VERIFIER_LOG_H

#include <stdbool.h>

/* The log of the kernel's verifier, which exists only as text. */

/* The last `lines` lines. Cuts off the newlines at the end of the log. */
const char *verifier_log_last_lines(char *log, int lines);

/* The number after the last occurrence of `words`, or 0. */
unsigned long verifier_log_number(const char *log, const char *words);

/*
 * Bytes of stack that a program uses, or 0 if the log does not say. For a program with functions
 * the log says "96+32": the sum can be in use at once.
 */
unsigned long verifier_log_stack(const char *log);

/* Find the instruction that the verifier examined last: the last line that begins with "N: (". */
bool verifier_log_instruction(const char *log, unsigned long *number);

/*
 * Whether the program was refused for a load by a pointer that the verifier does not know, as a
 * `->` into kernel memory is, or that it does not trust.
 */
bool verifier_log_is_unchecked_read(const char *log);

#endif
