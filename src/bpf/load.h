/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_LOAD_H
#define BYTETRACE_BPF_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/attach.h"

struct error;
struct image;

#define LOAD_MAX_PROGRAMS 64
#define LOAD_MAX_MAPS 128

/*
 * The programs of images in the kernel: all that there is of them hangs on these descriptors, so
 * nothing is left when the process ends, however it ends. Empty if zero.
 */
struct loaded {
	struct loaded_program {
		struct attach_point point;
		uint32_t type_id; /* image_function.type_id */
		size_t image;	  /* the number of the image that it is of, from 0 on */
		int program_fd;
		int link_fd;	      /* -1: not attached */
		int gate_fd;	      /* what is attached in its place and jumps into it, or -1 */
		int jump_fd;	      /* the map that says where the gate jumps, or -1 */
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
	size_t image_count;
	uint64_t skipped; /* runs that the kernel skipped of programs that are no more */
	bool replaceable; /* programs are attached by gates; set before load_attach() */
	/* Where the verifier refused the program, which stays known: function NULL if it did not
	 * say. */
	struct {
		const char *function; /* its name in the image */
		unsigned long instruction;
	} refused;
};

/*
 * Create the maps and load the programs of one more image, which must outlive `loaded`. It must
 * define the map "lost" (per-CPU counts of drops that found no room), and each of its functions
 * must be named after what it is attached to. The maps that events are handed over or counted in
 * are those of the image before. On failure returns -errno with STATUS_LOAD and the verifier's
 * last words, or STATUS_ATTACH; the caller calls load_close() in any case. `counts`: have the
 * verifier tell them, which takes longer.
 */
int load_program(struct loaded *loaded, const struct image *image, bool counts, struct error *err);

/*
 * Start and stop the flow of events. attach fails with STATUS_ATTACH. Of the functions of the
 * kernel that an image has kprobes for one must be there: what others are missing is told in a
 * warning on stderr, as they may be those of modules that are not loaded.
 */
int load_attach(struct loaded *loaded, struct error *err);

/*
 * Put the `count` programs at the end of `loaded`, which were loaded for an image that would be the
 * next one, in the place of those of the image `old`, and give them its number. Each drop goes
 * through one of the two, never through both or none, where they have the same attach point. On
 * failure the new ones are unloaded and the old ones go on; fails with STATUS_ATTACH.
 */
int load_replace(struct loaded *loaded, size_t old, size_t count, struct error *err);

/* Detach all programs and wait until none runs on any CPU: their maps stay as they are. */
void load_detach(struct loaded *loaded);

/* The map of that name, or NULL. */
const struct loaded_map *load_find_map(const struct loaded *loaded, const char *name);

/*
 * Drops that could not be recorded so far, mostly for lack of room in a buffer, of each CPU:
 * `cpus` has cpus_possible() members. Returns how many more the kernel skipped, on whichever CPU,
 * because it was in the middle of the program there.
 */
uint64_t load_lost(const struct loaded *loaded, uint64_t *cpus);

void load_close(struct loaded *loaded);

#endif
