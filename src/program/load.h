/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_LOAD_H
#define BYTETRACE_PROGRAM_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "program/attach.h"

struct error;
struct image;

#define LOAD_MAX_PROGRAMS 8

/*
 * The programs of an image in the kernel: all that there is of them hangs on these descriptors, so
 * nothing is left when the process ends, however it ends.
 */
struct loaded {
	struct loaded_program {
		struct attach_point point;
		int program_fd;
		int link_fd; /* -1: not attached */
	} programs[LOAD_MAX_PROGRAMS];
	size_t program_count;
	size_t instruction_count; /* of all of them */
	int events_fd;		  /* the perf buffers' map */
	int lost_fd;		  /* per-CPU counts of records that found no room */
};

/*
 * Create the maps and load the programs of an image. It must define the maps "events" and "lost",
 * and each of its functions must be named after what it is attached to. On failure returns -errno
 * with STATUS_LOAD and the verifier's last words, or STATUS_ATTACH.
 */
int load_program(struct loaded *loaded, const struct image *image, struct error *err);

/* Start and stop the flow of events. attach fails with STATUS_ATTACH. */
int load_attach(struct loaded *loaded, struct error *err);
void load_detach(struct loaded *loaded);

/* Drops that were not recorded so far: no room in a perf buffer, or skipped by the kernel. */
uint64_t load_lost(const struct loaded *loaded);

void load_close(struct loaded *loaded);

#endif
