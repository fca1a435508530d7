/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_GENERATE_GENERATE_H
#define BYTETRACE_GENERATE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/attach.h"
#include "filter/emit.h"
#include "filter/filter.h"
#include "generate/includes.h"
#include "generate/source.h"
#include "record/keys.h"
#include "record/layout.h"

struct error;
struct filter_names;
struct expression;
struct reasons;

/* Words that a flag was given, one for each time. */
struct words {
	const char **list;
	size_t count;
};

/* The program that the user asks for. Strings point into argv. */
struct generate_config {
	const char *source_file;   /* --source, or NULL */
	const char *templates_dir; /* --templates, or NULL */
	struct words probes;	   /* --probe; none: that of the way to attach */
	bool force;		   /* take files that everybody may write to */
	struct filter filter;
	struct expression *expression; /* of pcap-filter, or NULL */
	bool inner;		       /* of a tunnelled packet the inner one is meant */
	struct keys keys;	       /* to count by */
	unsigned int record;	       /* RECORD_...: parts that the output shows */
};

/* The program's text, with the files that its lines belong to, and what its records hold. */
struct program {
	struct source source;
	struct layout layout;
	struct layout keys; /* of the columns, those that --summary counts by */
	const char *path; /* the file of the user's that makes it this one; NULL: it is built in */
	struct includes includes;
	const char *probe; /* name of the probe's file; NULL: all of the program is one file */
	struct user_text { /* files that were read */
		char *name, *text;
	} * files;
	size_t file_count;
};

/* What a program depends on besides. */
struct generate_facts {
	enum attach_way attach; /* the way that the probe is attached in */
	uint32_t not_specified; /* the number of the reason NOT_SPECIFIED in this kernel */
	struct filter_comments comments;
};

/*
 * Generate the program that `config` asks for: from the template (built in, or in
 * --templates) with a probe (`probe`: one of --probe; NULL: that of the way to attach) and the
 * filters as constants, or the file of --source as it stands. This is what --print-source prints.
 * The caller calls generate_free().
 */
int generate_program(struct program *program, const struct generate_config *config,
		     const char *probe, const struct generate_facts *facts, struct error *err);

/*
 * Make the program ready for the compiler; lines keep their names and numbers. Files that it
 * includes are put into it; its columns are found (program->layout); definitions of what it names
 * go in front (DROP_PROBE, DROP_FIELDS, DROP_KEYS, DROP_REASON_..., DROP_ADDRESS_...,
 * drop_functions_...), and behind it a check that its record is the one that bytetrace reads.
 * `reasons` may be NULL; `functions` are those of the kernel. Fails with STATUS_COMPILE and the
 * line, also if the program never calls drop().
 */
int generate_finish(struct program *program, const struct generate_config *config,
		    const struct reasons *reasons, const struct filter_names *functions,
		    struct error *err);

void generate_free(struct program *program);

#endif
