// SPDX-License-Identifier: GPL-2.0-only
#include "compile/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/types.h"
#include "bpf/image.h"
#include "util/error.h"
#include "util/file.h"

#define MAGIC 0x31746362 /* "bct1" */
#define MAX_ENTRY (16 * 1024 * 1024)
#define MAX_ENTRIES 128

/* In front of key and image, in an entry. */
struct entry_header {
	uint32_t magic;
	uint32_t key_length;
	uint64_t image_length;
	uint64_t checksum; /* of the key and the image */
};

/* FNV-1a, 64 bits: detects accidents; only root can write to the directory. */
static uint64_t hash(uint64_t value, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length-- > 0)
		value = (value ^ *at++) * 0x100000001b3;
	return value;
}

#define HASH_START 0xcbf29ce484222325

/* What identifies a file: changes when it is modified or replaced. */
static void write_identity(FILE *out, int at, const char *path)
{
	struct stat status;

	if (fstatat(at, path, &status, AT_EMPTY_PATH))
		return;
	fprintf(out, "%s %jx:%jx %jd %jd.%09ld\n", path, (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino, (intmax_t)status.st_size, (intmax_t)status.st_ctim.tv_sec,
		status.st_ctim.tv_nsec);
}

static void write_types(FILE *out, const struct types *types)
{
	fprintf(out, "types %d %d\n", types->kind, types->any_release);
	if (types->kind == TYPES_KIND_HEADERS) {
		/* These identify the tree; the image lists every header that was read. */
		write_identity(out, types->build_fd, "include/generated/autoconf.h");
		write_identity(out, types->build_fd, "include/generated/utsrelease.h");
		write_identity(out, types->source_fd, "include/linux/skbuff.h");
	} else if (!types->of_running_kernel) {
		write_identity(out, types->file_fd, "");
	}
}

int cache_key_make(struct cache_key *key, const char *source, const char *const *macros,
		   const struct types *types)
{
	char notes[4096] = "";
	struct utsname kernel;
	FILE *out = open_memstream(&key->text, &key->length);
	uint64_t value;
	int notes_fd;

	if (!out)
		return -ENOMEM;
	uname(&kernel);
	write_identity(out, AT_FDCWD, "/proc/self/exe");
	fprintf(out, "kernel %s %s %s\n", kernel.release, kernel.version, kernel.machine);
	notes_fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC); /* holds the build ID */
	if (notes_fd >= 0) {
		ssize_t length = read(notes_fd, notes, sizeof(notes));

		if (length > 0)
			fwrite(notes, 1, (size_t)length, out);
		close(notes_fd);
	}
	write_types(out, types);
	while (*macros)
		fprintf(out, "%s\n", *macros++);
	fputs(source, out);
	if (fclose(out)) {
		cache_key_free(key);
		return -ENOMEM;
	}
	value = hash(HASH_START, key->text, key->length);
	snprintf(key->name, sizeof(key->name), "%016llx%016llx", (unsigned long long)value,
		 (unsigned long long)hash(value, key->text, key->length));
	return 0;
}

void cache_key_free(struct cache_key *key)
{
	free(key->text);
	*key = (struct cache_key){ .text = NULL };
}

/* Open a directory that only this user can write to. */
static int open_directory(const char *path)
{
	struct stat status;
	int fd;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || status.st_uid != geteuid() || status.st_mode & 077) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

int cache_open(struct cache *cache, const char *path, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	int result = open_directory(path);

	cache->directory = result < 0 ? -1 : result;
	if (result >= 0)
		return 0;
	return error_set(err, STATUS_ENVIRONMENT, -result,
			 "cannot use the cache directory %s: %s%s", error_quote(quoted, path),
			 result == -EPERM ? "it must belong to this user and have mode 0700"
					  : strerror(-result),
			 result == -EPERM ? "" : "; use --cache-dir DIR or --no-cache");
}

void cache_close(struct cache *cache)
{
	if (cache->directory >= 0)
		close(cache->directory);
	*cache = (struct cache)CACHE_CLOSED;
}

/* Open an entry if it is a file that only this user can have written. */
static int open_entry(const struct cache *cache, const struct cache_key *key, off_t *size)
{
	/* O_NONBLOCK: opening a pipe in its place would wait. */
	int fd =
		openat(cache->directory, key->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    status.st_mode & 022 || status.st_size > MAX_ENTRY) {
		close(fd);
		return -1;
	}
	*size = status.st_size;
	return fd;
}

