// SPDX-License-Identifier: GPL-2.0-only
#include "compile/libbcc.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/mount.h>
#include <unistd.h>
#include <bcc/bcc_common.h>

#include "kernel/release.h"
#include "kernel/types.h"
#include "bpf/image.h"
#include "compile/header_tree.h"
#include "compile/btf_ids.h"
#include "bpf/sysbpf.h"
#include "util/error.h"

/* Where the private file system of the compile child is mounted, for itself alone. */
#define PRIVATE_DIRECTORY "/tmp"

/* Where the compiler lists the files that it has read. */
#define FILE_LIST PRIVATE_DIRECTORY "/files"

#define MAX_FLAGS 32

/* libbcc's DEBUG_PREPROCESSOR and DEBUG_SOURCE, which its C header does not have. */
#define DEBUG_LISTING (0x4 | 0x8)

/* What is used of libbcc, found at run time so that only the compile child ever loads it. */
struct libbcc {
	__typeof__(bpf_module_create_c_from_string) *create;
	__typeof__(bpf_num_functions) *num_functions;
	__typeof__(bpf_function_name) *function_name;
	__typeof__(bpf_function_start_id) *function_start;
	__typeof__(bpf_function_size_id) *function_size;
	__typeof__(bpf_num_tables) *num_tables;
	__typeof__(bpf_table_name) *table_name;
	__typeof__(bpf_table_fd_id) *table_fd;
	__typeof__(bpf_table_type_id) *table_type;
	__typeof__(bpf_table_max_entries_id) *table_max_entries;
	__typeof__(bpf_table_flags_id) *table_flags;
	__typeof__(bpf_table_key_size_id) *table_key_size;
	__typeof__(bpf_table_leaf_size_id) *table_leaf_size;
};

static int libbcc_load(struct libbcc *bcc, struct error *err)
{
	void *library = dlopen("libbcc.so.0", RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *function;
	} wanted[] = {
		{ "bpf_module_create_c_from_string", &bcc->create },
		{ "bpf_num_functions", &bcc->num_functions },
		{ "bpf_function_name", &bcc->function_name },
		{ "bpf_function_start_id", &bcc->function_start },
		{ "bpf_function_size_id", &bcc->function_size },
		{ "bpf_num_tables", &bcc->num_tables },
		{ "bpf_table_name", &bcc->table_name },
		{ "bpf_table_fd_id", &bcc->table_fd },
		{ "bpf_table_type_id", &bcc->table_type },
		{ "bpf_table_max_entries_id", &bcc->table_max_entries },
		{ "bpf_table_flags_id", &bcc->table_flags },
		{ "bpf_table_key_size_id", &bcc->table_key_size },
		{ "bpf_table_leaf_size_id", &bcc->table_leaf_size },
	};

	if (!library)
		return error_set(
			err, STATUS_ENVIRONMENT, ENOENT,
			"libbcc cannot be loaded (on Debian: apt-get install libbpfcc): %s",
			dlerror());
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(library, wanted[i].name);

		if (!symbol)
			return error_set(err, STATUS_ENVIRONMENT, ENOENT,
					 "libbcc lacks the function %s", wanted[i].name);
		memcpy(wanted[i].function, &symbol, sizeof(symbol));
	}
	return 0;
}

/*
 * libbcc puts the working directory first on the include path, unpacks archives to names in
 * /tmp that others can guess, and listens to the environment. So it gets an empty file system
 * of its own on /tmp, stands in it, and has no environment. All of it ends with this process.
 */
static int enter_private_directory(struct error *err)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bytetrace", PRIVATE_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") ||
	    chdir(PRIVATE_DIRECTORY))
		return error_set(err, STATUS_ENVIRONMENT, errno,
				 "cannot mount a private file system for the compiler: %s",
				 strerror(errno));
	clearenv();
	setenv("BCC_KERNEL_SOURCE", PRIVATE_DIRECTORY, 1);
	return 0;
}

/*
 * libbcc reads all of /proc/kallsyms, a third of a compile's time, only to learn whether the kernel
 * has these two helpers. Linux 5.5 and later have them; there it is given a file that says just
 * that. Where this is refused, libbcc reads the long one.
 */
static void shorten_kallsyms(void)
{
	static const char path[] = PRIVATE_DIRECTORY "/kallsyms";
	FILE *file;

	if (!release_runs_since(5, 5))
		return;
	file = fopen(path, "we");
	if (!file)
		return;
	fputs("ffffffff80000000 T bpf_probe_read_kernel\n"
	      "ffffffff80001000 T bpf_probe_read_user\n",
	      file);
	if (fclose(file) == 0)
		mount(path, "/proc/kallsyms", NULL, MS_BIND, NULL);
}

/*
 * The definitions of the maps. That of the kernel's types is only there to make the compiler
 * describe them.
 */
