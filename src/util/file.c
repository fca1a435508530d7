// SPDX-License-Identifier: GPL-2.0-only
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
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
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = file_read_fd(fd, max, text);
	close(fd);
	return result;
}
