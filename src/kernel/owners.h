/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_OWNERS_H
#define BYTETRACE_KERNEL_OWNERS_H

#include <stdint.h>

/* The programs that own sockets, by what their processes have open in /proc. */
struct owners;

/* A process that has a socket open: of several, the one with the lowest ID. */
struct owner {
	char name[16]; /* of its main thread: any bytes */
	uint32_t pid;  /* 0: all processes of that name */
};

/*
 * `proc` is the path of a procfs, which is read when it is needed; the string must outlive the
 * owners. NULL: out of memory.
 */
struct owners *owners_create(const char *proc);
void owners_free(struct owners *owners);

/*
 * The owner of the socket with this inode; NULL: no process has it open, or it is too new: /proc is
 * read again for an unknown socket, but for a small part of the time only. The result is valid
 * until the next call.
 */
const struct owner *owners_find(struct owners *owners, uint32_t inode);

/*
 * All processes with the name of an owner, and a number for that name, from 1 on. Valid as long as
 * the owners. NULL: out of memory.
 */
const struct owner *owners_program(struct owners *owners, const struct owner *owner,
				   uint32_t *number);

#endif
