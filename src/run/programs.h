/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_PROGRAMS_H
#define BYTETRACE_RUN_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/image.h"
#include "record/layout.h"

struct error;
struct kernel_facts;
struct listing;
struct loaded;
struct options;
struct program;
struct reload;

/* A compiled program, the layout of its records, and its file. */
struct built {
	struct image image;
	struct layout layout;
	char *path; /* NULL: built in */
};

/* The programs of a run: one for each --probe, or one. */
struct programs {
	struct built *list;
	size_t count;
	struct layouts layouts;
	const struct options *options;
	const struct kernel_facts *facts;
};

/*
 * Generate the program for the --probe number `probe`, as --print-source shows it. Fails as
 * generate_program() does. The caller calls generate_free().
 */
int programs_generate(struct program *program, const struct options *options, size_t probe,
		      const struct kernel_facts *facts, struct error *err);

/*
 * Generate and compile all programs, or take them from the cache. `options` and `facts` must
 * outlive them. The caller calls programs_free(), also on failure.
 */
int programs_build(struct programs *programs, const struct options *options,
		   const struct kernel_facts *facts, struct error *err);

/*
 * Generate and compile a program for its listing (compile/listing.h). The caller calls
 * listing_close(), image_free() and generate_free(), also on failure.
 */
int programs_list(struct listing *listing, struct image *image, struct program *program,
		  const struct options *options, size_t probe, const struct kernel_facts *facts,
		  struct error *err);

/*
 * Load the image of a program: see load_program(). If the verifier refuses it, the error begins
 * with the source line.
 */
int programs_load(struct loaded *loaded, const struct image *image, const struct options *options,
		  size_t probe, bool counts, const struct kernel_facts *facts, struct error *err);

/*
 * Watch the files of the programs for --watch. Fails as reload_open() does, or with STATUS_USAGE if
 * all are built in. The caller calls reload_free().
 */
int programs_watch(struct reload **reload, struct programs *programs, struct error *err);

void programs_free(struct programs *programs);

#endif
