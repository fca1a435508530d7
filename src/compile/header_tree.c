// SPDX-License-Identifier: GPL-2.0-only
#include "compile/header_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bcc/bcc_version.h>

#include "compile/sandbox.h"
#include "compile/type_dump.h"
#include "kernel/types.h"
#include "util/error.h"
#include "util/file.h"

/*
 * Header names that lead to the dump of BTF: those that libbcc's helpers.h and the template
 * include, and those that a hand-written probe is likely to include.
 */
static const char *const stand_ins[] = {
	"asm/page.h",
	"asm/ptrace.h",
	"linux/bpf_common.h",
	"linux/if_ether.h",
	"linux/if_vlan.h",
	"linux/in.h",
	"linux/in6.h",
	"linux/ip.h",
	"linux/ipv6.h",
	"linux/kernel.h",
	"linux/log2.h",
	"linux/netdevice.h",
	"linux/ptrace.h",
	"linux/sched.h",
	"linux/skbuff.h",
	"linux/tcp.h",
	"uapi/linux/bpf.h",
	"linux/types.h",
	"linux/udp.h",
	"linux/version.h", /* overwritten below */
	"net/dst.h",
	"net/inet_sock.h",
	"net/ip.h",
	"net/ipv6.h",
	"net/neighbour.h",
	"net/net_namespace.h",
	"net/sock.h",
	"net/tcp.h",
	"uapi/linux/icmp.h",
	"uapi/linux/if_arp.h",
	"uapi/linux/if_ether.h",
	"uapi/linux/if_packet.h",
	"uapi/linux/if_vlan.h",
	"uapi/linux/in.h",
	"uapi/linux/in6.h",
	"uapi/linux/ip.h",
	"uapi/linux/ipv6.h",
	"uapi/linux/ptrace.h",
	"uapi/linux/tcp.h",
	"uapi/linux/types.h",
	"uapi/linux/udp.h",
};

/* Create a file below a directory, with the directories on the way to it. */
static FILE *create_file(const char *root, const char *name)
{
	char path[PATH_MAX];
	size_t root_length = strlen(root);

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = path + root_length + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return NULL;
		*slash = '/';
	}
	return fopen(path, "we");
}

static int tree_error(struct error *err, const char *root)
{
	char quoted[ERROR_QUOTE_SIZE];
	int errnum = sandbox_is_full(root) ? ENOSPC : errno ? errno : EIO;

	return error_set(err, STATUS_ENVIRONMENT, errnum, "cannot write a header file below %s: %s",
			 error_quote(quoted, root), strerror(errnum));
}

static int write_text(const char *root, const char *name, const char *text, struct error *err)
{
	FILE *file = create_file(root, name);
	bool failed;

	if (!file)
		return tree_error(err, root);
	failed = fputs(text, file) < 0;
	failed |= fclose(file) != 0;
	return failed ? tree_error(err, root) : 0;
}

/* Have a header name lead to the dump of BTF. */
static int write_stand_in(const char *root, const char *name, struct error *err)
{
	return write_text(root, name, "#include <kernel_types.h>\n", err);
}

__attribute__((format(printf, 2, 3))) static void add_flag(struct include_flags *flags,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(flags->text[flags->count++], PATH_MAX, format, args);
	va_end(args);
}

