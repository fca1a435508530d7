// SPDX-License-Identifier: GPL-2.0-only
#include "run/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/load.h"
#include "record/layout.h"
#include "util/error.h"
#include "util/text.h"

struct watched {
	char *path;
	const char *name; /* the last part of it */
	int watch;	  /* of its directory, or -1 */
	uint32_t id;	  /* of the layout */
	bool saved;	  /* since its last reload began */
};

/* The result of the child; the descriptors of the programs come with it. */
struct reloaded {
	struct error err; /* STATUS_OK: success */
	struct layout layout;
	size_t count;
	struct loaded_program programs[LOAD_MAX_PROGRAMS]; /* the descriptors are invalid */
};

struct reload {
	int inotify_fd;
	reload_make *make;
	void *context;
	pid_t child;	/* compiles and loads a program, or 0 */
	size_t index;	/* of that program */
	int from_child; /* a socket */
	size_t count;
	struct watched programs[];
};

/* Watch the directory of a file: editors write a new file and rename it. */
static int watch_directory(int inotify_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int watch = directory
			    ? inotify_add_watch(inotify_fd, directory, IN_CLOSE_WRITE | IN_MOVED_TO)
			    : -1;

	free(directory);
	return watch;
}

int reload_open(struct reload **reload, const struct reload_program *programs, size_t count,
		reload_make *make, void *context, struct error *err)
{
	struct reload *new = calloc(1, sizeof(*new) + count * sizeof(new->programs[0]));
	char quoted[ERROR_QUOTE_SIZE];

	*reload = new;
	if (!new)
		return error_nomem(err);
	new->make = make;
	new->context = context;
	new->from_child = -1;
	new->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (new->inotify_fd < 0)
		return error_set(err, STATUS_ENVIRONMENT, errno, "--watch: %s", strerror(errno));
	for (; new->count < count; new->count++) {
		struct watched *program = &new->programs[new->count];
		const char *path = programs[new->count].path;
		const char *slash = path ? strrchr(path, '/') : NULL;

		program->watch = -1;
		program->id = programs[new->count].id;
		if (!path)
			continue;
		program->path = strdup(path);
		program->name = program->path + (slash ? slash + 1 - path : 0);
		program->watch = watch_directory(new->inotify_fd, path);
		if (program->watch < 0)
			return error_set(err, STATUS_ENVIRONMENT, errno,
					 "--watch: cannot watch %s: %s", error_quote(quoted, path),
					 strerror(errno));
	}
	return 0;
}

/* Mark the programs whose files were saved. */
static void read_events(struct reload *reload)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(reload->inotify_fd, buffer, sizeof(buffer))) > 0) {
		for (const char *at = buffer; at < buffer + length;) {
			const struct inotify_event *event = (const void *)at;

			for (size_t i = 0; i < reload->count; i++) {
				struct watched *program = &reload->programs[i];

				if (event->wd == program->watch && event->len > 0 &&
				    strcmp(event->name, program->name) == 0)
					program->saved = true;
			}
			at += sizeof(*event) + event->len;
		}
	}
}

/* Send the result and the descriptors of its programs, which are the last ones in `loaded`. */
static int send_reloaded(int socket, const struct reloaded *reloaded, const struct loaded *loaded)
{
	char control[CMSG_SPACE(sizeof(int) * LOAD_MAX_PROGRAMS)] = { 0 };
	struct iovec bytes = { (void *)reloaded, sizeof(*reloaded) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (reloaded->count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * reloaded->count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * reloaded->count);
		for (size_t i = 0; i < reloaded->count; i++)
			memcpy(CMSG_DATA(header) + i * sizeof(int),
			       &loaded->programs[loaded->program_count - reloaded->count + i]
					.program_fd,
			       sizeof(int));
	}
	return sendmsg(socket, &message, 0) == (ssize_t)sizeof(*reloaded) ? 0 : -EIO;
}

/* In the child: compile, load into the copy of `loaded`, and send the result. */
__attribute__((noreturn)) static void run_child(const struct reload *reload, size_t index,
						struct loaded *loaded, int socket, pid_t parent)
{
	static struct reloaded reloaded;
	const size_t before = loaded->program_count;
	int result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* The parent handles Ctrl-C, and then kills the child. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	reloaded.err.status = STATUS_OK;
	result = reload->make(reload->context, index, loaded, &reloaded.layout, &reloaded.err);
	if (!result) {
		reloaded.count = loaded->program_count - before;
		for (size_t i = 0; i < reloaded.count; i++)
			reloaded.programs[i] = loaded->programs[before + i];
	}
	_exit(send_reloaded(socket, &reloaded, loaded) ? 1 : 0);
}

