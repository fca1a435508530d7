// SPDX-License-Identifier: GPL-2.0-only
#include "util/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/text.h"

#define MAX_LINKS 40 /* as many as the kernel follows */

/* Read until `size` bytes or the end. Returns how many, or -errno. */
static ssize_t read_up_to(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

int file_read_string(int at, const char *path, char *text, size_t size)
{
	/* O_NONBLOCK: do not wait for whoever writes to a FIFO in its place. */
	int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read_up_to(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return (int)length;
	text[length] = '\0';
	return 0;
}

int file_read_fd(int fd, size_t max, char **text)
{
	char *bytes = malloc(max + 2);
	ssize_t length;
	int result = 0;

	if (!bytes)
		return -ENOMEM;
	length = read_up_to(fd, bytes, max + 1);
	if (length < 0)
		result = (int)length;
	else if ((size_t)length > max)
		result = -EFBIG;
	else if (memchr(bytes, '\0', (size_t)length))
		result = -EINVAL;
	if (result) {
		free(bytes);
		return result;
	}
	if (length > 0 && bytes[length - 1] != '\n')
		bytes[length++] = '\n';
	bytes[length] = '\0';
	*text = bytes;
	return 0;
}

int file_read_text(const char *path, size_t max, char **text)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = file_read_fd(fd, max, text);
	close(fd);
	return result;
}

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
	struct risk {
		enum { RISK_NONE, RISK_OWNER, RISK_GROUP, RISK_EVERYBODY } who;
		unsigned int id;	  /* of the owner or group */
		char directory[PATH_MAX]; /* where; "" for the file itself */
	} risk;				  /* the first one */
};

/* The user who logged in, also behind sudo and su; the environment could say anybody. */
static uid_t login_user(void)
{
	char text[16];
	uint64_t number;

	if (file_read_string(AT_FDCWD, "/proc/self/loginuid", text, sizeof(text)) ||
	    !text_number(text, strcspn(text, "\n"), UINT32_MAX, &number))
		return (uid_t)-1;
	return (uid_t)number;
}

static bool is_own(uid_t owner)
{
	return owner == 0 || owner == getuid() || owner == geteuid() || owner == login_user();
}

/* Who else than root and the caller can change a file or directory. */
static struct risk risk_of(const struct stat *status)
{
	if (status->st_mode & S_IWOTH)
		return (struct risk){ .who = RISK_EVERYBODY };
	if (status->st_mode & S_IWGRP)
		return (struct risk){ .who = RISK_GROUP, .id = status->st_gid };
	if (!is_own(status->st_uid))
		return (struct risk){ .who = RISK_OWNER, .id = status->st_uid };
	return (struct risk){ .who = RISK_NONE };
}

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
 * Note who else could have made or replaced this entry of the directory. The sticky bit keeps
 * others from replacing a directory, whose own owner is looked at next; but files and links may
 * have been made by anybody.
 */
static void walk_look(struct walk *walk, const struct stat *entry)
{
	struct stat status;
	struct risk risk;
	char link[64];
	ssize_t length;

	if (walk->risk.who || fstat(walk->directory, &status))
		return;
	if (status.st_mode & S_ISVTX && S_ISDIR(entry->st_mode))
		status.st_mode &= ~(mode_t)(S_IWOTH | S_IWGRP);
	risk = risk_of(&status);
	if (!risk.who)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", walk->directory);
	length = readlink(link, risk.directory, sizeof(risk.directory) - 1);
	if (length < 0)
		length = snprintf(risk.directory, sizeof(risk.directory), "its directory");
	risk.directory[length] = '\0';
	walk->risk = risk;
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
		    !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
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

/* Start at the working directory, or at another one, whose path was checked before. */
static int walk_start(struct walk *walk, int at, const char *path)
{
	char here[PATH_MAX];
	int result;

	if (at != AT_FDCWD) {
		walk->directory = openat(at, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return walk->directory < 0 ? -errno : walk_enter(walk, path);
	}
	result = walk_enter(walk, path);
	if (result || *path == '/')
		return result;
	if (!getcwd(here, sizeof(here)))
		return -errno;
	result = walk_enter(walk, "/");
	return result ? result : walk_enter(walk, here);
}

/*
 * Find the file at a path. Returns -errno or a descriptor that can only be looked at, because
 * opening a device may have an effect.
 */
static int walk_to(struct walk *walk, int at, const char *path, bool directory)
{
	char part[PATH_MAX];
	bool last = false;
	int result = *path ? walk_start(walk, at, path) : -ENOENT;

	while (!result && walk_part(walk, part, &last) > 0) {
		result = walk_step(walk, part, last);
		if (last && result > 0)
			return result;
	}
	if (result)
		return result;
	/* A path that ends in a slash is a directory: where the walk is. */
	if (!directory)
		return -EISDIR;
	result = openat(walk->directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return result < 0 ? -errno : result;
}

static const char *shown_path(const struct file_request *request)
{
	return request->shown ? request->shown : request->path;
}

static int refuse_risk(const struct file_request *request, const struct risk *risk,
		       struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE], place[ERROR_QUOTE_SIZE], who[64];
	const bool inside = risk->directory[0];

	error_quote(quoted, shown_path(request));
	error_quote(place, inside ? risk->directory : shown_path(request));
	if (risk->who == RISK_OWNER)
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 inside ? "%s: %s belongs to user %u, who could have put %s there; "
					  "--force uses it anyway"
					: "%s: %s belongs to user %u; --force uses it anyway",
				 request->flag, place, risk->id, quoted);
	if (risk->who == RISK_GROUP)
		snprintf(who, sizeof(who), "group %u", risk->id);
	else
		strcpy(who, "everybody");
	return error_set(err, STATUS_ENVIRONMENT, EPERM,
			 inside ? "%s: %s can write to %s, so %s could have put %s there; --force "
				  "uses it anyway"
				: "%s: %s can write to %s; --force uses it anyway",
			 request->flag, who, place,
			 risk->who == RISK_GROUP ? "its members" : "anybody", quoted);
}

int file_refuse(const struct file_request *request, int errnum, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_ENVIRONMENT, errnum, "%s: cannot read %s: %s", request->flag,
			 error_quote(quoted, shown_path(request)),
			 errnum == EINVAL   ? "it contains a NUL byte"
			 : errnum == EMLINK ? "it is a symbolic link"
			 : errnum == ENOSYS ? "/proc is not mounted"
					    : strerror(errnum));
}

