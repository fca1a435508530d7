// SPDX-License-Identifier: GPL-2.0-only
#include "generate/user_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

#define MAX_FILE (1024 * 1024)

static int read_file(const struct file_request *request, char **text, struct error *err)
{
	int found = file_find(request, err);
	int fd, result;

	if (found < 0)
		return found;
	fd = file_reopen(found);
	close(found);
	if (fd < 0)
		return file_refuse(request, -fd, err);
	result = file_read_fd(fd, MAX_FILE, text);
	close(fd);
	return result ? file_refuse(request, -result, err) : 0;
}

int user_file_read(const char *flag, const char *path, bool force, char **text, struct error *err)
{
	const struct file_request request = {
		.flag = flag, .at = AT_FDCWD, .path = path, .kind = FILE_REGULAR, .force = force
	};

	return read_file(&request, text, err);
}

int user_file_read_beside(const char *flag, const char *beside, const char *name, bool force,
			  char **path, char **text, struct error *err)
{
	const char *slash = strrchr(beside, '/');
	struct file_request request = {
		.flag = flag, .at = AT_FDCWD, .kind = FILE_REGULAR, .no_links = true, .force = force
	};
	int result;

	if (asprintf(path, "%.*s%s", slash ? (int)(slash - beside) + 1 : 0, beside, name) < 0)
		return error_nomem(err);
	request.path = *path;
	result = read_file(&request, text, err);
	if (result)
		free(*path);
	return result;
}