static void report_failure(const struct watched *program, const char *why)
{
	fputs("bytetrace: ", stderr);
	text_print(stderr, program->path);
	fprintf(stderr, ": reload failed; keeping the running program: %s\n", why);
}

static void start_child(struct reload *reload, size_t index, struct loaded *loaded)
{
	struct watched *program = &reload->programs[index];
	pid_t parent = getpid();
	int sockets[2];
	pid_t child;

	program->saved = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
		report_failure(program, strerror(errno));
		return;
	}
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(reload, index, loaded, sockets[1], parent);
	close(sockets[1]);
	if (child < 0) {
		report_failure(program, strerror(errno));
		close(sockets[0]);
		return;
	}
	reload->child = child;
	reload->index = index;
	reload->from_child = sockets[0];
}

/* Receive the result, and append its programs to `loaded`. -EAGAIN: the child is not ready. */
static int receive_reloaded(struct reload *reload, struct reloaded *reloaded, struct loaded *loaded)
{
	char control[CMSG_SPACE(sizeof(int) * LOAD_MAX_PROGRAMS)];
	struct iovec bytes = { reloaded, sizeof(*reloaded) };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(reload->from_child, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header;
	size_t count = 0;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (length != (ssize_t)sizeof(*reloaded))
		return error_set(&reloaded->err, STATUS_COMPILE, EIO,
				 "the process that compiles the program ended early");
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		struct loaded_program *program = &loaded->programs[loaded->program_count];
		int fd;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
		if (loaded->program_count == LOAD_MAX_PROGRAMS) {
			close(fd);
			continue;
		}
		*program = reloaded->programs[i];
		program->program_fd = fd;
		loaded->program_count++;
	}
	return 0;
}

/* Replace a program. On failure the old one stays attached. */
static int take_over(struct reload *reload, const struct reloaded *reloaded, struct loaded *loaded,
		     struct layouts *layouts, struct error *err)
{
	struct watched *program = &reload->programs[reload->index];
	const struct layout before = *layouts_find(layouts, program->id);
	int result;

	if (reloaded->err.status != STATUS_OK) {
		*err = reloaded->err;
		return -EINVAL;
	}
	/* The first record may arrive as soon as the program is attached. */
	result = layouts_replace(layouts, before.id, &reloaded->layout);
	if (result)
		return error_set(err, STATUS_COMPILE, -result,
				 "the programs together have too many columns");
	result = load_replace(loaded, reload->index, reloaded->count, err);
	if (result)
		layouts_replace(layouts, reloaded->layout.id, &before);
	else
		program->id = reloaded->layout.id;
	return result;
}

bool reload_poll(struct reload *reload, struct loaded *loaded, struct layouts *layouts)
{
	static struct reloaded reloaded;
	struct watched *program;
	struct error err;
	uint32_t before;
	int result;

	read_events(reload);
	if (!reload->child) {
		for (size_t i = 0; i < reload->count && !reload->child; i++)
			if (reload->programs[i].saved)
				start_child(reload, i, loaded);
		return false;
	}
	memset(&reloaded, 0, sizeof(reloaded));
	if (receive_reloaded(reload, &reloaded, loaded) == -EAGAIN)
		return false;
	close(reload->from_child);
	reload->from_child = -1;
	waitpid(reload->child, NULL, 0);
	reload->child = 0;

	program = &reload->programs[reload->index];
	before = program->id;
	result = take_over(reload, &reloaded, loaded, layouts, &err);
	if (result) {
		report_failure(program, err.text);
	} else {
		fputs("bytetrace: ", stderr);
		text_print(stderr, program->path);
		fputs(": reloaded\n", stderr);
	}
	return program->id != before;
}

void reload_free(struct reload *reload)
{
	if (!reload)
		return;
	if (reload->child) {
		kill(reload->child, SIGKILL);
		waitpid(reload->child, NULL, 0);
		close(reload->from_child);
	}
	for (size_t i = 0; i < reload->count; i++)
		free(reload->programs[i].path);
	if (reload->inotify_fd >= 0)
		close(reload->inotify_fd);
	free(reload);
}
