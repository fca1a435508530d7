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
#include <linux/types.h>

#include "event.h"
#include "kernel/symbols.h"
#include "output/output.h"
#include "bpf/load.h"
#include "run/reload.h"
#include "record/decode.h"
#include "record/maps.h"
#include "stream/rate.h"
#include "stream/buffers.h"
#include "stream/summary.h"
#include "util/clock.h"
#include "util/cpus.h"
#include "util/error.h"

#define LOOK_MS 50 /* a lone drop wakes nobody: how long it may lie in a ring */

#define NANOSECONDS 1000000000u

/* What is written at once, unless a batch of drops is smaller. */
static char output_buffer[64 * 1024];

static volatile sig_atomic_t interrupted;

/*
 * The first SIGINT or SIGTERM ends the session in the orderly way. Should that hang, because nobody
 * reads the output, the second one ends the process, be it the same or the other.
 */
static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static void catch_signals(sigset_t *caught)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(caught);
	sigaddset(caught, SIGINT);
	sigaddset(caught, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* What cannot be written is told. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static uint64_t now_ms(void)
{
	return clock_monotonic() / 1000000;
}

/* What a record's callback works on. */
struct sink {
	const struct session_config *config;
	void *output;
	struct session_totals *totals;
	struct rate rate; /* of drops shown, unless config->limits.rate is 0 */
	bool rate_told;
};

static void tell_rate(struct sink *sink)
{
	if (!sink->rate_told)
		fprintf(stderr,
			"bytetrace: hint: more than %llu drops a second: the others are counted as "
			"suppressed (--rate N shows more, --rate 0 all)\n",
			(unsigned long long)sink->config->limits.rate);
	sink->rate_told = true;
}

static bool count_reached(const struct sink *sink)
{
	return sink->config->limits.count > 0 && sink->totals->shown >= sink->config->limits.count;
}

static int show_record(void *context, uint32_t cpu, void *bytes, size_t size)
{
	struct sink *sink = context;
	struct drop drop;

	if (count_reached(sink)) {
		sink->totals->suppressed++;
		return 0;
	}
	if (decode_drop(bytes, size, cpu, sink->config->output->layouts, &drop))
		return -EPROTO;
	if (sink->config->limits.rate && !rate_take(&sink->rate)) {
		tell_rate(sink);
		sink->totals->suppressed++;
		return 0;
	}
	sink->config->output->format->drop(sink->output, &drop);
	sink->totals->shown++;
	return 0;
}

/* The reader of a pipe went away: that is how `| head` ends, and nothing to talk about. */
static int reader_gone(struct error *err)
{
	err->status = STATUS_OUTPUT;
	err->text[0] = '\0';
	return -EPIPE;
}

static int flush(const struct session_config *config, struct error *err)
{
	FILE *file = config->output->file;

	errno = 0;
	if (fflush(file) == 0 && !ferror(file))
		return 0;
	if (errno == EPIPE)
		return reader_gone(err);
	return error_set(err, STATUS_OUTPUT, errno ? errno : EIO, "cannot write the output: %s",
			 strerror(errno ? errno : EIO));
}

/*
 * Show what the buffers hold. The rate is that of the reader: what a program by hand writes as a
 * record's time need not be one.
 */
static int drain(struct sink *sink, struct buffers *buffers, struct error *err)
{
	if (sink->config->limits.rate)
		rate_refill(&sink->rate, sink->config->limits.rate, clock_monotonic());
	if (buffers_drain(buffers, show_record, sink))
		return error_set(err, STATUS_LOAD, EPROTO,
				 "the program's record is not the struct drop_event that this "
				 "bytetrace reads (templates/event.h)");
	sink->config->output->format->flush(sink->output);
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

static void hint_restricted(const struct symbols *symbols, bool *hinted)
{
	if (*hinted || !symbols_restricted(symbols))
		return;
	*hinted = true;
	fprintf(stderr, "bytetrace: hint: the kernel hides its symbols, so locations are numbers: "
			"sysctl kernel.kptr_restrict=1 and CAP_SYSLOG show them\n");
}

/* Wait for records; a signal that comes just before the wait ends it at once, too. */
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

/* Where other columns came with a new program, the output starts anew. */
static int reload(struct sink *sink, struct loaded *loaded, struct error *err)
{
	const struct session_config *config = sink->config;

	if (!config->reload || !reload_poll(config->reload, loaded, config->layouts))
		return 0;
	config->output->format->finish(sink->output);
	sink->output = config->output->format->create(config->output);
	return sink->output ? 0 : error_nomem(err);
}

static int show_drops(struct sink *sink, struct buffers *buffers, struct loaded *loaded,
		      const sigset_t *caught, struct error *err)
{
	const struct session_config *config = sink->config;
	uint64_t end_ms = config->limits.duration_ms ? now_ms() + config->limits.duration_ms : 0;
	bool hinted = false;
	int result = 0;

	/* Now, and not while the buffers fill up behind the first drop. */
	symbols_prepare(config->output->symbols);
	malloc_trim(0); /* what it took to start is not needed again */
	while (!result && !interrupted && !count_reached(sink) && (!end_ms || now_ms() < end_ms)) {
		if (wait_for_records(buffers, end_ms, caught) == BUFFERS_HANGUP)
			return reader_gone(err);
		result = drain(sink, buffers, err);
		if (!result)
			result = reload(sink, loaded, err);
		hint_restricted(config->output->symbols, &hinted);
	}
	return result;
}

/* The one line that says that drops are seen from now on. */
static void tell_start(const struct loaded *loaded, const char *types)
{
	fputs("bytetrace: tracing ", stderr);
	for (size_t i = 0; i < loaded->program_count; i++) {
		fputs(i ? ", " : "", stderr);
		attach_print(&loaded->programs[i].point, stderr);
	}
	fprintf(stderr, ", types from %s, %zu instructions\n", types, loaded->instruction_count);
}

/* The sum of what was lost; if there is any, a line on stderr that says on which CPUs. */
static int count_lost(const struct loaded *loaded, uint64_t *lost, struct error *err)
{
	size_t cpus = cpus_possible();
	uint64_t *counts = calloc(cpus, sizeof(*counts));
	uint64_t skipped;

	if (!counts)
		return error_nomem(err);
	skipped = *lost = load_lost(loaded, counts);
	for (size_t i = 0; i < cpus; i++)
		*lost += counts[i];
	if (*lost > 0) {
		const char *before = "bytetrace: lost ";

		for (size_t i = 0; i < cpus; i++) {
			if (counts[i] == 0)
				continue;
			fprintf(stderr, "%s%llu on CPU %zu", before, (unsigned long long)counts[i],
				i);
			before = ", ";
		}
		if (skipped > 0)
			fprintf(stderr, "%s%llu skipped by the kernel", before,
				(unsigned long long)skipped);
		fputc('\n', stderr);
	}
	free(counts);
	return 0;
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
	catch_signals(&caught);
	setvbuf(config->output->file, output_buffer, _IOFBF, sizeof(output_buffer));
	result = buffers_open(&buffers, events, config->limits.buffer, err);
	if (result)
		return result;
	buffers_watch_hangup(buffers, fileno(config->output->file));
	result = load_attach(loaded, err);
	if (!result) {
		sink.output = config->output->format->create(config->output);
		if (!sink.output)
			result = error_nomem(err);
	}
	if (!result) {
		tell_start(loaded, types);
		result = show_drops(&sink, buffers, loaded, &caught, err);
	}
	/* What was recorded before the end is shown; nothing comes after it. */
	load_detach(loaded);
	if (!result)
		result = drain(&sink, buffers, err);
	if (sink.output) {
		config->output->format->finish(sink.output);
		if (!result)
			result = flush(config, err);
	}
	if (!result)
		result = count_lost(loaded, &totals->lost, err);
	buffers_close(buffers);
	return result;
}

/* Bytes of the programs' own columns that are counted by. */
static size_t own_size(const struct session_config *config)
{
	return config->layouts->list[0].size;
}

/* Read and show what was counted up to now; `before` becomes it. */
static int show_summary(const struct session_config *config, const struct loaded *loaded,
			struct summary *before, uint64_t start, struct error *err)
{
	struct summary now;
	int result = summary_read(&now, loaded, config->keys, own_size(config), err);

	if (result)
		return result;
	summary_compare(&now, before->rows ? before : NULL, start);
	config->output->format->summary(config->output, &now, config->keys);
	summary_free(before);
	*before = now;
	return flush(config, err);
}

/*
 * When the next summary is due. Those that were due while the process, or its reader, was stopped
 * are not made up for.
 */
static uint64_t next_summary(uint64_t last, uint64_t interval)
{
	const uint64_t now = clock_monotonic();

	return last + interval > now ? last + interval : now + interval - (now - last) % interval;
}

/* Wait until a time (nanoseconds) or a signal. False: the output's reader hung up. */
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

int session_count(const struct session_config *config, struct loaded *loaded, const char *types,
		  struct session_totals *totals, struct error *err)
{
	const uint64_t start = clock_monotonic();
	const uint64_t end = config->limits.duration_ms
				     ? start + config->limits.duration_ms * 1000000
				     : UINT64_MAX;
	uint64_t next = config->limits.interval_ms ? start : UINT64_MAX;
	struct summary before = { .rows = NULL };
	sigset_t caught;
	int result;

	memset(totals, 0, sizeof(*totals));
	result = summary_check(loaded, config->keys, own_size(config), err);
	if (result)
		return result;
	catch_signals(&caught);
	result = load_attach(loaded, err);
	if (!result)
		tell_start(loaded, types);
	while (!result && !interrupted && clock_monotonic() < end) {
		if (config->limits.interval_ms)
			next = next_summary(next, config->limits.interval_ms * 1000000);
		if (!wait_until(next < end ? next : end, fileno(config->output->file), &caught))
			result = reader_gone(err);
		else if (!interrupted && next < end)
			result = show_summary(config, loaded, &before, start, err);
	}
	load_detach(loaded);
	summary_free(&before); /* the last one is about the whole run */
	if (!result)
		result = show_summary(config, loaded, &before, start, err);
	if (!result)
		result = count_lost(loaded, &totals->lost, err);
	totals->shown = before.total;
	summary_free(&before);
	return result;
}
