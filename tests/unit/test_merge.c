// SPDX-License-Identifier: GPL-2.0-only
#include "stream/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>

#include <cmocka.h>

#define RINGS 7
#define PAGE 4096
#define SIZE 4096
#define ROUNDS 2000

/* What the kernel does: rings of RINGS CPUs, and in them records whose times count up. */
struct kernel {
	struct merge *merge;
	char *memory[RINGS];
	uint64_t time;	  /* of the last record written */
	uint64_t written; /* records */
	uint64_t seen;	  /* records, and the time of the last one */
	uint64_t seen_time;
	uint64_t stop_at; /* the number of the record at which the callback stops, or 0 */
	bool write_more;  /* the callback lets the kernel write */
};

static void open_rings(struct kernel *kernel)
{
	*kernel = (struct kernel){ .merge = merge_create(RINGS) };
	for (uint32_t cpu = 0; cpu < RINGS; cpu++) {
		kernel->memory[cpu] = calloc(1, PAGE + SIZE);
		merge_add(kernel->merge, 10 + cpu, kernel->memory[cpu], PAGE, SIZE);
	}
}

static void close_rings(struct kernel *kernel)
{
	for (size_t i = 0; i < RINGS; i++)
		free(kernel->memory[i]);
	merge_free(kernel->merge);
}

/* False: there is no room. */
static bool write_bytes(struct kernel *kernel, size_t cpu, const void *bytes, size_t size)
{
	struct perf_event_mmap_page *page = (void *)kernel->memory[cpu];

	if (page->data_head + size - page->data_tail > SIZE)
		return false;
	for (size_t i = 0; i < size; i++)
		kernel->memory[cpu][PAGE + ((page->data_head + i) & (SIZE - 1))] =
			((const char *)bytes)[i];
	page->data_head += size;
	return true;
}

/* A record of `words` words: its time, its CPU, and the time again. */
static bool write_record(struct kernel *kernel, size_t cpu, size_t words)
{
	struct {
		struct perf_event_header header;
		uint32_t size;
		uint32_t words[99];
	} __attribute__((packed)) sample = {
		.header = { .type = PERF_RECORD_SAMPLE, .size = (uint16_t)(16 + words * 8) },
		.size = (uint32_t)(4 + words * 8),
	};
	uint64_t time = kernel->time + 1;

	for (size_t i = 0; i < words; i++)
		memcpy(&sample.words[2 * i], i == 1 ? &cpu : &time, sizeof(time));
	if (!write_bytes(kernel, cpu, &sample, sample.header.size))
		return false;
	kernel->time = time;
	kernel->written++;
	return true;
}

static void write_some(struct kernel *kernel, int count)
{
	static const struct {
		struct perf_event_header header;
		uint64_t id, lost;
	} lost = { .header = { .type = PERF_RECORD_LOST, .size = sizeof(lost) } };

	for (int i = 0; i < count; i++) {
		size_t cpu = (size_t)rand() % RINGS;

		write_record(kernel, cpu, 2 + (size_t)rand() % 30);
		if (rand() % 8 == 0)
			write_bytes(kernel, cpu, &lost, sizeof(lost));
	}
}

static int check(void *context, uint32_t cpu, const void *bytes, size_t size)
{
	struct kernel *kernel = context;
	const uint64_t *words = bytes;

	assert_int_equal((uintptr_t)bytes % 8, 0);
	assert_int_equal(size % 8, 4); /* as the kernel pads it */
	assert_true(words[0] > kernel->seen_time);
	assert_int_equal(words[1] + 10, cpu);
	for (size_t i = 2; i < size / 8; i++)
		assert_int_equal(words[i], words[0]);
	kernel->seen_time = words[0];
	kernel->seen++;
	if (kernel->write_more)
		write_some(kernel, 1);
	return kernel->seen == kernel->stop_at ? -1 : 0;
}

static void records_come_in_the_order_of_time(void **state)
{
	struct kernel kernel;

	(void)state;
	srand(1);
	open_rings(&kernel);
	for (int round = 0; round < ROUNDS; round++) {
		write_some(&kernel, rand() % 60);
		assert_int_equal(merge_drain(kernel.merge, check, &kernel), 0);
		assert_int_equal(kernel.seen, kernel.written);
	}
	for (size_t i = 0; i < RINGS; i++) {
		const struct perf_event_mmap_page *page = (void *)kernel.memory[i];

		assert_true(page->data_head > 10 * SIZE);
		assert_int_equal(page->data_head, page->data_tail);
	}
	close_rings(&kernel);
}

/* What is written meanwhile waits for the next time, or a flood would hold the reader for ever. */
static void what_comes_later_is_for_the_next_drain(void **state)
{
	struct kernel kernel;

	(void)state;
	srand(2);
	open_rings(&kernel);
	kernel.write_more = true;
	write_some(&kernel, 40);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t before = kernel.written;

		assert_int_equal(merge_drain(kernel.merge, check, &kernel), 0);
		assert_int_equal(kernel.seen, before);
		if (kernel.written == before)
			write_some(&kernel, 40);
	}
	close_rings(&kernel);
}

static void a_drain_that_was_ended_goes_on(void **state)
{
	struct kernel kernel;

	(void)state;
	srand(3);
	open_rings(&kernel);
	write_some(&kernel, 60);
	for (kernel.stop_at = 1; kernel.stop_at < kernel.written; kernel.stop_at++) {
		assert_int_equal(merge_drain(kernel.merge, check, &kernel), -1);
		assert_int_equal(kernel.seen, kernel.stop_at);
	}
	assert_int_equal(merge_drain(kernel.merge, check, &kernel), -1);
	assert_int_equal(kernel.seen, kernel.written);
	close_rings(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_the_order_of_time),
		cmocka_unit_test(what_comes_later_is_for_the_next_drain),
		cmocka_unit_test(a_drain_that_was_ended_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
