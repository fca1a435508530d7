// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"

#define NAMED "/run/netns" /* ip-netns(8) */
#define MAX_PID 4194304	   /* PID_MAX_LIMIT; inodes of namespaces start far above */

int netns_find(const char *text, uint64_t *inode)
{
	char path[PATH_MAX];
	struct stat status;
	uint64_t number;
	int result = 0;
	int fd;

	if (strchr(text, '/')) {
		snprintf(path, sizeof(path), "%s", text);
	} else if (text_number(text, strlen(text), UINT32_MAX, &number)) {
		if (number > MAX_PID) {
			*inode = number;
			return 0;
		}
		snprintf(path, sizeof(path), "/proc/%llu/ns/net", (unsigned long long)number);
	} else {
		snprintf(path, sizeof(path), NAMED "/%s", text);
	}
	/* O_NONBLOCK: opening a pipe would wait. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || fstat(fd, &status))
		result = -EINVAL;
	else
		*inode = status.st_ino;
	close(fd);
	return result;
}
