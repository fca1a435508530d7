// SPDX-License-Identifier: GPL-2.0-only
#include "util/stdio.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "util/clock.h"

#define NANOSECONDS 1000000000u
#define LOOK_US 100000 /* how often a write that blocks is interrupted after the end */

struct output {
	int fd;
	int failure; /* errno of the first write that failed, or 0 */
};

static struct output output = { .fd = STDOUT_FILENO }, errors = { .fd = STDERR_FILENO };

static uint64_t end; /* 0: every reader is waited for */

/* Whether the reader has had its time; it took something last at `moved`. */
static bool is_stalled(uint64_t moved)
{
	return end > 0 && clock_monotonic() > (moved > end ? moved : end) +
						      (uint64_t)STDIO_STALL_SECONDS * NANOSECONDS;
}

static void wait_until_writable(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	poll(&writable, 1, -1); /* the timer interrupts it */
}

/* Write all of it, or nothing from the first failure on: stdio throws away what was not written. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
	struct output *to = cookie;
	uint64_t moved = clock_monotonic();
	size_t done = 0;
	int failure;

	while (!to->failure && done < size) {
		const ssize_t written = write(to->fd, bytes + done, size - done);

		if (written >= 0) {
			done += (size_t)written;
			moved = clock_monotonic();
			continue;
		}
		failure = errno;
		if (failure != EAGAIN && failure != EINTR)
			to->failure = failure;
		else if (is_stalled(moved))
			to->failure = ETIMEDOUT;
		else if (failure == EAGAIN)
			wait_until_writable(to->fd);
	}
	errno = to->failure;
	return to->failure ? 0 : (ssize_t)size;
}

void stdio_replace(void)
{
	const cookie_io_functions_t functions = { .write = write_all };
	FILE *out = fopencookie(&output, "w", functions);
	FILE *err = fopencookie(&errors, "w", functions);

	if (out && isatty(output.fd))
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	if (err)
		setvbuf(err, NULL, _IONBF, 0);
	stdout = out ? out : stdout;
	stderr = err ? err : stderr;
}

static void on_timer(int number)
{
	(void)number; /* a write that blocks returns */
}

void stdio_expect_end(uint64_t time)
{
	const struct sigaction action = { .sa_handler = on_timer }; /* without SA_RESTART */
	const uint64_t now = clock_monotonic();
	const uint64_t left = time > now ? (time - now) / 1000 : 0;
	const struct itimerval timer = {
		.it_interval = { .tv_usec = LOOK_US },
		.it_value = { (time_t)((left + 1) / 1000000), (suseconds_t)((left + 1) % 1000000) },
	};

	end = time;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int stdio_failure(void)
{
	return output.failure;
}
