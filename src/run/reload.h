/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RUN_RELOAD_H
#define BYTETRACE_RUN_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct layout;
struct layouts;
struct loaded;

/*
 * --watch: when the file of a program is saved, the program is compiled, loaded and replaced while
 * it runs. A child process compiles and loads it, so that the reader of records never waits.
 */
struct reload;

/* One program: its file, and the ID of its records' layout. */
struct reload_program {
	const char *path; /* NULL: built in, never reloaded */
	unsigned int id;
};

/*
 * Compile the program number `index` of the run again and load it behind the others. Runs in the
 * child process, which ends soon, so nothing is freed.
 */
typedef int reload_make(void *context, size_t index, struct loaded *loaded, struct layout *layout,
			struct error *err);

/*
 * Watch the files of `count` programs, which are the images of `loaded` in this order. Fails with
 * STATUS_ENVIRONMENT. The caller calls reload_free(), also on failure.
 */
int reload_open(struct reload **reload, const struct reload_program *programs, size_t count,
		reload_make *make, void *context, struct error *err);

/*
 * Check, without waiting, whether a file was saved or a new program is ready. Reports each reload
 * on stderr; if it fails, the running program stays attached. Returns whether the columns in
 * `layouts` changed.
 */
bool reload_poll(struct reload *reload, struct loaded *loaded, struct layouts *layouts);

void reload_free(struct reload *reload);

#endif