static bool is_intact(const struct cache_key *key, int fd, off_t size)
{
	struct entry_header header;
	size_t rest;
	char *bytes;
	bool intact = false;

	if (size <= (off_t)sizeof(header))
		return false;
	rest = (size_t)size - sizeof(header);
	if (rest < key->length)
		return false;
	bytes = malloc((size_t)size);
	if (!bytes)
		return false;
	if (pread(fd, bytes, (size_t)size, 0) != size)
		goto out;
	memcpy(&header, bytes, sizeof(header));
	intact = header.magic == MAGIC && header.key_length == key->length &&
		 header.image_length == rest - key->length &&
		 header.checksum == hash(HASH_START, bytes + sizeof(header), rest) &&
		 memcmp(bytes + sizeof(header), key->text, key->length) == 0;
out:
	free(bytes);
	return intact;
}

int cache_load(const struct cache *cache, const struct cache_key *key, struct image *image)
{
	off_t start = (off_t)(sizeof(struct entry_header) + key->length);
	int result = -ENOENT;
	off_t size;
	int fd;

	if (cache->directory < 0)
		return -ENOENT;
	fd = open_entry(cache, key, &size);
	if (fd < 0)
		return -ENOENT;
	if (!is_intact(key, fd, size) || image_read(image, fd, start))
		goto out;
	if (!image_is_current(image)) {
		image_free(image);
		goto out;
	}
	futimens(fd, NULL); /* remove_oldest() goes by this time */
	result = 0;
out:
	close(fd);
	return result;
}

struct listed {
	char name[40];
	struct timespec used;
};

static int compare_used(const void *a, const void *b)
{
	const struct timespec *left = &((const struct listed *)a)->used;
	const struct timespec *right = &((const struct listed *)b)->used;

	if (left->tv_sec != right->tv_sec)
		return left->tv_sec < right->tv_sec ? -1 : 1;
	return (left->tv_nsec > right->tv_nsec) - (left->tv_nsec < right->tv_nsec);
}

static void remove_oldest(const struct cache *cache)
{
	static struct listed entries[4 * MAX_ENTRIES];
	size_t count = 0;
	int copy = dup(cache->directory);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)) && count < 4 * MAX_ENTRIES) {
		struct stat status;

		if (strlen(entry->d_name) != 32 ||
		    fstatat(cache->directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		strcpy(entries[count].name, entry->d_name);
		entries[count++].used = status.st_mtim;
	}
	closedir(directory);
	qsort(entries, count, sizeof(*entries), compare_used);
	for (size_t i = 0; i + MAX_ENTRIES < count; i++)
		unlinkat(cache->directory, entries[i].name, 0);
}

/* Write header, key and image to a new file; the header last, as it holds the checksum. */
static bool write_entry(const struct cache_key *key, const struct image *image, int fd)
{
	struct entry_header header = { .magic = MAGIC, .key_length = (uint32_t)key->length };
	size_t start = sizeof(header) + key->length;
	off_t size;
	char *bytes;
	bool written;

	if (pwrite(fd, key->text, key->length, sizeof(header)) != (ssize_t)key->length ||
	    lseek(fd, (off_t)start, SEEK_SET) < 0 || image_write(image, fd))
		return false;
	size = lseek(fd, 0, SEEK_END);
	bytes = malloc((size_t)size);
	if (!bytes)
		return false;
	header.image_length = (uint64_t)size - start;
	written = pread(fd, bytes, (size_t)size, 0) == size;
	header.checksum = hash(HASH_START, bytes + sizeof(header), (size_t)size - sizeof(header));
	free(bytes);
	return written && pwrite(fd, &header, sizeof(header), 0) == sizeof(header);
}

void cache_store(const struct cache *cache, const struct cache_key *key, const struct image *image)
{
	char path[64];
	int fd;

	if (cache->directory < 0)
		return;
	/* The file gets its name when it is complete. */
	fd = openat(cache->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write_entry(key, image, fd)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (unlinkat(cache->directory, key->name, 0) && errno == EISDIR)
			unlinkat(cache->directory, key->name, AT_REMOVEDIR);
		linkat(AT_FDCWD, path, cache->directory, key->name, AT_SYMLINK_FOLLOW);
		remove_oldest(cache);
	}
	close(fd);
}
