/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_VERIFIER_LOG_H
#define BYTETRACE_BPF_VERIFIER_LOG_H

#include <stdbool.h>

/* What the kernel's verifier says of a program, as text: it has no other form. */

/* The text from the last `lines` lines on, without the newlines at its end, which are cut off. */
const char *verifier_log_last_lines(char *log, int lines);

/* The number after the last place where the log has these words; 0: it has not. */
unsigned long verifier_log_number(const char *log, const char *words);

/*
 * Bytes of stack; 0: it does not tell. With functions of its own a program's stack is told as
 * "96+32": what can be in use at once.
 */
unsigned long verifier_log_stack(const char *log);

/*
 * The instruction that the verifier stood at: the last line that begins with "N: (". False: there
 * is none.
 */
bool verifier_log_instruction(const char *log, unsigned long *number);

/*
 * Whether the program was refused for a load by a pointer that the verifier does not know, as a
 * `->` into kernel memory is, or that it does not trust.
 */
bool verifier_log_is_unchecked_read(const char *log);

#endif
