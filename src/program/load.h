/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_LOAD_H
#define BYTETRACE_PROGRAM_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image;

/*
 * A program in the kernel: all that there is of it hangs on these descriptors, so nothing is
 * left when the process ends, however it ends.
 */
struct loaded {
	const char *attach_point; /* what the probe's function is named after; in the image */
	size_t instruction_count;
	int program_fd;
	int link_fd;   /* -1: not attached */
	int events_fd; /* the perf buffers' map */
	int lost_fd;   /* per-CPU counts of records that found no room */
};

/*
 * Create the maps and load the program of an image, which must outlive `loaded`. It must define
 * the maps "events" and "lost" and one function named raw_tracepoint__NAME. On failure returns
 * -errno with STATUS_LOAD and the verifier's last words.
 */
int load_program(struct loaded *loaded, const struct image *image, struct error *err);

/* Start and stop the flow of events. attach fails with STATUS_ATTACH. */
int load_attach(struct loaded *loaded, struct error *err);
void load_detach(struct loaded *loaded);

/* Drops that were not recorded so far: no room in a perf buffer, or skipped by the kernel. */
uint64_t load_lost(const struct loaded *loaded);

void load_close(struct loaded *loaded);

#endif