/* The name of this machine's architecture below arch/. */
static const char *kernel_arch(const char *machine)
{
	static const struct {
		const char *prefix, *arch;
	} known[] = {
		{ "x86_64", "x86" },	{ "i", "x86" },
		{ "aarch64", "arm64" }, { "arm", "arm" },
		{ "s390", "s390" },	{ "ppc", "powerpc" },
		{ "riscv", "riscv" },	{ "loongarch", "loongarch" },
		{ "mips", "mips" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strncmp(machine, known[i].prefix, strlen(known[i].prefix)) == 0)
			return known[i].arch;
	return machine;
}

/* Count the lines of a header file that contain a word. */
static unsigned int count_lines(const char *root, const char *name, const char *word)
{
	char path[2 * PATH_MAX];
	char line[4096];
	unsigned int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		count += strstr(line, word) != NULL;
	fclose(file);
	return count;
}

/*
 * The number of helper functions in libbcc's own copy of uapi/linux/bpf.h, taken from its releases.
 * The kernel adds no helpers since 6.2, so the last number stays valid.
 */
static unsigned int libbcc_helpers(void)
{
	static const struct {
		unsigned int minor, helpers;
	} known[] = {
		{ 18, 163 }, { 19, 165 }, { 20, 166 }, { 21, 174 }, { 22, 176 },
		{ 23, 179 }, { 24, 186 }, { 25, 208 }, { 26, 212 },
	};
	unsigned int major = 0, minor = 0;
	unsigned int helpers = known[0].helpers;

	sscanf(LIBBCC_VERSION, "%u.%u", &major, &minor);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (major > 0 || minor >= known[i].minor)
			helpers = known[i].helpers;
	return helpers;
}

/*
 * libbcc parses a program three times, but includes its bcc/footer.h only the third time. The
 * program that describes the kernel's types gets its text from there, so that the headers are
 * parsed once.
 */
static int write_footer(const char *path, struct error *err)
{
	char *text;
	int result;

	if (asprintf(&text,
		     "#ifdef KERNEL_TYPES_QUESTION\n"
		     "#define KERNEL_TYPES_ANSWER\n"
		     "%s"
		     "#endif\n"
		     "#include_next <bcc/footer.h>\n",
		     embedded_kernel_types) < 0)
		return error_nomem(err);
	result = write_text(path, "include/bcc/footer.h", text, err);
	free(text);
	return result;
}

/*
 * libbcc force-includes its copy of uapi/linux/bpf.h. The headers of a newer kernel need their own,
 * which is included first, so that its guard keeps the copy out. libbcc's helpers.h needs a file
 * that declares all of its helpers, so with an older kernel the copy is used.
 */
static int use_headers(const char *path, const char *source, const char *build,
		       struct include_flags *flags, struct error *err)
{
	char kconfig[3 * PATH_MAX];
	struct utsname kernel;
	const char *arch;
	bool newer = count_lines(source, "include/uapi/linux/bpf.h", "\tFN(") >= libbcc_helpers();
	int result;

	uname(&kernel);
	arch = kernel_arch(kernel.machine);
	snprintf(kconfig, sizeof(kconfig), "#include \"%s/include/linux/kconfig.h\"\n%s", source,
		 newer ? "#include <linux/types.h>\n#include <uapi/linux/bpf.h>\n" : "");
	result = write_text(path, "include/linux/kconfig.h", kconfig, err);
	if (result)
		return result;
	result = write_footer(path, err);
	if (result)
		return result;
	add_flag(flags, "-I%s/arch/%s/include", source, arch);
	add_flag(flags, "-I%s/arch/%s/include/generated", build, arch);
	add_flag(flags, "-I%s/include", source);
	add_flag(flags, "-I%s/include", build);
	add_flag(flags, "-I%s/arch/%s/include/uapi", source, arch);
	add_flag(flags, "-I%s/arch/%s/include/generated/uapi", build, arch);
	add_flag(flags, "-I%s/include/uapi", source);
	add_flag(flags, "-I%s/include/generated/uapi", build);
	/* Otherwise the headers check sizes with long expressions: a tenth of a compile's time. */
	add_flag(flags, "-U__OPTIMIZE__");
	/* Since 6.19 the headers embed tagged structs without a name. */
	add_flag(flags, "-fms-extensions");
	add_flag(flags, "-Wno-microsoft-anon-tag");
	/* The release does not say: there are backports. */
	if (count_lines(source, "include/linux/skbuff.h", "vlan_all;"))
		add_flag(flags, "-DSKB_VLAN_ALL");
	return 0;
}

/*
 * Find the next #include in a program and the name between its angle brackets; *length is 0 for
 * other forms. Advances *at past it. NULL: no more.
 */
static const char *next_include(const char **at, size_t *length)
{
	while ((*at = strchr(*at, '#'))) {
		const char *name = *at + 1 + strspn(*at + 1, " \t");

		++*at;
		if (strncmp(name, "include", 7) != 0)
			continue;
		name += 7 + strspn(name + 7, " \t");
		*length = *name == '<' ? strcspn(name + 1, "<>\n") : 0;
		if (*length > 0 && name[1 + *length] != '>')
			*length = 0;
		*at = name;
		return name + 1;
	}
	return NULL;
}

static bool is_stand_in(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(*stand_ins); i++)
		if (strlen(stand_ins[i]) == length && strncmp(stand_ins[i], name, length) == 0)
			return true;
	return false;
}

