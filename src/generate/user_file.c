// SPDX-License-Identifier: GPL-2.0-only
#include "generate/user_file.h"

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
#define MAX_LINKS 40 /* as many as the kernel follows */

/*
 * A walk along a path, as the kernel resolves it, so that each directory on the way can be checked:
 * a symbolic link that anybody could have made is a risk wherever it leads, and the path that the
 * kernel reports for an open file no longer shows the links.
 */
struct walk {
	int directory;	     /* where the walk is */
	char rest[PATH_MAX]; /* what is left of the path */
	bool follow;	     /* also a link at the end */
	unsigned int links;
	char exposed[PATH_MAX]; /* the first directory where everybody may change the way, or "" */
};

/* Put `path` in front of the rest. An absolute path starts at the root again. */
static int walk_enter(struct walk *walk, const char *path)
{
	char whole[PATH_MAX];
	int length = snprintf(whole, sizeof(whole), "%s%s", path, walk->rest);
	int root;

	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(walk->rest, whole, (size_t)length + 1);
	if (*path != '/')
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (walk->directory >= 0)
		close(walk->directory);
	walk->directory = root;
	return 0;
}

/* Take the next part of the path off the rest. Returns its length, or 0 at the end. */
static size_t walk_part(struct walk *walk, char part[PATH_MAX], bool *last)
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	snprintf(part, PATH_MAX, "%.*s", (int)length, start);
	*last = start[length] == '\0';
	memmove(walk->rest, start + length, strlen(start + length) + 1);
	return length;
}

/*
 * Note whether everybody could have made or replaced this entry of the directory. The sticky bit
 * keeps what is there, but files and links may have been made by anybody.
 */
static void walk_look(struct walk *walk, const struct stat *entry)
{
	struct stat status;
	char link[64];
	ssize_t length;

	if (walk->exposed[0] || fstat(walk->directory, &status) || !(status.st_mode & S_IWOTH) ||
	    (S_ISDIR(entry->st_mode) && status.st_mode & S_ISVTX))
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", walk->directory);
	length = readlink(link, walk->exposed, sizeof(walk->exposed) - 1);
	if (length < 0)
		length = snprintf(walk->exposed, sizeof(walk->exposed), "its directory");
	walk->exposed[length] = '\0';
}

/* Go on to an entry of the directory. Returns 0, the descriptor of the last one, or -errno. */
static int walk_step(struct walk *walk, const char *part, bool last)
{
	int fd = openat(walk->directory, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char target[PATH_MAX];
	struct stat status;
	ssize_t length;
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status)) {
		result = -errno;
		goto out;
	}
	if (strcmp(part, "..") != 0)
		walk_look(walk, &status);
	if (S_ISLNK(status.st_mode)) {
		/* Links in /proc may have no path. That this is not a file is enough to know. */
		if (last && walk->follow && fstatat(walk->directory, part, &status, 0) == 0 &&
		    !S_ISREG(status.st_mode))
			return fd;
		length = readlinkat(fd, "", target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (length < 0)
			result = -errno;
		else if (last && !walk->follow)
			result = -EMLINK;
		else if (++walk->links > MAX_LINKS)
			result = -ELOOP;
		else
			result = walk_enter(walk, target);
	} else if (last) {
		return fd;
	} else if (!S_ISDIR(status.st_mode)) {
		result = -ENOTDIR;
	} else {
		close(walk->directory);
		walk->directory = fd;
		return 0;
	}
out:
	close(fd);
	return result;
}

/*
 * Find the file at a path. Returns -errno or a descriptor that can only be looked at, because
 * opening a device may have an effect.
 */
static int walk_to(struct walk *walk, const char *path)
{
	char part[PATH_MAX], here[PATH_MAX];
	bool last = false;
	int result;

	if (*path == '/') {
		result = walk_enter(walk, path);
	} else if (!getcwd(here, sizeof(here))) {
		result = -errno;
	} else {
		result = walk_enter(walk, path);
		if (!result)
			result = walk_enter(walk, "/");
		if (!result)
			result = walk_enter(walk, here);
	}
	while (!result && walk_part(walk, part, &last) > 0) {
		result = walk_step(walk, part, last);
		if (last && result > 0)
			return result;
	}
	/* A path that ends in a slash is a directory. */
	return result ? result : -EISDIR;
}

static int refuse_writable(const char *flag, const char *path, const char *directory,
			   struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE], place[ERROR_QUOTE_SIZE];

	if (!directory[0])
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "%s: everybody can write to %s; --force uses it anyway", flag,
				 error_quote(quoted, path));
	return error_set(
		err, STATUS_ENVIRONMENT, EPERM,
		"%s: everybody can write to %s, so anybody could have put %s there; --force uses "
		"it anyway",
		flag, error_quote(place, directory), error_quote(quoted, path));
}

static int refuse_unreadable(const char *flag, const char *path, int errnum, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_ENVIRONMENT, errnum, "%s: cannot read %s: %s", flag,
			 error_quote(quoted, path),
			 errnum == EINVAL   ? "it contains a NUL byte"
			 : errnum == EMLINK ? "it is a symbolic link"
					    : strerror(errnum));
}

/* Read the file that is open as `found`, which nobody can replace any more. */
static int read_found(int found, const char *flag, const char *path, const char *exposed,
		      bool force, char **text, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE], link[64];
	struct stat status;
	int result;
	int fd;

	if (fstat(found, &status) || !S_ISREG(status.st_mode))
		return error_set(err, STATUS_ENVIRONMENT, EINVAL, "%s: %s is not a regular file",
				 flag, error_quote(quoted, path));
	if (!force && status.st_mode & S_IWOTH)
		return refuse_writable(flag, path, "", err);
	if (!force && *exposed)
		return refuse_writable(flag, path, exposed, err);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	/* Do not wait for a process that holds a lease on it. */
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	result = fd < 0 ? -errno : file_read_fd(fd, MAX_FILE, text);
	if (fd >= 0)
		close(fd);
	return result ? refuse_unreadable(flag, path, -result, err) : 0;
}

static int read_file(const char *flag, const char *path, bool follow, bool force, char **text,
		     struct error *err)
{
	struct walk walk = { .directory = -1, .follow = follow };
	int found = walk_to(&walk, path);
	int result = found < 0 ? refuse_unreadable(flag, path, -found, err)
			       : read_found(found, flag, path, walk.exposed, force, text, err);

	if (found >= 0)
		close(found);
	if (walk.directory >= 0)
		close(walk.directory);
	return result;
}

int user_file_read(const char *flag, const char *path, bool force, char **text, struct error *err)
{
	return read_file(flag, path, true, force, text, err);
}

int user_file_read_beside(const char *flag, const char *beside, const char *name, bool force,
			  char **path, char **text, struct error *err)
{
	const char *slash = strrchr(beside, '/');
	int result;

	if (asprintf(path, "%.*s%s", slash ? (int)(slash - beside) + 1 : 0, beside, name) < 0)
		return error_nomem(err);
	result = read_file(flag, *path, false, force, text, err);
	if (result)
		free(*path);
	return result;
}
