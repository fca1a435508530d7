/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_GENERATE_H
#define BYTETRACE_PROGRAM_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "filter/emit.h"
#include "program/attach.h"
#include "program/template.h"

struct error;
struct options;

/* The program's text, with the files that its lines belong to. */
struct program {
	struct source source;
	char *files[4]; /* owned texts and names of files that were read, or NULL */
	char *names[4];
};

/* What a program depends on besides the options. */
struct generate_facts {
	enum attach_way attach; /* the way that the probe is attached in */
	uint32_t not_specified; /* the number of the reason NOT_SPECIFIED in this kernel */
	struct filter_comments comments;
};

/*
 * Generate the program that the options ask for: from the template (built in, or in
 * --templates) with the filters as constants, or the file of --source as it stands. The caller
 * calls generate_free().
 */
int generate_program(struct program *program, const struct options *options,
		     const struct generate_facts *facts, struct error *err);
void generate_free(struct program *program);

#endif
