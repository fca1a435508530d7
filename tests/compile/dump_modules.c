// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print the C declarations of a kernel's types and of all types that only some of its modules have,
 * for whatever kernel these are. Arguments: a directory as /sys/kernel/btf, and the modules in it.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/btf_bytes.h"
#include "compile/btf_file.h"
#include "compile/type_dump.h"
#include "util/error.h"

static int open_in(const char *directory, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Read a file's BTF; the program ends before it is freed. */
static struct btf_view view(int fd, const struct btf_extent *base)
{
	char why[128] = "";
	struct btf_view found;
	void *bytes;
	size_t size;

	if (btf_file_read(fd, &bytes, &size, why, sizeof(why)) ||
	    btf_bytes_check(&found, bytes, size, base, why, sizeof(why))) {
		fprintf(stderr, "dump-modules: %s\n", why);
		exit(1);
	}
	return found;
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/bytetrace-modules.XXXXXX", path[PATH_MAX], target[PATH_MAX], *text;
	struct type_dump found;
	struct error err = { .text = "" };
	int kernel = open_in(argv[1], "vmlinux");
	const struct btf_view base = view(kernel, NULL);
	size_t size;
	FILE *wanted = open_memstream(&text, &size);
	int result;

	if (!mkdtemp(directory))
		return 1;
	for (int i = 2; i < argc; i++) {
		const struct btf_view module = view(open_in(argv[1], argv[i]), &base.end);
		struct btf_walk walk;

		btf_walk_start(&walk, &module);
		while (btf_walk_next(&walk))
			if ((walk.kind == BTF_BYTES_STRUCT || walk.kind == BTF_BYTES_UNION ||
			     walk.kind == BTF_BYTES_ENUM) &&
			    btf_walk_name(&walk) >= base.end.strings)
				fprintf(wanted, "%s\n",
					module.strings + btf_walk_name(&walk) - base.end.strings);
		snprintf(path, sizeof(path), "%s/%s", directory, argv[i]);
		snprintf(target, sizeof(target), "%s/%s", argv[1], argv[i]);
		if (symlink(target, path))
			return 1;
	}
	fclose(wanted);
	result = type_dump_write(stdout, kernel, "the kernel's BTF is not valid", text, directory,
				 &found, &err);
	if (result)
		fprintf(stderr, "dump-modules: %s\n", err.text);
	else
		fputs(found.modules ? found.modules : "", stderr);
	for (int i = 2; i < argc; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, argv[i]);
		unlink(path);
	}
	rmdir(directory);
	return result != 0;
}