static const char *const kind_names[] = {
	[FILE_ANY] = "directory or regular file",
	[FILE_REGULAR] = "regular file",
	[FILE_DIRECTORY] = "directory",
};

static bool is_kind(const struct stat *status, enum file_kind kind)
{
	return (S_ISREG(status->st_mode) && kind != FILE_DIRECTORY) ||
	       (S_ISDIR(status->st_mode) && kind != FILE_REGULAR);
}

static int refuse_kind(const struct file_request *request, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	return error_set(err, STATUS_ENVIRONMENT, EINVAL, "%s: %s is not a %s", request->flag,
			 error_quote(quoted, shown_path(request)), kind_names[request->kind]);
}

int file_find(const struct file_request *request, struct error *err)
{
	struct walk walk = { .directory = -1, .follow = !request->no_links };
	int found = walk_to(&walk, request->at, request->path, request->kind != FILE_REGULAR);
	struct stat status;
	struct risk risk;
	int result;

	if (found < 0) {
		result = file_refuse(request, -found, err);
		goto out;
	}
	if (fstat(found, &status) || !is_kind(&status, request->kind)) {
		result = refuse_kind(request, err);
		goto out;
	}
	risk = risk_of(&status);
	if (!risk.who)
		risk = walk.risk;
	result = risk.who && !request->force ? refuse_risk(request, &risk, err) : found;
out:
	if (result < 0 && found >= 0)
		close(found);
	if (walk.directory >= 0)
		close(walk.directory);
	return result;
}

#define MAX_DEPTH 40

#define MAX_ENTRIES 1000000 /* links can make a tree larger than it is */

/* How far a check may still go. */
struct limits {
	unsigned int depth;
	unsigned int *entries;
};

static int check_directory(const struct file_request *request, int directory, struct limits limits,
			   struct error *err);

/*
 * Check what an entry of a directory, which was checked itself, is or leads to. What cannot be
 * looked at cannot be read either.
 */
static int check_entry(const struct file_request *request, struct limits limits, struct error *err)
{
	struct walk walk = { .directory = -1, .follow = true };
	int found = -1, result = 0;
	struct stat status;
	struct risk risk;

	if (fstatat(request->at, request->path, &status, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISLNK(status.st_mode)) {
		found = walk_to(&walk, request->at, request->path, true);
		if (found < 0 || fstat(found, &status))
			goto out;
	}
	if (!is_kind(&status, FILE_ANY)) {
		result = refuse_kind(request, err);
		goto out;
	}
	risk = risk_of(&status);
	if (!risk.who)
		risk = walk.risk;
	if (risk.who && !request->force)
		result = refuse_risk(request, &risk, err);
	else if (S_ISDIR(status.st_mode))
		result = check_directory(request, found, limits, err);
out:
	if (found >= 0)
		close(found);
	if (walk.directory >= 0)
		close(walk.directory);
	return result;
}

/* Check what is in a directory: the one that was found, or else the request's. */
static int check_directory(const struct file_request *request, int directory, struct limits limits,
			   struct error *err)
{
	int fd = openat(directory < 0 ? request->at : directory,
			directory < 0 ? request->path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char shown[PATH_MAX];
	int result = 0;

	if (!entries) {
		result = file_refuse(request, errno, err);
		if (fd >= 0)
			close(fd);
		return result;
	}
	if (limits.depth-- == 0)
		result = file_refuse(request, ELOOP, err);
	while (!result && (entry = readdir(entries))) {
		struct file_request below = *request;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if ((*limits.entries)-- == 0) {
			result = file_refuse(request, ELOOP, err);
			break;
		}
		snprintf(shown, sizeof(shown), "%s/%s", shown_path(request), entry->d_name);
		below.at = fd;
		below.path = entry->d_name;
		below.shown = shown;
		result = check_entry(&below, limits, err);
	}
	closedir(entries);
	return result;
}

int file_check_tree(const struct file_request *request, struct error *err)
{
	struct file_request tree = *request;
	unsigned int entries = MAX_ENTRIES;
	int found, result;

	tree.kind = FILE_DIRECTORY;
	found = file_find(&tree, err);
	if (found == -ENOENT)
		return 0;
	if (found < 0)
		return found;
	tree.kind = FILE_ANY;
	result = check_directory(&tree, found, (struct limits){ MAX_DEPTH, &entries }, err);
	close(found);
	return result;
}

int file_reopen(int found)
{
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	/* Do not wait for a process that holds a lease on it. */
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENOENT && access("/proc/self/fd", F_OK) ? -ENOSYS : -errno;
}
