/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_PROGRAM_GENERATE_H
#define BYTETRACE_PROGRAM_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "program/attach.h"
#include "program/template.h"

struct error;
struct filter;
struct options;

/* The program's text, with the files that its lines belong to. */
struct program {
	struct source source;
	char *files[4]; /* owned texts and names of files that were read, or NULL */
	char *names[4];
};

/*
 * Generate the program that the options ask for: from the template (built in, or in
 * --templates) with the filters as constants, or the file of --source as it stands.
 * `attach` is the way that the probe is attached in, `not_specified` the number of the reason
 * NOT_SPECIFIED in this kernel. The caller calls generate_free().
 */
int generate_program(struct program *program, const struct options *options, enum attach_way attach,
		     uint32_t not_specified, struct error *err);
void generate_free(struct program *program);

#endif
