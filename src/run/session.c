// SPDX-License-Identifier: GPL-2.0-only
#include "run/session.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/types.h>

#include "event.h"
#include "filter/filter.h"
#include "kernel/owners.h"
#include "kernel/symbols.h"
#include "output/output.h"
#include "bpf/load.h"
#include "run/reload.h"
#include "record/decode.h"
#include "record/keys.h"
#include "record/maps.h"
#include "stream/rate.h"
#include "stream/buffers.h"
#include "stream/summary.h"
#include "util/clock.h"
#include "util/cpus.h"
#include "util/error.h"
#include "util/stdio.h"

#define LOOK_MS 50 /* how often to read the rings: a lone drop does not wake the reader */

#define NANOSECONDS 1000000000u
#define SETTLE_NS (2ull * NANOSECONDS) /* after the first signal, more of them are ignored */

/* Full, or at the end of a batch of drops, it is written. */
static char output_buffer[64 * 1024];

static volatile sig_atomic_t interrupted;
static uint64_t interrupted_at; /* clock_monotonic() */

/*
 * The first signal ends the session in the orderly way. timeout(1) and others send it twice, to the
 * process and to its group, so that more of them mean nothing at first. The orderly end may block
 * if nobody reads the output: one that comes later kills the process.
 */
static void on_signal(int number)
{
	const int saved = errno;

	if (!interrupted) {
		interrupted_at = clock_monotonic();
		interrupted = 1;
	} else if (clock_monotonic() - interrupted_at > SETTLE_NS) {
		signal(number, SIG_DFL);
		raise(number);
	}
	errno = saved;
}

