// SPDX-License-Identifier: GPL-2.0-only
#include "program/user_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

#define MAX_FILE (1024 * 1024)

static int refuse_writable(const char *flag, const char *path, const char *what, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE], place[ERROR_QUOTE_SIZE];

	if (strcmp(path, what) == 0)
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "%s: everybody may write to %s: --force takes it all the same",
				 flag, error_quote(quoted, path));
	return error_set(
		err, STATUS_ENVIRONMENT, EPERM,
		"%s: everybody may write to %s, so anybody could have put %s there: --force "
		"takes it all the same",
		flag, error_quote(place, what), error_quote(quoted, path));
}

/*
 * Whether others could have chosen what a path leads to: in its own directory everybody may create
 * files, or further up directories can be replaced. `path` is changed, and left at the culprit.
 */
static bool is_exposed(char *path)
{
	struct stat status;
	bool nearest = true;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		slash[slash == path] = '\0';
		/* With the sticky bit, what stands in a directory stays. */
		if (stat(path, &status) == 0 && status.st_mode & S_IWOTH &&
		    (nearest || !(status.st_mode & S_ISVTX)))
			return true;
		if (slash == path)
			return false;
		nearest = false;
	}
	return false;
}

/* Check the file that is open, by the path that was asked for and by that where it really is. */
static int check_writers(int fd, const char *flag, const char *path, struct error *err)
{
	char place[PATH_MAX], link[64];
	struct stat status;
	ssize_t length;

	if (fstat(fd, &status) == 0 && status.st_mode & S_IWOTH)
		return refuse_writable(flag, path, path, err);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, place, sizeof(place) - 1);
	if (length > 0) {
		place[length] = '\0';
		if (is_exposed(place))
			return refuse_writable(flag, path, place, err);
	}
	/* The names on the way there may be links. */
	snprintf(place, sizeof(place), "%s%s", strchr(path, '/') ? "" : "./", path);
	return is_exposed(place) ? refuse_writable(flag, path, place, err) : 0;
}

static int read_open(int fd, const char *flag, const char *path, bool force, char **text,
		     struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	struct stat status;
	int result = fd < 0 ? -errno : 0;

	if (!result && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		return error_set(err, STATUS_ENVIRONMENT, EINVAL, "%s: %s is not a regular file",
				 flag, error_quote(quoted, path));
	}
	if (!result && !force) {
		result = check_writers(fd, flag, path, err);
		if (result) {
			close(fd);
			return result;
		}
	}
	if (!result)
		result = file_read_fd(fd, MAX_FILE, text);
	if (fd >= 0)
		close(fd);
	if (result)
		return error_set(err, STATUS_ENVIRONMENT, -result, "%s: cannot read %s: %s", flag,
				 error_quote(quoted, path),
				 result == -EINVAL  ? "it holds a NUL byte"
				 : result == -ELOOP ? "it is a symbolic link"
						    : strerror(-result));
	return 0;
}

int user_file_read(const char *flag, const char *path, bool force, char **text, struct error *err)
{
	/* Not to wait for the writer of a FIFO. */
	return read_open(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), flag, path,
			 force, text, err);
}

int user_file_read_beside(const char *flag, const char *beside, const char *name, bool force,
			  char **path, char **text, struct error *err)
{
	const char *slash = strrchr(beside, '/');
	int result;

	if (asprintf(path, "%.*s%s", slash ? (int)(slash - beside) + 1 : 0, beside, name) < 0)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	result = read_open(open(*path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC),
			   flag, *path, force, text, err);
	if (result)
		free(*path);
	return result;
}
