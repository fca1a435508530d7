// SPDX-License-Identifier: GPL-2.0-only
#include "compile/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kernel/release.h"
#include "util/error.h"

/*
 * The kernel changes the propagation of mounts only at a mount point, and in a plain chroot the
 * root directory is none: change it at the root of the mount namespace, where setns(2) leads, and
 * return to the chroot. (A bind mount of / over itself would have to come first, and would
 * propagate to the other namespaces.)
 */
static int make_private_outside_chroot(void)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int result = 0;

	if (root < 0 || namespace < 0 || setns(namespace, CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || fchdir(root) || chroot("."))
		result = -errno;
	if (root >= 0)
		close(root);
	if (namespace >= 0)
		close(namespace);
	return result;
}

/* Keep the mounts that follow from propagating to other mount namespaces. */
static int make_private(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	return errno == EINVAL ? make_private_outside_chroot() : -errno;
}

bool sandbox_is_full(const char *path)
{
	struct statvfs status;

	return statvfs(path, &status) == 0 && (status.f_bavail < 16 || status.f_favail == 0);
}

static int mount_sandbox(void)
{
	int result;

	if (unshare(CLONE_NEWNS))
		return -errno;
	result = make_private();
	if (result)
		return result;
	if (mount("bytetrace", SANDBOX_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0700,size=512m,nr_inodes=128k") ||
	    chdir(SANDBOX_DIRECTORY))
		return -errno;
	return 0;
}

/*
 * libbcc reads all of /proc/kallsyms, a third of a compile's time, only to learn whether the kernel
 * has these two helpers. Linux 5.5 and later have them; there libbcc reads a short file in its
 * place. If this mount is refused, libbcc reads the original.
 */
static void shorten_kallsyms(void)
{
	static const char path[] = SANDBOX_DIRECTORY "/kallsyms";
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
 * libbcc searches the working directory first for included files, unpacks archives to predictable
 * names in /tmp, and reads the environment: none of these may be under anybody else's control.
 */
int sandbox_enter(struct error *err)
{
	int result = mount_sandbox();

	if (result)
		return error_set(err, STATUS_ENVIRONMENT, -result,
				 "cannot mount a private file system on " SANDBOX_DIRECTORY
				 " for the compiler: %s",
				 strerror(-result));
	clearenv();
	shorten_kallsyms();
	return 0;
}
