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

struct watched {
	char *path;
	const char *name; /* the last part of it */
	int watch;	  /* of its directory; -1: built in */
	uint32_t id;	  /* of the layout */
	bool saved;	  /* since the running program was begun to be made */
};

/* What the process that makes a program hands over, with the descriptors of the programs. */
struct made {
	struct error err; /* STATUS_OK: none */
	struct layout layout;
	size_t count;
	struct loaded_program programs[LOAD_MAX_PROGRAMS]; /* with none of the descriptors */
};

struct reload {
	int inotify_fd;
	reload_make *make;
	void *context;
	pid_t maker; /* the process that makes a program now, or 0 */
	size_t making;
	int from_maker; /* a socket */
	size_t count;
	struct watched programs[];
};

/* The directory of a file: editors write a new file and rename it. */
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
	new->from_maker = -1;
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

/* Note which files were saved. */
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

/* Send what was made, and the descriptors of its programs, which are the last ones of `loaded`. */
static int send_made(int socket, const struct made *made, const struct loaded *loaded)
{
	char control[CMSG_SPACE(sizeof(int) * LOAD_MAX_PROGRAMS)] = { 0 };
	struct iovec bytes = { (void *)made, sizeof(*made) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (made->count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * made->count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * made->count);
		for (size_t i = 0; i < made->count; i++)
			memcpy(CMSG_DATA(header) + i * sizeof(int),
			       &loaded->programs[loaded->program_count - made->count + i]
					.program_fd,
			       sizeof(int));
	}
	return sendmsg(socket, &message, 0) == (ssize_t)sizeof(*made) ? 0 : -EIO;
}

/* The other process: make and load into a copy of what is loaded, hand over, end. */
__attribute__((noreturn)) static void run_maker(const struct reload *reload, size_t index,
						struct loaded *loaded, int socket, pid_t parent)
{
	static struct made made;
	const size_t before = loaded->program_count;
	int result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Ctrl-C is for the one that shows drops, which then ends this one. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	made.err.status = STATUS_OK;
	result = reload->make(reload->context, index, loaded, &made.layout, &made.err);
	if (!result) {
		made.count = loaded->program_count - before;
		for (size_t i = 0; i < made.count; i++)
			made.programs[i] = loaded->programs[before + i];
	}
	_exit(send_made(socket, &made, loaded) ? 1 : 0);
}

static void start_maker(struct reload *reload, size_t index, struct loaded *loaded)
{
	pid_t parent = getpid();
	int sockets[2];

	reload->programs[index].saved = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
		fprintf(stderr, "bytetrace: %s: the running program stays: %s\n",
			reload->programs[index].path, strerror(errno));
		return;
	}
	fflush(NULL);
	reload->maker = fork();
	if (reload->maker == 0)
		run_maker(reload, index, loaded, sockets[1], parent);
	close(sockets[1]);
	if (reload->maker < 0) {
		reload->maker = 0;
		close(sockets[0]);
		return;
	}
	reload->making = index;
	reload->from_maker = sockets[0];
}

/* Take over what was made: -EAGAIN if it is not there yet; descriptors go into `loaded`. */
static int receive_made(struct reload *reload, struct made *made, struct loaded *loaded)
{
	char control[CMSG_SPACE(sizeof(int) * LOAD_MAX_PROGRAMS)];
	struct iovec bytes = { made, sizeof(*made) };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(reload->from_maker, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header;
	size_t count = 0;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (length != (ssize_t)sizeof(*made))
		return error_set(&made->err, STATUS_COMPILE, EIO,
				 "the process that was to make it ended");
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
		*program = made->programs[i];
		program->program_fd = fd;
		loaded->program_count++;
	}
	return 0;
}

/* Put what was made in its place. Returns 0, or -errno; the old program goes on, then. */
static int take_over(struct reload *reload, const struct made *made, struct loaded *loaded,
		     struct layouts *layouts, struct error *err)
{
	struct watched *program = &reload->programs[reload->making];
	const struct layout before = *layouts_find(layouts, program->id);
	int result;

	if (made->err.status != STATUS_OK) {
		*err = made->err;
		return -EINVAL;
	}
	/* Its first record may come as soon as it is in. */
	result = layouts_replace(layouts, before.id, &made->layout);
	if (result)
		return error_set(err, STATUS_COMPILE, -result,
				 "the programs have too many columns together");
	result = load_replace(loaded, reload->making, made->count, err);
	if (result)
		layouts_replace(layouts, made->layout.id, &before);
	else
		program->id = made->layout.id;
	return result;
}

bool reload_poll(struct reload *reload, struct loaded *loaded, struct layouts *layouts)
{
	static struct made made;
	struct watched *program;
	struct error err;
	uint32_t before;
	int result;

	read_events(reload);
	if (!reload->maker) {
		for (size_t i = 0; i < reload->count && !reload->maker; i++)
			if (reload->programs[i].saved)
				start_maker(reload, i, loaded);
		return false;
	}
	memset(&made, 0, sizeof(made));
	if (receive_made(reload, &made, loaded) == -EAGAIN)
		return false;
	close(reload->from_maker);
	reload->from_maker = -1;
	waitpid(reload->maker, NULL, 0);
	reload->maker = 0;

	program = &reload->programs[reload->making];
	before = program->id;
	result = take_over(reload, &made, loaded, layouts, &err);
	if (result)
		fprintf(stderr, "bytetrace: %s: the running program stays: %s\n", program->path,
			err.text);
	else
		fprintf(stderr, "bytetrace: %s: swapped in\n", program->path);
	return program->id != before;
}

void reload_free(struct reload *reload)
{
	if (!reload)
		return;
	if (reload->maker) {
		kill(reload->maker, SIGKILL);
		waitpid(reload->maker, NULL, 0);
		close(reload->from_maker);
	}
	for (size_t i = 0; i < reload->count; i++)
		free(reload->programs[i].path);
	if (reload->inotify_fd >= 0)
		close(reload->inotify_fd);
	free(reload);
}
