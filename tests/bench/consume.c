// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what the reader spends on a drop. `consume FORMAT VERBOSITY COUNT` decodes COUNT made-up
 * records, prints them to standard output in a format of -o, and prints the nanoseconds per record
 * to standard error. `consume symbols 0 COUNT` measures reading the names of all kernel functions,
 * `consume places 0 COUNT` finding the function of one of a few addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "kernel/tracefs.h"
#include "output/output.h"
#include "record/decode.h"
#include "record/layout.h"
#include "util/clock.h"
#include "util/error.h"

#define RECORDS 4096 /* different ones, shown in turn */
#define BATCH 1024   /* records in a ring when the kernel wakes the reader */
#define FUNCTION "nf_hook_slow"
#define PROBE 1
#define PLACES 16

static struct drop_event events[RECORDS];
static char buffer[64 * 1024]; /* as in src/run/session.c */

/* An address in a function that every kernel with networking has. */
static __u64 find_location(void)
{
	char line[1024], name[512];
	unsigned long long address, found = 0;
	FILE *file = fopen("/proc/kallsyms", "re");

	while (!found && file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %511s", &address, name) == 2 &&
		    strcmp(name, FUNCTION) == 0)
			found = address + 0x10;
	if (file)
		fclose(file);
	return found;
}

/* Datagrams with random addresses and ports, one in eight of them IPv6. */
static void make_events(void)
{
	const __u64 location = find_location();

	srand(1);
	for (size_t i = 0; i < RECORDS; i++) {
		struct drop_event *event = &events[i];

		*event = (struct drop_event){
			.time = clock_monotonic() + i * 1000,
			.location = location,
			.reason = 3 + (__u32)rand() % 4,
			.length = 29,
			.netns = 4026531840,
			.ifindex = 1,
			.pid = 4711,
			.ethertype = i % 8 ? 0x0800 : 0x86dd,
			.sport = (__u16)rand(),
			.dport = (__u16)rand(),
			.l4_protocol = 17,
			.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 |
				 DROP_HAS_PORTS | DROP_HAS_DEVICE | DROP_HAS_NETNS,
			.version = DROP_EVENT_VERSION,
			.probe = PROBE,
			.detailed = 1,
			.ifname = "eth0",
			.comm = "flood",
		};
		for (size_t j = 0; j < 16; j++) {
			event->saddr.bytes[j] = (__u8)rand();
			event->daddr.bytes[j] = (__u8)rand();
		}
	}
}

static int report(__u64 start, unsigned long count)
{
	fprintf(stderr, "%.1f\n", (double)(clock_monotonic() - start) / (double)count);
	return 0;
}

static struct symbols *read_symbols(void)
{
	return symbols_create("/proc/kallsyms", "/proc/modules");
}

static int measure_symbols(unsigned long count)
{
	const __u64 start = clock_monotonic();

	for (unsigned long i = 0; i < count; i++) {
		struct symbols *symbols = read_symbols();

		symbols_prepare(symbols);
		symbols_free(symbols);
	}
	return report(start, count);
}

static int measure_places(unsigned long count)
{
	struct symbols *symbols = read_symbols();
	const __u64 location = find_location();
	struct symbol symbol;
	__u64 start;

	symbols_prepare(symbols);
	start = clock_monotonic();
	for (unsigned long i = 0; i < count; i++)
		if (!symbols_find(symbols, location + i % PLACES, &symbol))
			return 1;
	report(start, count);
	symbols_free(symbols);
	return 0;
}

static const struct output_format *find_format(const char *name)
{
	for (size_t i = 0; i < output_format_count; i++)
		if (strcmp(output_formats[i]->name, name) == 0)
			return output_formats[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct layout layout = { .id = PROBE, .name = "kfree_skb" };
	const struct layouts layouts = { .list = &layout, .count = 1 };
	struct output_config config = { .format = NULL };
	struct output_context context = {
		.config = &config, .file = stdout, .start = clock_monotonic(), .layouts = &layouts
	};
	char *format = NULL;
	unsigned long count;
	struct error err;
	__u64 start;
	void *output;

	if (argc != 4) {
		fputs("usage: consume FORMAT|symbols|places VERBOSITY COUNT\n", stderr);
		return 2;
	}
	count = strtoul(argv[3], NULL, 10);
	if (strcmp(argv[1], "symbols") == 0)
		return measure_symbols(count);
	if (strcmp(argv[1], "places") == 0)
		return measure_places(count);
	config.format = find_format(argv[1]);
	if (!config.format) {
		fprintf(stderr, "consume: unknown format %s\n", argv[1]);
		return 2;
	}
	config.verbosity = atoi(argv[2]);
	context.symbols = read_symbols();
	if (tracefs_read_event("skb", "kfree_skb", "format", &format, &err) ||
	    reasons_create(&context.reasons, format, &(struct reasons_source){ 0 }, &err)) {
		fprintf(stderr, "consume: %s\n", err.text);
		return 1;
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	make_events();
	output = config.format->create(&context);
	start = clock_monotonic();
	for (unsigned long i = 0; i < count; i++) {
		struct drop drop;

		if (decode_drop(&events[i % RECORDS], sizeof(*events), 0, &layouts, &drop))
			return 1;
		config.format->drop(output, &drop);
		if (i == 0) /* now the symbols are read */
			start = clock_monotonic();
		if (i % BATCH == 0) {
			config.format->flush(output);
			fflush(stdout);
		}
	}
	fflush(stdout);
	report(start, count);
	config.format->finish(output);
	reasons_free(context.reasons);
	symbols_free(context.symbols);
	free(format);
	return 0;
}
