// SPDX-License-Identifier: GPL-2.0-only
#include "stream/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>

#include <cmocka.h>

#define RINGS 7
#define SIZE 4096
#define ROUNDS 2000

/* What the kernel does: rings of RINGS CPUs, and in them records whose times count up. */
struct kernel {
	struct merge *merge;
	enum ring_kind kind;
	struct memory {
		uint64_t written, read;
		char data[SIZE] __attribute__((aligned(8)));
	} * memory[RINGS];
	uint64_t time;	  /* of the last record written */
	uint64_t written; /* records */
	uint64_t seen;	  /* records, and the time of the last one */
	uint64_t seen_time;
	uint64_t stop_at; /* the number of the record at which the callback stops, or 0 */
	bool write_more;  /* the callback lets the kernel write */
};

static void open_rings(struct kernel *kernel, enum ring_kind kind)
{
	*kernel = (struct kernel){ .merge = merge_create(RINGS), .kind = kind };
	for (uint32_t cpu = 0; cpu < RINGS; cpu++) {
		struct memory *memory = calloc(1, sizeof(*memory));

		kernel->memory[cpu] = memory;
		merge_add(kernel->merge, 10 + cpu,
			  &(struct ring_memory){ kind, &memory->written, &memory->read,
						 memory->data, SIZE });
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
	struct memory *memory = kernel->memory[cpu];

	if (memory->written + size - memory->read > SIZE)
		return false;
	for (size_t i = 0; i < size; i++)
		memory->data[(memory->written + i) & (SIZE - 1)] = ((const char *)bytes)[i];
	memory->written += size;
	return true;
}

/* What the kernel puts in front of a record of `size` bytes; returns how long that is. */
static size_t make_head(const struct kernel *kernel, void *to, size_t size, uint32_t bits)
{
	const struct {
		struct perf_event_header header;
		uint32_t size;
	} __attribute__((packed)) perf = {
		.header = { .type = PERF_RECORD_SAMPLE, .size = (uint16_t)(16 + size) },
		.size = (uint32_t)(4 + size), /* padded so that the next one is aligned */
	};
	const uint32_t bpf[] = { (uint32_t)size | bits, 3 };

	if (kernel->kind == RING_PERF)
		memcpy(to, &perf, sizeof(perf));
	else
		memcpy(to, bpf, sizeof(bpf));
	return kernel->kind == RING_PERF ? sizeof(perf) : sizeof(bpf);
}

/* A record of `words` words: its time, its CPU, and the time again. */
static bool write_record(struct kernel *kernel, size_t cpu, size_t words)
{
	uint64_t time = kernel->time + 1, number = cpu;
	char bytes[512] = { 0 };
	size_t head = make_head(kernel, bytes, words * 8, 0);

	for (size_t i = 0; i < words; i++)
		memcpy(bytes + head + 8 * i, i == 1 ? &number : &time, sizeof(time));
	if (!write_bytes(kernel, cpu, bytes, (head + words * 8 + 7) / 8 * 8))
		return false;
	kernel->time = time;
	kernel->written++;
	return true;
}

/* What is in a ring between records: losses in a perf buffer, what was given up in the other. */
static void write_no_record(struct kernel *kernel, size_t cpu)
{
	static const struct {
		struct perf_event_header header;
		uint64_t id, lost;
	} lost = { .header = { .type = PERF_RECORD_LOST, .size = sizeof(lost) } };
	char bytes[32] = { 0 };

	if (kernel->kind == RING_PERF)
		write_bytes(kernel, cpu, &lost, sizeof(lost));
	else
		write_bytes(kernel, cpu, bytes,
			    make_head(kernel, bytes, 21, BPF_RINGBUF_DISCARD_BIT) + 24);
}

static void write_some(struct kernel *kernel, int count)
{
	for (int i = 0; i < count; i++) {
		size_t cpu = (size_t)rand() % RINGS;

		write_record(kernel, cpu, 2 + (size_t)rand() % 30);
		if (rand() % 8 == 0)
			write_no_record(kernel, cpu);
	}
}

static int check(void *context, uint32_t cpu, void *bytes, size_t size)
{
	struct kernel *kernel = context;
	const uint64_t *words = bytes;

	assert_int_equal((uintptr_t)bytes % 8, 0);
	assert_int_equal(size % 8, kernel->kind == RING_PERF ? 4 : 0); /* as the kernel pads it */
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

static const enum ring_kind kinds[] = { RING_PERF, RING_BPF };

static void records_come_in_the_order_of_time(void **state)
{
	struct kernel kernel;

	srand(1);
	open_rings(&kernel, *(const enum ring_kind *)*state);
	for (int round = 0; round < ROUNDS; round++) {
		write_some(&kernel, rand() % 60);
		assert_int_equal(merge_drain(kernel.merge, check, &kernel), 0);
		assert_int_equal(kernel.seen, kernel.written);
	}
	for (size_t i = 0; i < RINGS; i++) {
		assert_true(kernel.memory[i]->written > 10 * SIZE);
		assert_int_equal(kernel.memory[i]->written, kernel.memory[i]->read);
	}
	close_rings(&kernel);
}

/* What is written meanwhile waits for the next time, or a flood would hold the reader for ever. */
static void what_comes_later_is_for_the_next_drain(void **state)
{
	struct kernel kernel;

	srand(2);
	open_rings(&kernel, *(const enum ring_kind *)*state);
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

	srand(3);
	open_rings(&kernel, *(const enum ring_kind *)*state);
	write_some(&kernel, 60);
	for (kernel.stop_at = 1; kernel.stop_at < kernel.written; kernel.stop_at++) {
		assert_int_equal(merge_drain(kernel.merge, check, &kernel), -1);
		assert_int_equal(kernel.seen, kernel.stop_at);
	}
	assert_int_equal(merge_drain(kernel.merge, check, &kernel), -1);
	assert_int_equal(kernel.seen, kernel.written);
	close_rings(&kernel);
}

/* A CPU was interrupted while it wrote one: that, and what came behind it, is for a later drain. */
static void a_record_that_is_being_written_is_waited_for(void **state)
{
	struct kernel kernel;
	uint32_t *size;

	(void)state;
	open_rings(&kernel, RING_BPF);
	write_record(&kernel, 0, 4);
	size = (uint32_t *)(kernel.memory[0]->data + kernel.memory[0]->written);
	write_record(&kernel, 0, 4);
	write_record(&kernel, 0, 4);
	*size |= BPF_RINGBUF_BUSY_BIT;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(merge_drain(kernel.merge, check, &kernel), 0);
		assert_int_equal(kernel.seen, 1);
		assert_int_equal(kernel.memory[0]->read, 8 + 4 * 8);
	}
	*size &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(merge_drain(kernel.merge, check, &kernel), 0);
	assert_int_equal(kernel.seen, 3);
	close_rings(&kernel);
}

static int note_size(void *context, uint32_t cpu, void *bytes, size_t size)
{
	(void)cpu;
	(void)bytes;
	*(size_t *)context = size;
	return -1;
}

/* Nothing that a program hands over is passed over in silence. */
static void a_record_too_short_for_a_time_is_handed_over(void **state)
{
	struct kernel kernel;
	char bytes[16] = { 0 };
	size_t size = 0;

	(void)state;
	open_rings(&kernel, RING_BPF);
	make_head(&kernel, bytes, 4, 0);
	write_bytes(&kernel, 2, bytes, sizeof(bytes));
	assert_int_equal(merge_drain(kernel.merge, note_size, &size), -1);
	assert_int_equal(size, 4);
	assert_int_equal(merge_drain(kernel.merge, note_size, &size), 0);
	close_rings(&kernel);
}

#define each_kind(test)                                                                            \
	{ #test " (perf buffer)", test, NULL, NULL, (void *)&kinds[0] },                           \
	{                                                                                          \
#test " (ring buffer)", test, NULL, NULL, (void *)&kinds[1]                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each_kind(records_come_in_the_order_of_time),
		each_kind(what_comes_later_is_for_the_next_drain),
		each_kind(a_drain_that_was_ended_goes_on),
		cmocka_unit_test(a_record_that_is_being_written_is_waited_for),
		cmocka_unit_test(a_record_too_short_for_a_time_is_handed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
