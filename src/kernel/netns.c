// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
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

/* Open the file, if it is that namespace. */
static int open_if(const char *path, uint64_t inode)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return -ENOENT;
	if (!fstat(fd, &status) && status.st_ino == inode &&
	    ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Search the files DIRECTORY/NAME/REST, of all names, or of those that are numbers. */
static int open_below(const char *directory, const char *rest, bool numbers, uint64_t inode)
{
	DIR *entries = opendir(directory);
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -ENOENT;

	while (entries && fd < 0 && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.' ||
		    (numbers && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", directory, entry->d_name, rest);
		fd = open_if(path, inode);
	}
	if (entries)
		closedir(entries);
	return fd;
}

int netns_open(uint64_t inode)
{
	int fd = open_if("/proc/self/ns/net", inode);

	if (fd < 0)
		fd = open_below(NAMED, "", false, inode);
	if (fd < 0)
		fd = open_below("/proc", "/ns/net", true, inode);
	return fd;
}
