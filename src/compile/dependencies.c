// SPDX-License-Identifier: GPL-2.0-only
#include "compile/dependencies.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/image.h"
#include "compile/header_tree.h"
#include "kernel/types.h"
#include "util/error.h"
#include "util/file.h"

static void name_directory(char name[PATH_MAX], int fd)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, PATH_MAX - 1);
	name[length > 0 ? length : 0] = '\0';
}

void dependencies_name(struct dependencies *dependencies, const struct types *types)
{
	dependencies->types = types;
	name_directory(dependencies->build, types->build_fd);
	name_directory(dependencies->source, types->source_fd);
}

/* Whether a path leads out of the directory that it starts in. */
static bool leads_out(const char *path)
{
	int depth = 0;

	while (depth >= 0 && *(path += strspn(path, "/"))) {
		size_t length = strcspn(path, "/");

		if (length == 2 && strncmp(path, "..", 2) == 0)
			depth--;
		else if (length != 1 || *path != '.')
			depth++;
		path += length;
	}
	return depth < 0;
}

/* libbcc's own headers exist only in its memory, below /virtual. */
static bool is_expected(const char *path, const struct types *types)
{
	int fd, below = 0;

	if (sscanf(path, "/proc/self/fd/%d%n", &fd, &below) == 1)
		return fd >= 0 && (fd == types->build_fd || fd == types->source_fd) &&
		       !leads_out(path + below);
	if (strncmp(path, "/virtual/", strlen("/virtual/")) == 0)
		return access(path, F_OK) != 0;
	if (strncmp(path, SANDBOX_DIRECTORY "/", strlen(SANDBOX_DIRECTORY "/")) == 0)
		return !leads_out(path + strlen(SANDBOX_DIRECTORY "/"));
	return *path != '/' && !leads_out(path);
}

/* Check a header of a tree that the user named: some include files from elsewhere in the tree. */
static int check_header(const char *path, const struct types *types, struct error *err)
{
	struct file_request request = { .flag = "--headers",
					.kind = FILE_REGULAR,
					.force = types->force };
	int below = 0, found;

	if (!types->named || sscanf(path, "/proc/self/fd/%d%n", &request.at, &below) != 1)
		return 0;
	request.path = path + below + strspn(path + below, "/");
	found = file_find(&request, err);
	if (found < 0)
		return found;
	close(found);
	return 0;
}

/*
 * The name of an included file may come from a macro, so that only the preprocessor sees it. Such a
 * file may be writable for everybody, and the cache would not notice when it changes.
 */
int dependencies_check(const struct dependencies *dependencies, struct error *err)
{
	char path[PATH_MAX], quoted[ERROR_QUOTE_SIZE];
	FILE *list = fopen(DEPENDENCIES_FILE, "re");
	int result = 0;

	if (!list || fscanf(list, "%*[^:]:") != 0) {
		result = error_set(err, STATUS_COMPILE, EIO,
				   "the compiler did not list the files that it read%s",
				   sandbox_is_full(SANDBOX_DIRECTORY)
					   ? ": " SANDBOX_DIRECTORY
					     ", which holds up to " SANDBOX_LIMITS ", is full"
					   : "");
		goto out;
	}
	while (fscanf(list, "%4095s", path) == 1) {
		if (strcmp(path, "\\") == 0)
			continue;
		if (is_expected(path, dependencies->types)) {
			result = check_header(path, dependencies->types, err);
			if (result)
				break;
			continue;
		}
		result = error_set(err, STATUS_COMPILE, EPERM,
				   "the program includes %s, which is not a kernel header; include "
				   "other files as \"NAME\" from the directory of the source",
				   error_quote(quoted, path));
		break;
	}
out:
	if (list)
		fclose(list);
	return result;
}

/* Called for each loaded library. */
static int record_library(struct dl_phdr_info *info, size_t size, void *files)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libbcc") || strstr(info->dlpi_name, "/libLLVM") ||
	    strstr(info->dlpi_name, "/libclang"))
		image_write_file(files, info->dlpi_name, info->dlpi_name);
	return 0;
}

static void record_headers(const struct dependencies *dependencies, FILE *files)
{
	char path[PATH_MAX];
	char name[2 * PATH_MAX];
	FILE *list = fopen(DEPENDENCIES_FILE, "re");
	int fd, below;

	if (!list)
		return;
	while (fscanf(list, "%4095s", path) == 1) {
		if (sscanf(path, "/proc/self/fd/%d%n", &fd, &below) != 1)
			continue;
		snprintf(name, sizeof(name), "%s%s",
			 fd == dependencies->types->build_fd ? dependencies->build
							     : dependencies->source,
			 path + below);
		image_write_file(files, path, name);
	}
	fclose(list);
}

/* Another build of a module may have other types. */
static void record_modules(const struct type_dump *dump, FILE *files)
{
	char path[PATH_MAX];
	size_t length;

	for (const char *name = dump->modules; name && *name; name += length + 1) {
		length = strcspn(name, "\n");
		snprintf(path, sizeof(path), "%s/%.*s", MODULES_BTF, (int)length, name);
		image_write_file(files, path, path);
	}
}

int dependencies_record(const struct dependencies *dependencies, const struct type_dump *dump,
			struct image *image)
{
	size_t size;
	FILE *files = open_memstream(&image->files, &size);

	if (!files)
		return -ENOMEM;
	dl_iterate_phdr(record_library, files);
	record_headers(dependencies, files);
	record_modules(dump, files);
	return fclose(files) ? -ENOMEM : 0;
}