/* Add stand-ins for the headers of the kernel that the program includes. */
static int add_stand_ins(const char *path, const char *text, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-/.";
	char name[256];
	const char *found;
	size_t length;
	int result;

	while ((found = next_include(&text, &length))) {
		if (length == 0 || is_stand_in(found, length) ||
		    length + sizeof("include/") > sizeof(name) || strspn(found, letters) < length)
			continue;
		snprintf(name, sizeof(name), "include/%.*s", (int)length, found);
		/* libbcc has its own; nothing may be written elsewhere. */
		if (strncmp(found, "bcc/", 4) == 0 || found[0] == '/' || strstr(name, ".."))
			continue;
		result = write_stand_in(path, name, err);
		if (result)
			return result;
	}
	return 0;
}

static int write_dump(const char *path, const struct types *types, const char *wanted,
		      struct type_dump *found, struct error *err)
{
	FILE *file = create_file(path, "include/kernel_types.h");
	char subject[sizeof(types->description) + 32];
	bool failed;
	int result;

	/* "BTF in FILE" or "BTF of this kernel" */
	if (strncmp(types->description, "BTF in ", 7) == 0)
		snprintf(subject, sizeof(subject), "%s is not a valid BTF file",
			 types->description + 7);
	else
		snprintf(subject, sizeof(subject), "the %s is damaged", types->description);
	if (!file)
		return tree_error(err, path);
	fprintf(file,
		"#pragma once\n"
		"#define BPF_NO_PRESERVE_ACCESS_INDEX 1\n"
		"#define __aligned_u64 __u64 __attribute__((aligned(8)))\n"
		"#define __always_inline inline __attribute__((always_inline))\n"
		"#define PAGE_SIZE %ld\n"
		"#define NULL ((void *)0)\n"
		"#define true 1\n"
		"#define false 0\n",
		sysconf(_SC_PAGESIZE));
	result = type_dump_write(file, types->file_fd, subject, wanted,
				 types->of_running_kernel ? MODULES_BTF : NULL, found, err);
	failed = ferror(file);
	failed |= fclose(file) != 0;
	if (failed && !result)
		result = tree_error(err, path);
	return result;
}

static int write_version(const char *path, struct error *err)
{
	char text[256];
	struct utsname kernel;
	unsigned int major = 0, minor = 0, patch = 0;

	uname(&kernel);
	sscanf(kernel.release, "%u.%u.%u", &major, &minor, &patch);
	snprintf(text, sizeof(text),
		 "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n"
		 "#define LINUX_VERSION_CODE KERNEL_VERSION(%u, %u, %u)\n",
		 major, minor, patch < 255 ? patch : 255);
	return write_text(path, "include/linux/version.h", text, err);
}

static int use_btf(const char *path, const struct types *types, const char *text,
		   const char *wanted, struct include_flags *flags, struct error *err)
{
	char name[PATH_MAX];
	int result = write_dump(path, types, wanted, &flags->dump, err);

	if (result)
		return result;
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(*stand_ins); i++) {
		snprintf(name, sizeof(name), "include/%s", stand_ins[i]);
		result = write_stand_in(path, name, err);
		if (result)
			return result;
	}
	result = write_text(path, "include/linux/kconfig.h",
			    "#define CONFIG_BPF_SYSCALL 1\n"
			    "#include <kernel_types.h>\n",
			    err);
	if (result)
		return result;
	result = add_stand_ins(path, text, err);
	if (result)
		return result;
	result = write_version(path, err);
	if (result)
		return result;
	if (flags->dump.vlan_all)
		add_flag(flags, "-DSKB_VLAN_ALL");
	return 0;
}

