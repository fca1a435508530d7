/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_KERNEL_TYPES_H
#define BYTETRACE_KERNEL_TYPES_H

#include <stdbool.h>

struct error;

/* Where the definitions of the kernel's types come from. */
enum types_kind {
	TYPES_KIND_HEADERS, /* directories with a kernel's header files */
	TYPES_KIND_ARCHIVE, /* the same in a tar.xz archive, as kheaders.tar.xz */
	TYPES_KIND_BTF,
};

/*
 * An open source of types. Its files are opened once and then used by descriptor, so that what was
 * checked is what is compiled. Unused descriptors are -1.
 */
struct types {
	enum types_kind kind;
	int build_fd;		/* headers: directory with include/generated */
	int source_fd;		/* headers: directory with include/linux; may be the same one */
	int file_fd;		/* archive or BTF file */
	bool any_release;	/* accept headers of another kernel release */
	bool force;		/* accept files that other users could have changed */
	bool named;		/* by the user, not found where the system has it */
	bool of_running_kernel; /* from /sys: certainly of this kernel, and cannot change */
	char description[256];	/* "headers in ...", "BTF in ..." */
};

#define TYPES_CLOSED                                                                               \
	{                                                                                          \
		.build_fd = -1, .source_fd = -1, .file_fd = -1                                     \
	}

/* The choice of the user; zero for the default. */
struct types_request {
	enum types_choice { TYPES_ANY, TYPES_HEADERS, TYPES_BTF } only;
	bool any_release; /* accept headers of another kernel release */
	bool force;	  /* accept files that others than root and the caller could have changed */
	const char *headers; /* a header tree, a directory that packages were unpacked in, or an
				archive */
	const char *btf;     /* a BTF file */
};

/*
 * Open the source of types that was requested, or the first one found of: the headers of this
 * kernel release, kheaders, the kernel's own BTF. Fails with STATUS_ENVIRONMENT; if nothing is
 * found, the error names the package to install. The caller calls types_close().
 */
int types_open(struct types *types, const struct types_request *request, struct error *err);
void types_close(struct types *types);

/*
 * Check that the headers in the directory `build` below `at` belong to the running kernel: with
 * others, any field could have a wrong offset. -EINVAL with STATUS_ENVIRONMENT if not.
 */
int types_check_release(int at, const char *build, struct error *err);

#endif
