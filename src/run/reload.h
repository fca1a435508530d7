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
 * Programs that are made anew when their files are saved, and swapped in while they run. A process
 * of its own compiles and loads them, so that the reader of events never waits.
 */
struct reload;

/* One program: the file that it is made from, and the id of its records' layout. */
struct reload_program {
	const char *path; /* NULL: it is built in, and stays as it is */
	unsigned int id;
};

/*
 * Make the program number `index` of the run anew and load it, behind what is loaded. What it needs
 * is never freed: the process ends soon.
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
 * Look whether a file was saved or a new program is ready, without waiting. True: one was swapped
 * in that changed the columns of `layouts`. What happened is said on stderr; where a new
 * program does not compile or load, the old one stays.
 */
bool reload_poll(struct reload *reload, struct loaded *loaded, struct layouts *layouts);

void reload_free(struct reload *reload);

#endif
