/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_LOAD_H
#define BYTETRACE_BPF_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/attach.h"
#include "bpf/gate.h"

struct error;
struct image;

#define LOAD_MAX_PROGRAMS 64
#define LOAD_MAX_MAPS 128

/*
 * The programs and maps of images in the kernel. These descriptors are the only references to them,
 * so that nothing is left behind when the process ends, however it ends. Empty if zero.
 */
struct loaded {
	struct loaded_program {
		struct attach_point point;
		uint32_t type_id; /* image_function.type_id */
		size_t image;	  /* the number of its image, from 0 on */
		int program_fd;
		int link_fd;	      /* negative: not attached */
		struct gate gate;     /* open: attached in its place */
		const char *function; /* its name in the image */
		uint32_t instruction_count;
		/* With `counts`, else 0: instructions that the verifier processed, bytes of stack.
		 */
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
	uint64_t skipped; /* runs that the kernel skipped, of replaced programs */
	bool replaceable; /* attach programs by gates; set before load_attach() */
	/* Where the verifier last refused a program; function NULL: unknown. */
	struct {
		const char *function; /* its name in the image */
		unsigned long instruction;
	} refused;
};

/*
 * Create the maps and load the programs of one more image, which must outlive `loaded`. The image
 * must define the map "lost" (per-CPU counts of drops that were not recorded), and each of its
 * functions must be named after its attach point. The maps that the reader knows are shared with
 * the images before. On failure returns -errno with STATUS_LOAD and the end of the verifier's log,
 * or STATUS_ATTACH; the caller calls load_close() in any case. `counts`: also get the verifier's
 * counts, which takes longer.
 */
int load_program(struct loaded *loaded, const struct image *image, bool counts, struct error *err);

/*
 * Attach all programs. Fails with STATUS_ATTACH. If an image has kprobes, one of their functions
 * must exist; missing ones cause only a warning on stderr, as they may be in modules that are not
 * loaded.
 */
int load_attach(struct loaded *loaded, struct error *err);

/*
 * Replace the programs of the image `old` by the last `count` programs of `loaded`, which were
 * loaded for one more image and get the number `old`. At an attach point that both have, each event
 * reaches exactly one of the two. On failure (STATUS_ATTACH) the new programs are unloaded, and the
 * old ones stay attached.
 */
int load_replace(struct loaded *loaded, size_t old, size_t count, struct error *err);

/* Detach all programs and wait until none runs on any CPU: their maps do not change any more. */
void load_detach(struct loaded *loaded);

/* The map of that name, or NULL. */
const struct loaded_map *load_find_map(const struct loaded *loaded, const char *name);

/*
 * Count the drops that were not recorded so far, mostly for lack of room in a buffer: per CPU in
 * `cpus`, which has cpus_possible() members. Returns how many more runs of the programs the kernel
 * skipped, on any CPU, because a program was already running there.
 */
uint64_t load_lost(const struct loaded *loaded, uint64_t *cpus);

void load_close(struct loaded *loaded);

#endif
