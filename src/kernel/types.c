// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/types.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

#define KHEADERS "/sys/kernel/kheaders.tar.xz"
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* A file of each half of a header tree: the source, and the files that a build generates. */
#define SOURCE_MARK "include/linux/kconfig.h"
#define BUILD_MARK "include/generated/autoconf.h"

/*
 * Open a directory that contains `mark`, checked if the user named it. Returns -1 if it does not,
 * or if it is refused; only then `err` has a text.
 */
static int open_marked(const struct types *types, int at, const char *path, const char *mark,
		       struct error *err)
{
	const struct file_request request = { .flag = "--headers",
					      .at = at,
					      .path = path,
					      .kind = FILE_DIRECTORY,
					      .force = types->force || !types->named };
	struct error refused;
	int fd = file_find(&request, &refused);

	if (fd == -EPERM)
		*err = refused;
	if (fd >= 0 && faccessat(fd, mark, R_OK, 0)) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -1 : fd;
}

/*
 * Debian and openSUSE split a tree: the Makefile of the generated half includes that of the source,
 * by a path that is valid only if the packages are installed. If they were unpacked elsewhere, the
 * source is a sibling directory.
 */
static int open_split_source(const struct types *types, struct error *err)
{
	char makefile[4096];
	char sibling[PATH_MAX];
	char *line;
	char *rest;

	if (file_read_string(types->build_fd, "Makefile", makefile, sizeof(makefile)))
		return -1;
	for (line = strtok_r(makefile, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *end;
		int fd;

		if (strncmp(line, "include ", 8) != 0)
			continue;
		line += 8;
		end = strstr(line, "/Makefile");
		if (!end)
			continue;
		*end = '\0';
		snprintf(sibling, sizeof(sibling), "../%s", basename(line));
		fd = open_marked(types, types->build_fd, sibling, SOURCE_MARK, err);
		if (fd < 0)
			fd = open_marked(types, types->build_fd, line, SOURCE_MARK, err);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

/*
 * Open a header tree, whole or split. `source` may name the other half, or be NULL. If half of it
 * is refused, `err` has a text.
 */
static bool open_tree(struct types *types, const char *build, const char *source, struct error *err)
{
	types->build_fd = open_marked(types, AT_FDCWD, build, BUILD_MARK, err);
	if (types->build_fd < 0)
		return false;
	types->source_fd = open_marked(types, types->build_fd, ".", SOURCE_MARK, err);
	if (types->source_fd < 0 && source)
		types->source_fd = open_marked(types, AT_FDCWD, source, SOURCE_MARK, err);
	if (types->source_fd < 0)
		types->source_fd = open_split_source(types, err);
	if (types->source_fd < 0) {
		close(types->build_fd);
		types->build_fd = -1;
		return false;
	}
	types->kind = TYPES_KIND_HEADERS;
	return true;
}

/* The trees that header packages left in a directory. Returns how many there are. */
static int open_unpacked(struct types *types, const char *path, struct error *err)
{
	char pattern[PATH_MAX];
	int trees = 0;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/usr/src/*", path);
	if (glob(pattern, GLOB_ONLYDIR | GLOB_NOSORT, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct types tree = *types;

		if (!open_tree(&tree, found.gl_pathv[i], NULL, err))
			continue;
		if (trees++ > 0)
			types_close(types);
		*types = tree;
	}
	globfree(&found);
	return trees;
}

/* --headers: a tree, an archive, or the directory that header packages were unpacked in. */
static int open_named_headers(struct types *types, const char *path, struct error *err)
{
	const struct file_request request = {
		.flag = "--headers", .at = AT_FDCWD, .path = path, .force = types->force
	};
	int found = file_find(&request, err);
	char quoted[ERROR_QUOTE_SIZE];
	struct stat status;
	int trees;

	if (found < 0)
		return found;
	if (fstat(found, &status) == 0 && S_ISREG(status.st_mode)) {
		types->kind = TYPES_KIND_ARCHIVE;
		types->file_fd = file_reopen(found);
		close(found);
		return types->file_fd < 0 ? file_refuse(&request, -types->file_fd, err) : 0;
	}
	close(found);
	err->text[0] = '\0';
	error_quote(quoted, path);
	if (open_tree(types, path, NULL, err))
		return 0;
	trees = open_unpacked(types, path, err);
	if (trees == 1)
		return 0;
	if (trees > 1)
		return error_set(err, STATUS_ENVIRONMENT, ENOTUNIQ,
				 "--headers: %s contains the headers of %d kernels; specify one of "
				 "the directories in its usr/src",
				 quoted, trees);
	if (err->text[0]) /* a tree is there, but refused */
		return -EPERM;
	return error_set(err, STATUS_ENVIRONMENT, ENOENT,
			 "--headers: %s is not a header tree of a kernel: " SOURCE_MARK
			 " or " BUILD_MARK " is missing",
			 quoted);
}

/* --btf */
static int open_named_btf(struct types *types, const char *path, struct error *err)
{
	const struct file_request request = { .flag = "--btf",
					      .at = AT_FDCWD,
					      .path = path,
					      .kind = FILE_REGULAR,
					      .force = types->force };
	int found = file_find(&request, err);

	if (found < 0)
		return found;
	types->kind = TYPES_KIND_BTF;
	types->of_running_kernel = strcmp(path, KERNEL_BTF) == 0;
	types->file_fd = file_reopen(found);
	close(found);
	return types->file_fd < 0 ? file_refuse(&request, -types->file_fd, err) : 0;
}

/* A file in /sys. */
static int open_file(struct types *types, const char *path, enum types_kind kind)
{
	types->file_fd = open(path, O_RDONLY | O_CLOEXEC);
	types->kind = kind;
	types->of_running_kernel = true;
	return types->file_fd < 0 ? -errno : 0;
}

/* How to install the headers, according to /etc/os-release. */
static void headers_package(char *text, size_t size, const char *release)
{
	char os[4096];

	if (file_read_string(AT_FDCWD, "/etc/os-release", os, sizeof(os)))
		os[0] = '\0';
	if (strstr(os, "\nID=debian") || strstr(os, "\nID=ubuntu") || strstr(os, "debian"))
		snprintf(text, size, "install its headers: apt-get install linux-headers-%s",
			 release);
	else if (strstr(os, "fedora") || strstr(os, "rhel"))
		snprintf(text, size, "install its headers: dnf install kernel-devel-%s", release);
	else if (strstr(os, "suse"))
		snprintf(text, size, "install its headers: zypper install kernel-default-devel");
	else if (strstr(os, "arch"))
		snprintf(text, size, "install its headers: pacman -S linux-headers");
	else
		snprintf(text, size, "install the header package of kernel %s", release);
}

int types_check_release(int at, const char *build, struct error *err)
{
	char path[PATH_MAX];
	char text[1024];
	char release[256];
	char quoted[ERROR_QUOTE_SIZE];
	struct utsname kernel;
	const char *line;

	snprintf(path, sizeof(path), "%s/include/generated/utsrelease.h", build);
	if (file_read_string(at, path, text, sizeof(text)) ||
	    !(line = strstr(text, "#define UTS_RELEASE \"")) ||
	    sscanf(line, "#define UTS_RELEASE \"%255[^\"\n]\"", release) != 1)
		return error_set(
			err, STATUS_ENVIRONMENT, EINVAL,
			"include/generated/utsrelease.h does not say which kernel the headers "
			"belong to; to use them anyway, add --force");
	uname(&kernel);
	if (strcmp(release, kernel.release) == 0)
		return 0;
	return error_set(
		err, STATUS_ENVIRONMENT, EINVAL,
		"the headers belong to kernel %s, but %s is running; to use them anyway, add "
		"--force",
		error_quote(quoted, release), kernel.release);
}

/* Open the requested source of types, or the best one. */
static int find_types(struct types *types, const struct types_request *request, struct error *err)
{
	char build[PATH_MAX];
	char source[PATH_MAX];
	char package[256];
	char quoted[ERROR_QUOTE_SIZE];
	struct utsname kernel;

	if (request->headers) {
		snprintf(types->description, sizeof(types->description), "headers in %s",
			 error_quote(quoted, request->headers));
		return open_named_headers(types, request->headers, err);
	}
	if (request->btf) {
		snprintf(types->description, sizeof(types->description), "BTF in %s",
			 error_quote(quoted, request->btf));
		return open_named_btf(types, request->btf, err);
	}

	uname(&kernel);
	if (request->only != TYPES_BTF) {
		snprintf(build, sizeof(build), "/lib/modules/%s/build", kernel.release);
		snprintf(source, sizeof(source), "/lib/modules/%s/source", kernel.release);
		snprintf(types->description, sizeof(types->description),
			 "headers in /lib/modules/%s/build", kernel.release);
		if (open_tree(types, build, source, err))
			return 0;
		snprintf(types->description, sizeof(types->description), "headers in " KHEADERS);
		if (open_file(types, KHEADERS, TYPES_KIND_ARCHIVE) == 0)
			return 0;
	}
	if (request->only != TYPES_HEADERS) {
		snprintf(types->description, sizeof(types->description), "BTF of this kernel");
		if (open_file(types, KERNEL_BTF, TYPES_KIND_BTF) == 0)
			return 0;
	}

	if (request->only == TYPES_BTF)
		return error_set(err, STATUS_ENVIRONMENT, ENOENT,
				 "this kernel has no BTF: " KERNEL_BTF
				 " is missing; use --types headers or --btf FILE");
	headers_package(package, sizeof(package), kernel.release);
	return error_set(
		err, STATUS_ENVIRONMENT, ENOENT,
		"no types of this kernel: no headers in /lib/modules/%s%s; %s", kernel.release,
		request->only == TYPES_ANY ? ", no " KHEADERS ", no " KERNEL_BTF : "", package);
}

int types_open(struct types *types, const struct types_request *request, struct error *err)
{
	int result;

	*types = (struct types)TYPES_CLOSED;
	types->any_release = request->any_release;
	types->force = request->force;
	types->named = request->headers || request->btf;
	result = find_types(types, request, err);
	if (!result && types->kind == TYPES_KIND_HEADERS && !types->any_release)
		result = types_check_release(types->build_fd, ".", err);
	return result;
}

void types_close(struct types *types)
{
	if (types->build_fd >= 0)
		close(types->build_fd);
	if (types->source_fd >= 0)
		close(types->source_fd);
	if (types->file_fd >= 0)
		close(types->file_fd);
	*types = (struct types)TYPES_CLOSED;
}