static int copy_maps(const struct libbcc *bcc, void *module, struct image *image)
{
	size_t count = bcc->num_tables(module);

	image->maps = calloc(count + 1, sizeof(*image->maps));
	if (!image->maps)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct image_map *map = &image->maps[image->map_count];

		if (strcmp(bcc->table_name(module, i), IMAGE_TYPES_MAP) == 0) {
			/* Failing that programs are compiled against headers. */
			sysbpf_map_types(bcc->table_fd(module, i), &image->types,
					 &image->types_size);
			continue;
		}
		strncpy(map->name, bcc->table_name(module, i), sizeof(map->name) - 1);
		map->type = (uint32_t)bcc->table_type(module, i);
		map->key_size = (uint32_t)bcc->table_key_size(module, i);
		map->value_size = (uint32_t)bcc->table_leaf_size(module, i);
		/* Of a ring buffer libbcc tells sizes that it has not. */
		if (map->type == BPF_MAP_TYPE_RINGBUF)
			map->key_size = map->value_size = 0;
		map->max_entries = (uint32_t)bcc->table_max_entries(module, i);
		map->flags = (uint32_t)bcc->table_flags(module, i);
		image->map_count++;
	}
	return 0;
}

/* The index in the image of the map that libbcc created as `fd`; map_count: there is none. */
static size_t find_map(const struct libbcc *bcc, void *module, const struct image *image, int fd)
{
	for (size_t i = 0; i < bcc->num_tables(module); i++) {
		if (bcc->table_fd(module, i) != fd)
			continue;
		for (size_t map = 0; map < image->map_count; map++)
			if (strcmp(image->maps[map].name, bcc->table_name(module, i)) == 0)
				return map;
	}
	return image->map_count;
}

/* libbcc made the maps and wrote their descriptors into the instructions: back to indexes. */
static int unlink_maps(const struct libbcc *bcc, void *module, struct image *image,
		       struct error *err)
{
	for (size_t i = 0; i < image->instruction_count; i++) {
		struct bpf_insn *insn = &image->instructions[i];

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD) {
			size_t map = find_map(bcc, module, image, insn->imm);

			if (map == image->map_count)
				return error_set(err, STATUS_COMPILE, EINVAL,
						 "the program uses a map that it does not define");
			insn->imm = (int)map;
		}
		i++; /* the second half of the constant */
	}
	return 0;
}

static int copy_functions(const struct libbcc *bcc, void *module, struct image *image,
			  struct error *err)
{
	size_t total = 0;

	image->function_count = bcc->num_functions(module);
	image->functions = calloc(image->function_count ? image->function_count : 1,
				  sizeof(*image->functions));
	if (!image->functions)
		return -ENOMEM;
	for (size_t i = 0; i < image->function_count; i++) {
		struct image_function *function = &image->functions[i];

		strncpy(function->name, bcc->function_name(module, i), sizeof(function->name) - 1);
		function->first = (uint32_t)total;
		function->count =
			(uint32_t)(bcc->function_size(module, i) / sizeof(struct bpf_insn));
		total += function->count;
	}
	image->instruction_count = total;
	image->instructions = calloc(total ? total : 1, sizeof(*image->instructions));
	if (!image->instructions)
		return -ENOMEM;
	for (size_t i = 0; i < image->function_count; i++)
		memcpy(image->instructions + image->functions[i].first,
		       bcc->function_start(module, i),
		       image->functions[i].count * sizeof(struct bpf_insn));
	return unlink_maps(bcc, module, image, err);
}

/* Called for each loaded library: the compiler's own are noted. */
static int note_library(struct dl_phdr_info *info, size_t size, void *files)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libbcc") || strstr(info->dlpi_name, "/libLLVM") ||
	    strstr(info->dlpi_name, "/libclang"))
		image_write_file(files, info->dlpi_name, info->dlpi_name);
	return 0;
}

/* The name of the directory that is open as `fd`: as others know it, so before mounts change. */
static void name_directory(char name[PATH_MAX], int fd)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, PATH_MAX - 1);
	name[length > 0 ? length : 0] = '\0';
}

