/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_LOAD_H
#define BYTETRACE_PROGRAM_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/attach.h"

struct error;
struct image;

#define LOAD_MAX_PROGRAMS 8
#define LOAD_MAX_MAPS 16

/*
 * The programs of an image in the kernel: all that there is of them hangs on these descriptors, so
 * nothing is left when the process ends, however it ends.
 */
struct loaded {
	struct loaded_program {
		struct attach_point point;
		int program_fd;
		int link_fd;	      /* -1: not attached */
		const char *function; /* its name in the image */
		uint32_t instruction_count;
		/* With `counts`, else 0: instructions that the verifier went through, bytes of
		 * stack. */
		unsigned long processed, stack;
	} programs[LOAD_MAX_PROGRAMS];
	size_t program_count;
	size_t instruction_count; /* of all of them */
	struct loaded_map {
		const char *name; /* in the image */
		uint32_t type;	  /* enum bpf_map_type */
		uint32_t key_size;
		uint32_t value_size;
		uint32_t max_entries;
		int fd;
	} maps[LOAD_MAX_MAPS];
	size_t map_count;
	/* Where the verifier refused the program, which stays known: function NULL if it did not
	 * say. */
	struct {
		const char *function; /* its name in the image */
		unsigned long instruction;
	} refused;
};

/*
 * Create the maps and load the programs of an image, which must outlive `loaded`. It must define
 * the map "lost" (per-CPU counts of drops that found no room), and each of its functions must be
 * named after what it is attached to. On failure returns -errno with STATUS_LOAD and the
 * verifier's last words, or STATUS_ATTACH. `counts`: have the verifier tell them, which takes
 * longer.
 */
int load_program(struct loaded *loaded, const struct image *image, bool counts, struct error *err);

/* Start and stop the flow of events. attach fails with STATUS_ATTACH. */
int load_attach(struct loaded *loaded, struct error *err);
void load_detach(struct loaded *loaded);

/* The map of that name, or NULL. */
const struct loaded_map *load_find_map(const struct loaded *loaded, const char *name);

/*
 * Drops that could not be recorded so far, mostly for lack of room in a perf buffer, of each CPU:
 * `cpus` has cpus_possible() members. Returns how many more the kernel skipped, on whichever CPU,
 * because it was in the middle of the program there.
 */
uint64_t load_lost(const struct loaded *loaded, uint64_t *cpus);

void load_close(struct loaded *loaded);

#endif
