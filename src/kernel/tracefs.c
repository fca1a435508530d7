// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

#define FILE_MAX (256 * 1024)

/* Open the tracefs mounted at `path`. Returns a descriptor or -errno. */
static int open_mounted(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (faccessat(fd, "events", F_OK, 0) != 0) { /* only the mount point */
		int result = -errno;

		close(fd);
		return result;
	}
	return fd;
}

/*
 * Mount tracefs without a mount point; closing the descriptor unmounts it. glibc has these calls
 * only since 2.36, hence the numbers. Returns a descriptor or -errno.
 */
static int mount_detached(void)
{
	int context = (int)syscall(__NR_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int fd = -1;

	if (context < 0)
		return -errno;
	if (syscall(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(__NR_fsmount, context, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = -errno;
	close(context);
	return fd;
}

static int open_tracefs(struct error *err)
{
	int fd = open_mounted("/sys/kernel/tracing");

	if (fd < 0)
		fd = open_mounted("/sys/kernel/debug/tracing");
	if (fd < 0)
		fd = mount_detached();
	if (fd == -ENODEV)
		return error_set(err, STATUS_ENVIRONMENT, ENODEV,
				 "this kernel was built without tracefs, which needs "
				 "CONFIG_TRACING");
	if (fd < 0)
		return error_set(err, STATUS_ENVIRONMENT, -fd,
				 "tracefs is not mounted, and mounting it privately failed: %s; "
				 "try: mount -t tracefs nodev /sys/kernel/tracing",
				 strerror(-fd));
	return fd;
}

int tracefs_read_event(const char *system, const char *event, const char *file, char **text,
		       struct error *err)
{
	char *path = NULL, *bytes = NULL;
	int fd, result;

	fd = open_tracefs(err);
	if (fd < 0)
		return fd;
	bytes = malloc(FILE_MAX);
	if (!bytes || asprintf(&path, "events/%s/%s/%s", system, event, file) < 0) {
		path = NULL;
		result = error_nomem(err);
		goto out;
	}
	result = file_read_string(fd, path, bytes, FILE_MAX);
	if (result == 0 && strlen(bytes) == FILE_MAX - 1)
		result = -EFBIG;
	if (result == -ENOENT) {
		error_set(err, STATUS_ENVIRONMENT, ENOENT, "this kernel has no tracepoint %s:%s",
			  system, event);
		goto out;
	}
	if (result) {
		error_set(err, STATUS_ENVIRONMENT, -result, "cannot read %s in tracefs: %s", path,
			  strerror(-result));
		goto out;
	}
	*text = strdup(bytes);
	if (!*text)
		result = error_nomem(err);
out:
	free(path);
	free(bytes);
	close(fd);
	return result;
}

/* A line is like "\tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;". */
int tracefs_field_offset(const char *format, const char *field)
{
	size_t length = strlen(field);

	for (const char *line = format; (line = strstr(line, "\tfield:")); line++) {
		const char *end = line + strcspn(line, ";\n");
		unsigned int offset;

		if (*end == ';' && (size_t)(end - line) > length &&
		    strncmp(end - length, field, length) == 0 &&
		    strchr(" *", end[-1 - (long)length]) &&
		    sscanf(end, "; offset:%u;", &offset) == 1 && offset <= INT16_MAX)
			return (int)offset;
	}
	return -ENOENT;
}
