/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_UTIL_TERMINAL_H
#define BYTETRACE_UTIL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal {
	int fd;
	size_t columns; /* more than 0, once it was read */
	size_t rows;	/* 0: not known */
};

/* Read the size of the terminal `fd`. Returns whether it changed. */
bool terminal_read(struct terminal *terminal);

#endif
