/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_TYPES_H
#define BYTETRACE_KERNEL_TYPES_H

#include <stdbool.h>

struct error;

/* Where the types of the running kernel come from. */
enum types_kind {
	TYPES_KIND_HEADERS, /* directories with a kernel's header files */
	TYPES_KIND_ARCHIVE, /* kheaders.tar.xz: the same, packed */
	TYPES_KIND_BTF,
};

/*
 * An open type source. Descriptors are -1 where unused: opened once and never looked up by name
 * again, so that what was checked is what is compiled.
 */
struct types {
	enum types_kind kind;
	int build_fd;		/* headers: directory with include/generated */
	int source_fd;		/* headers: directory with include/linux; may be the same one */
	int file_fd;		/* archive or BTF file */
	bool any_release;	/* headers of another kernel release are welcome */
	bool of_running_kernel; /* that file cannot be of another kernel, nor change */
	char description[256];	/* for the start line: "headers in ...", "BTF in ..." */
};

#define TYPES_CLOSED                                                                               \
	{                                                                                          \
		.build_fd = -1, .source_fd = -1, .file_fd = -1                                     \
	}

/* What the user asked for; members NULL or false: nothing. */
struct types_request {
	enum types_choice { TYPES_ANY, TYPES_HEADERS, TYPES_BTF } only;
	bool any_release;    /* do not refuse headers of another kernel release */
	const char *headers; /* a header tree, a directory that packages were unpacked in, or an
				archive */
	const char *btf;     /* a BTF file */
};

/*
 * Find types: what was asked for, or else the headers of this kernel release, kheaders, the
 * kernel's own BTF. Fails with STATUS_ENVIRONMENT and, if nothing was found, the package to
 * install. The caller calls types_close().
 */
int types_open(struct types *types, const struct types_request *request, struct error *err);
void types_close(struct types *types);

/*
 * Whether the headers in the directory `build` below `at` are those of the running kernel: with
 * others every field could lie somewhere else. -EINVAL with STATUS_ENVIRONMENT if not.
 */
int types_check_release(int at, const char *build, struct error *err);

#endif