/* Unpack kheaders.tar.xz with tar(1), which reads it from `fd`. */
static int unpack(const char *path, int fd, struct error *err)
{
	char *const arguments[] = { "tar", "-xJof", "-", "-C", (char *)path, NULL };
	char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	/* Its files are root's now, but it may contain FIFOs, or links to files that do not end. */
	const struct file_request unpacked = {
		.flag = "the archive of kernel headers",
		.at = AT_FDCWD,
		.path = path,
		.shown = ".",
		.force = true,
	};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		lseek(fd, 0, SEEK_SET);
		if (dup2(fd, STDIN_FILENO) >= 0)
			execve("/usr/bin/tar", arguments, environment);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		if (sandbox_is_full(path))
			return error_set(
				err, STATUS_ENVIRONMENT, ENOSPC,
				"the archive of kernel headers is too large: it unpacks to "
				"more than " SANDBOX_LIMITS);
		return error_set(err, STATUS_ENVIRONMENT, EIO,
				 "cannot unpack the archive of kernel headers; "
				 "that needs a sound archive, /usr/bin/tar, and xz");
	}
	return file_check_tree(&unpacked, err);
}

/* Check the headers of a tree that the user named, in a directory that was checked. */
static int check_headers(const struct types *types, int fd, struct error *err)
{
	char link[64], directory[PATH_MAX], path[96], shown[PATH_MAX + sizeof(path)];
	const char *below[] = { "include", path };
	struct utsname kernel;
	ssize_t length;
	int result = 0;

	uname(&kernel);
	snprintf(path, sizeof(path), "arch/%s/include", kernel_arch(kernel.machine));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, directory, sizeof(directory) - 1);
	directory[length > 0 ? length : 0] = '\0';
	for (size_t i = 0; i < 2 && !result; i++) {
		const struct file_request request = { .flag = "--headers",
						      .at = fd,
						      .path = below[i],
						      .shown = shown,
						      .force = types->force };

		snprintf(shown, sizeof(shown), "%s/%s", directory, below[i]);
		result = file_check_tree(&request, err);
	}
	return result;
}

bool header_tree_suffices(const char *text)
{
	const char *at = text, *name;
	size_t length;

	/* BTF does not hold the configuration: all options would seem to be off. */
	if (strstr(text, "CONFIG_"))
		return false;
	while ((name = next_include(&at, &length)))
		if (!is_stand_in(name, length))
			return false;
	return true;
}

int header_tree_make(const char *path, const struct types *types, const char *text,
		     const char *wanted, struct include_flags *flags, struct error *err)
{
	char source[PATH_MAX];
	char build[PATH_MAX];
	int result;

	flags->count = 0;
	flags->dump.modules = NULL;
	switch (types->kind) {
	case TYPES_KIND_BTF:
		return use_btf(path, types, text, wanted, flags, err);
	case TYPES_KIND_ARCHIVE:
		snprintf(source, sizeof(source), "%s/kheaders", path);
		snprintf(build, sizeof(build), "%s/kheaders", path);
		if (mkdir(source, 0700))
			return tree_error(err, path);
		result = unpack(source, types->file_fd, err);
		if (!result && !types->any_release)
			result = types_check_release(AT_FDCWD, build, err);
		if (result)
			return result;
		break;
	case TYPES_KIND_HEADERS:
		if (access("/proc/self/fd", F_OK))
			return error_set(err, STATUS_ENVIRONMENT, ENOENT,
					 "the headers of the kernel are compiled by way of "
					 "/proc/self/fd, but /proc is not mounted");
		result = types->named ? check_headers(types, types->build_fd, err) : 0;
		if (!result && types->named)
			result = check_headers(types, types->source_fd, err);
		if (result)
			return result;
		snprintf(source, sizeof(source), "/proc/self/fd/%d", types->source_fd);
		snprintf(build, sizeof(build), "/proc/self/fd/%d", types->build_fd);
		break;
	}
	return use_headers(path, source, build, flags, err);
}