/* The kernel headers among the files that were read: those below the open directories. */
static void note_headers(FILE *files, const struct types *types, const char *build,
			 const char *source)
{
	char path[PATH_MAX];
	char name[2 * PATH_MAX];
	FILE *list = fopen(FILE_LIST, "re");
	int fd, below;

	if (!list)
		return;
	while (fscanf(list, "%4095s", path) == 1) {
		if (sscanf(path, "/proc/self/fd/%d%n", &fd, &below) != 1)
			continue;
		snprintf(name, sizeof(name), "%s%s", fd == types->build_fd ? build : source,
			 path + below);
		image_write_file(files, path, name);
	}
	fclose(list);
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

/*
 * Whether the compiler may have read a file: one that was made for it, a header of the kernel's, or
 * one of libbcc's, which are nowhere but in its memory.
 */
static bool is_expected(const char *path, const struct types *types)
{
	int fd, below = 0;

	if (sscanf(path, "/proc/self/fd/%d%n", &fd, &below) == 1)
		return fd >= 0 && (fd == types->build_fd || fd == types->source_fd) &&
		       !leads_out(path + below);
	if (strncmp(path, "/virtual/", strlen("/virtual/")) == 0)
		return access(path, F_OK) != 0;
	if (strncmp(path, PRIVATE_DIRECTORY "/", strlen(PRIVATE_DIRECTORY "/")) == 0)
		return !leads_out(path + strlen(PRIVATE_DIRECTORY "/"));
	return *path != '/' && !leads_out(path);
}

/*
 * The program may have got a file by a name that nobody saw before the compiler did, as that of a
 * macro: one that everybody may write to, and of which the cache would know nothing.
 */
static int check_files(const struct types *types, struct error *err)
{
	char path[PATH_MAX], quoted[ERROR_QUOTE_SIZE];
	FILE *list = fopen(FILE_LIST, "re");
	int result = 0;

	if (!list || fscanf(list, "%*[^:]:") != 0)
		result = error_set(err, STATUS_COMPILE, EIO,
				   "the compiler does not tell which files it has read");
	while (!result && fscanf(list, "%4095s", path) == 1)
		if (strcmp(path, "\\") != 0 && !is_expected(path, types))
			result = error_set(err, STATUS_COMPILE, EPERM,
					   "the program includes %s: what is no header of the "
					   "kernel has to be included as \"NAME\", and to lie "
					   "next to the source",
					   error_quote(quoted, path));
	if (list)
		fclose(list);
	return result;
}

/* The modules among whose types some were found: another build of one may have others. */
static void note_modules(FILE *files, const struct type_dump *digest)
{
	char path[sizeof(MODULES_BTF) + TYPE_DUMP_MODULE_SIZE + 1];

	for (size_t i = 0; i < digest->module_count; i++) {
		snprintf(path, sizeof(path), "%s/%s", MODULES_BTF, digest->modules[i]);
		image_write_file(files, path, path);
	}
}

static int note_files(struct image *image, const struct types *types,
		      const struct type_dump *digest, const char *build, const char *source)
{
	size_t size;
	FILE *out = open_memstream(&image->files, &size);

	if (!out)
		return -ENOMEM;
	dl_iterate_phdr(note_library, out);
	note_headers(out, types, build, source);
	note_modules(out, digest);
	return fclose(out) ? -ENOMEM : 0;
}

int libbcc_compile(const char *text, const char *wanted, const char *const *macros,
		   const struct types *types, bool listing, struct image *image, struct error *err)
{
	static struct include_flags include_flags;
	char build[PATH_MAX];
	char source[PATH_MAX];
	const char *flags[MAX_FLAGS];
	size_t flag_count = 0;
	struct btf_ids ids;
	struct libbcc bcc;
	void *module;
	int result;

	memset(image, 0, sizeof(*image));
	name_directory(build, types->build_fd);
	name_directory(source, types->source_fd);
	result = enter_private_directory(err);
	if (!result)
		shorten_kallsyms();
	if (!result)
		result = header_tree_make(PRIVATE_DIRECTORY, types, text, wanted, &include_flags,
					  err);
	if (!result)
		result = libbcc_load(&bcc, err);
	if (!result)
		result = btf_ids_open(&ids, text, err);
	if (result)
		return result;

	/* Nobody reads warnings, and to look for them in all headers takes time. */
	flags[flag_count++] = "-Wno-everything";
	/* Only a warning to older compilers; what comes of it is refused by the verifier, with less
	 * said. */
	flags[flag_count++] = "-Werror=implicit-function-declaration";
	/* As the kernel itself: &pointer->member says nothing of the pointer, so checks of it stay.
	 */
	flags[flag_count++] = "-fno-delete-null-pointer-checks";
	flags[flag_count++] = "-MD";
	flags[flag_count++] = "-MF" FILE_LIST;
	for (size_t i = 0; i < include_flags.count; i++)
		flags[flag_count++] = include_flags.text[i];
	for (size_t i = 0; i < ids.flag_count; i++)
		flags[flag_count++] = ids.text[i];
	while (*macros && flag_count < MAX_FLAGS)
		flags[flag_count++] = *macros++;
	/* libbcc makes the maps, too: where locked memory is limited (before 5.11) it may raise
	 * that. */
	module = bcc.create(text, listing ? DEBUG_LISTING : 0, flags, (int)flag_count, true, NULL);
	if (!module)
		return error_set(err, STATUS_COMPILE, EINVAL,
				 "the compiler failed and gave no reason");
	result = check_files(types, err);
	if (!result)
		result = copy_maps(&bcc, module, image);
	if (!result)
		result = note_files(image, types, &include_flags.dump, build, source);
	if (!result)
		result = copy_functions(&bcc, module, image, err);
	if (!result)
		result = btf_ids_resolve(&ids, image, err);
	btf_ids_close(&ids);
	if (result == -ENOMEM)
		error_nomem(err);
	return result;
}