static void catch_signals(sigset_t *caught)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction before;

	interrupted_at = clock_monotonic(); /* the first call, which a handler must not make */
	sigemptyset(caught);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(caught, ends[i]);
	action.sa_mask = *caught;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		/* nohup(1) ignores SIGHUP. */
		if (ends[i] != SIGHUP || sigaction(SIGHUP, NULL, &before) ||
		    before.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
	/* Failed writes are reported instead. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static uint64_t now_ms(void)
{
	return clock_monotonic() / 1000000;
}

/* The context of show_record(). */
struct sink {
	const struct session_config *config;
	void *output;
	struct session_totals *totals;
	struct rate rate; /* of drops shown, unless config->limits.rate is 0 */
	bool rate_hinted;
};

static void hint_rate(struct sink *sink)
{
	if (sink->rate_hinted)
		return;
	sink->rate_hinted = true;
	fprintf(stderr,
		"bytetrace: hint: showing at most %llu drops per second and counting the others as "
		"suppressed; --rate N changes the limit, --rate 0 removes it\n",
		(unsigned long long)sink->config->limits.rate);
}

static bool count_reached(const struct sink *sink)
{
	return sink->config->limits.count > 0 && sink->totals->shown >= sink->config->limits.count;
}

/* Find the program that owns the socket. False: the filter rejects it. */
static bool find_owner(const struct session_config *config, uint32_t socket,
		       const struct owner **owner)
{
	if (!config->owners)
		return true;
	*owner = owners_find(config->owners, socket);
	return !config->programs->given ||
	       filter_accepts_name(config->programs, *owner ? (*owner)->name : NULL);
}

static int show_record(void *context, uint32_t cpu, void *bytes, size_t size)
{
	struct sink *sink = context;
	struct drop drop;

	if (decode_drop(bytes, size, cpu, sink->config->output->layouts, &drop))
		return -EPROTO;
	if (!find_owner(sink->config, drop.event->socket, &drop.owner))
		return 0;
	if (count_reached(sink)) {
		sink->totals->suppressed++;
		return 0;
	}
	if (sink->config->limits.rate && !rate_take(&sink->rate)) {
		hint_rate(sink);
		sink->totals->suppressed++;
		return 0;
	}
	sink->config->format->drop(sink->output, &drop);
	sink->totals->shown++;
	return 0;
}

/* The reader of a pipe closed it. That is how `| head` ends, so there is no message. */
static int reader_gone(struct error *err)
{
	err->status = STATUS_OUTPUT;
	err->text[0] = '\0';
	return -EPIPE;
}

static int flush(const struct session_config *config, struct error *err)
{
	FILE *file = config->output->file;
	int failure;

	if (fflush(file) == 0 && !ferror(file))
		return 0;
	failure = stdio_failure();
	if (failure == EPIPE)
		return reader_gone(err);
	if (failure == ETIMEDOUT)
		return error_set(err, STATUS_OUTPUT, failure,
				 "cannot write the output: nothing was read for %d seconds after "
				 "the end of --duration",
				 STDIO_STALL_SECONDS);
	return error_set(err, STATUS_OUTPUT, failure ? failure : EIO, "cannot write the output: %s",
			 strerror(failure ? failure : EIO));
}

/*
 * On a terminal, whatever is printed after Ctrl-C takes the place of the "^C" that the terminal
 * shows where the cursor is. It may still change the width of a line in the middle of a flood, but
 * to prevent that, the terminal's mode would have to be changed, which outlives SIGKILL.
 */
static void print_over_interrupt(const struct session_config *config)
{
	if (interrupted && isatty(STDOUT_FILENO))
		putc('\r', config->output->file);
}

/*
 * Show what the buffers hold. The rate is that of the reader: what a program by hand writes as a
 * record's time need not be one.
 */
static int drain(struct sink *sink, struct buffers *buffers, struct error *err)
{
	print_over_interrupt(sink->config);
	if (sink->config->limits.rate)
		rate_refill(&sink->rate, sink->config->limits.rate, clock_monotonic());
	if (buffers_drain(buffers, show_record, sink))
		return error_set(err, STATUS_LOAD, EPROTO,
				 "the program's record is not the struct drop_event that this "
				 "bytetrace reads (templates/event.h)");
	sink->config->format->flush(sink->output);
	return flush(sink->config, err);
}

/* How long to wait at most; not longer than to the end of the session. */
static int next_look(uint64_t end_ms)
{
	uint64_t now = now_ms();

	if (end_ms == 0 || end_ms > now + LOOK_MS)
		return LOOK_MS;
	return end_ms > now ? (int)(end_ms - now) : 0;
}

static void hint_restricted(const struct symbols *symbols)
{
	if (symbols_restricted(symbols))
		fprintf(stderr,
			"bytetrace: hint: the kernel hides its symbols, so locations are shown as "
			"addresses; to see names, set sysctl kernel.kptr_restrict=1 and run with "
			"CAP_SYSLOG\n");
}

/* Wait for records. A signal that arrives just before the wait also ends it at once. */
static enum buffers_event wait_for_records(struct buffers *buffers, uint64_t end_ms,
					   const sigset_t *caught)
{
	enum buffers_event event = BUFFERS_READY;
	sigset_t before;

	sigprocmask(SIG_BLOCK, caught, &before);
	if (!interrupted)
		event = buffers_wait(buffers, next_look(end_ms), &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return event;
}

/* Reload changed programs. If that changes the columns, the output starts anew. */
static int reload(struct sink *sink, struct loaded *loaded, struct error *err)
{
	const struct session_config *config = sink->config;

	if (!config->reload || !reload_poll(config->reload, loaded, config->layouts))
		return 0;
	config->format->finish(sink->output);
	sink->output = config->format->create(config->output);
	return sink->output ? 0 : error_nomem(err);
}

/* Show drops until a signal, the count or the duration. */
static int show_drops(struct sink *sink, struct buffers *buffers, struct loaded *loaded,
		      const sigset_t *caught, struct error *err)
{
	const struct session_config *config = sink->config;
	uint64_t end_ms = config->limits.duration_ms ? now_ms() + config->limits.duration_ms : 0;

	/* Read the symbols before the first drop, whose followers would fill the buffers. */
	symbols_prepare(config->output->symbols);
	hint_restricted(config->output->symbols);
	malloc_trim(0); /* the start took more memory than the rest */
	while (!interrupted && !count_reached(sink) && (!end_ms || now_ms() < end_ms)) {
		int result;

		if (wait_for_records(buffers, end_ms, caught) == BUFFERS_HANGUP)
			return reader_gone(err);
		result = drain(sink, buffers, err);
		if (result)
			return result;
		result = reload(sink, loaded, err);
		if (result)
			return result;
	}
	return 0;
}

/* Report on stderr that drops are recorded from now on. */
static void print_start(const struct loaded *loaded, const char *types)
{
	fputs("bytetrace: tracing ", stderr);
	for (size_t i = 0; i < loaded->program_count; i++) {
		fputs(i ? ", " : "", stderr);
		attach_print(&loaded->programs[i].point, stderr);
	}
	fprintf(stderr, ", types from %s, %zu instructions\n", types, loaded->instruction_count);
}

/* Count the lost drops, and report on stderr on which CPUs they were. */
static int report_lost(const struct loaded *loaded, uint64_t *lost, struct error *err)
{
	const char *separator = "bytetrace: lost ";
	size_t cpus = cpus_possible();
	uint64_t *counts = calloc(cpus, sizeof(*counts));
	uint64_t skipped;

	if (!counts)
		return error_nomem(err);
	skipped = *lost = load_lost(loaded, counts);
	for (size_t i = 0; i < cpus; i++) {
		if (counts[i] == 0)
			continue;
		*lost += counts[i];
		fprintf(stderr, "%s%llu on CPU %zu", separator, (unsigned long long)counts[i], i);
		separator = ", ";
	}
	if (skipped > 0)
		fprintf(stderr, "%s%llu skipped by the kernel", separator,
			(unsigned long long)skipped);
	if (*lost > 0)
		fputc('\n', stderr);
	free(counts);
	return 0;
}

/* The first stage: from here on signals end the session, and drops are recorded. */
static int start(const struct limits *limits, struct loaded *loaded, const char *types,
		 sigset_t *caught, struct error *err)
{
	int result;

	catch_signals(caught);
	result = load_attach(loaded, err);
	if (result)
		return result;
	if (limits->duration_ms)
		stdio_expect_end(clock_monotonic() + limits->duration_ms * 1000000);
	print_start(loaded, types);
	return 0;
}

/* The last stage, after load_detach(): show the drops that are still in the buffers. */
static int finish(struct sink *sink, struct buffers *buffers, const struct loaded *loaded,
		  struct error *err)
{
	int result = drain(sink, buffers, err);

	if (result)
		return result;
	sink->config->format->finish(sink->output);
	sink->output = NULL;
	result = flush(sink->config, err);
	if (result)
		return result;
	return report_lost(loaded, &sink->totals->lost, err);
}

int session_run(const struct session_config *config, struct loaded *loaded, const char *types,
		struct session_totals *totals, struct error *err)
{
	struct sink sink = { .config = config, .totals = totals };
	const struct loaded_map *events = load_find_map(loaded, MAP_EVENTS);
	struct buffers *buffers = NULL;
	sigset_t caught;
	int result;

	memset(totals, 0, sizeof(*totals));
	if (!events)
		return error_set(err, STATUS_LOAD, EINVAL, "the program defines no map \"events\"");
	setvbuf(config->output->file, output_buffer, _IOFBF, sizeof(output_buffer));
	result = buffers_open(&buffers, events, config->limits.buffer, err);
	if (result)
		return result;
	buffers_watch_hangup(buffers, STDOUT_FILENO);
	result = start(&config->limits, loaded, types, &caught, err);
	if (result)
		goto out;
	sink.output = config->format->create(config->output);
	if (!sink.output) {
		result = error_nomem(err);
		goto out;
	}
	result = show_drops(&sink, buffers, loaded, &caught, err);
	load_detach(loaded);
	if (result == 0)
		result = finish(&sink, buffers, loaded, err);
out:
	if (sink.output)
		config->format->finish(sink.output);
	buffers_close(buffers);
	return result;
}

/* The size of the programs' own columns in the keys. */
static size_t own_size(const struct session_config *config)
{
	return config->layouts->list[0].size;
}

/* Count by program instead of by socket, or by neither, if the user did not ask for it. */
static bool change_row(void *context, struct summary_row *row)
{
	const struct session_config *config = context;
	struct drop_event *event = row->event;
	uint32_t number = 0;

	if (!find_owner(config, event->socket, &row->owner))
		return false;
	if (row->owner)
		row->owner = owners_program(config->owners, row->owner, &number);
	if (!(config->keys->shown & BIT_PROGRAM)) {
		row->owner = NULL;
		number = 0;
	}
	if (!(config->keys->shown & BIT_SOCKET)) {
		event->socket = number;
		event->flags &= (uint16_t)~DROP_HAS_SOCKET;
	}
	return true;
}

/*
 * Drops that found no room in the kernel's table can be those of any program: with a filter on
 * programs they are not counted, but that is said.
 */
static void warn_of_other(const struct session_config *config, const struct summary *summary)
{
	if (config->programs->given && summary->other > 0)
		fprintf(stderr,
			"bytetrace: warning: %llu drops found no room in the table; --program "
			"leaves them out\n",
			(unsigned long long)summary->other);
}

/* Read and show the counts up to now; they replace those in `before`. `total`: of what is shown. */
static int show_summary(const struct session_config *config, const struct loaded *loaded,
			struct summary *before, uint64_t start_time, uint64_t *total,
			struct error *err)
{
	struct summary now, shown;
	int result = summary_read(&now, loaded, config->keys->set, own_size(config), err);

	if (result)
		return result;
	summary_compare(&now, before->rows ? before : NULL, start_time);
	summary_free(before);
	*before = now;
	if (!config->owners) {
		config->format->summary(config->output, &now, config->keys->shown);
		*total = now.total;
		return flush(config, err);
	}
	/* Sockets are counted: a program can get and lose some between two summaries. */
	if (summary_copy(&shown, &now))
		return error_nomem(err);
	if (config->programs->given)
		shown.other = shown.other_before = 0;
	summary_change(&shown, change_row, (void *)config);
	config->format->summary(config->output, &shown, config->keys->shown);
	*total = shown.total;
	summary_free(&shown);
	return flush(config, err);
}

/* When the next summary is due. Those missed while the process was stopped are skipped. */
static uint64_t next_summary(uint64_t last, uint64_t interval)
{
	const uint64_t now = clock_monotonic();

	return last + interval > now ? last + interval : now + interval - (now - last) % interval;
}

/* Wait until a time (nanoseconds) or a signal. False: the reader of the output hung up. */
static bool wait_until(uint64_t end, int output_fd, const sigset_t *caught)
{
	struct pollfd output = { .fd = output_fd };
	sigset_t before;
	uint64_t now;
	bool reader = true;

	sigprocmask(SIG_BLOCK, caught, &before);
	while (!interrupted && reader && (now = clock_monotonic()) < end) {
		const struct timespec left = { (time_t)((end - now) / NANOSECONDS),
					       (long)((end - now) % NANOSECONDS) };

		reader = ppoll(&output, 1, &left, &before) <= 0;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return reader;
}

/* Show a summary at each interval until a signal or the duration. */
static int show_summaries(const struct session_config *config, const struct loaded *loaded,
			  struct summary *before, uint64_t start_time, const sigset_t *caught,
			  struct error *err)
{
	const struct limits *limits = &config->limits;
	const uint64_t end =
		limits->duration_ms ? start_time + limits->duration_ms * 1000000 : UINT64_MAX;
	uint64_t next = limits->interval_ms ? start_time : UINT64_MAX;
	uint64_t total;

	while (!interrupted && clock_monotonic() < end) {
		int result;

		if (limits->interval_ms)
			next = next_summary(next, limits->interval_ms * 1000000);
		if (!wait_until(next < end ? next : end, STDOUT_FILENO, caught))
			return reader_gone(err);
		if (interrupted || next >= end)
			return 0;
		result = show_summary(config, loaded, before, start_time, &total, err);
		if (result)
			return result;
	}
	return 0;
}

int session_count(const struct session_config *config, struct loaded *loaded, const char *types,
		  struct session_totals *totals, struct error *err)
{
	const uint64_t start_time = clock_monotonic();
	struct summary before = { .rows = NULL };
	sigset_t caught;
	int result;

	memset(totals, 0, sizeof(*totals));
	result = summary_check(loaded, config->keys->set, own_size(config), err);
	if (result)
		return result;
	result = start(&config->limits, loaded, types, &caught, err);
	if (result)
		return result;
	result = show_summaries(config, loaded, &before, start_time, &caught, err);
	load_detach(loaded);
	summary_free(&before); /* the last summary is of the whole run */
	if (result)
		return result;
	print_over_interrupt(config);
	result = show_summary(config, loaded, &before, start_time, &totals->shown, err);
	if (!result)
		warn_of_other(config, &before);
	summary_free(&before);
	if (result)
		return result;
	return report_lost(loaded, &totals->lost, err);
}
