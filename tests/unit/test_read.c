// SPDX-License-Identifier: GPL-2.0-only
/* The macros of templates/read.h, with helpers that read this process instead of the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t reads;

static bool fails(void *to, uint32_t size, const void *from)
{
	reads++;
	if ((uintptr_t)from < 4096)
		memset(to, 0, size);
	return (uintptr_t)from < 4096;
}

static void bpf_probe_read_kernel(void *to, uint32_t size, const void *from)
{
	if (!fails(to, size, from))
		memcpy(to, from, size);
}

static void bpf_probe_read_kernel_str(void *to, uint32_t size, const void *from)
{
	if (fails(to, size, from))
		return;
	memccpy(to, from, '\0', size);
	((char *)to)[size - 1] = '\0';
}

#define READ 7 /* as a kernel header does */
#include "read.h"
#pragma GCC diagnostic ignored "-Wshadow" /* each step has variables of its own */

struct operations {
	const char *kind;
	int (*call)(int);
};

struct device {
	char name[16];
	uint32_t mtu;
	const bool up;
	struct operations *operations;
	struct device *next;
	struct {
		uint64_t packets[2], bytes;
	} statistics;
	uint8_t address[];
};

struct packet {
	struct device *device;
	const struct device *other;
};

static struct operations operations = { .kind = "veth" };
static struct device first = { .name = "lo",
			       .mtu = 65536,
			       .up = true,
			       .operations = &operations,
			       .statistics = { { 3, 4 }, 5 } },
		     second = { .name = "eth0", .mtu = 1500, .next = &first };
static struct packet packet = { .device = &second, .other = &first }, nothing;

static void values(void **state)
{
	const struct packet *const_packet = &packet;

	(void)state;
	assert_int_equal(READ(&second, mtu), 1500);
	assert_ptr_equal(READ(&packet, device), &second);
	assert_int_equal(READ(const_packet, other, mtu), 65536);
	assert_true(READ(const_packet, other, up));
	assert_int_equal(READ(&packet, device, next, statistics.packets[1]), 4);
	assert_int_equal(READ(READ(READ(&packet, device), next), statistics.bytes), 5);
	assert_string_equal(READ(&packet, device, next, operations, kind), "veth");
	assert_null(READ(&packet, device, next, operations, call));
	assert_int_equal(READ(&first, statistics).bytes, 5);
	assert_true(sizeof(READ(&first, up)) == sizeof(bool));
	second.next = &second;
	assert_int_equal(READ(&packet, device, next, next, next, next, mtu), 1500);
	second.next = &first;
	assert_int_equal(READ, 0);
}

/* One read a step, and none for what is only an address. */
static void steps(void **state)
{
	(void)state;
	reads = 0;
	assert_int_equal(READ(&packet, device, next, mtu), 65536);
	assert_int_equal(reads, 3);
	assert_ptr_equal(READ(&packet, device, name), second.name);
	assert_int_equal(reads, 4);
	assert_ptr_equal(READ(&packet, device, address), second.address);
	assert_ptr_equal(READ_AT(&packet, device, statistics), &second.statistics);
	assert_ptr_equal(READ_AT(&packet, device, next, mtu), &first.mtu);
	assert_int_equal(reads, 8);
	assert_ptr_equal(READ_AT(&packet, device), &packet.device);
	assert_int_equal(reads, 8);
}

/* A member's address is computed before the read of it fails, as BPF programs do. */
#define NULL_POINTERS __attribute__((no_sanitize("undefined")))

NULL_POINTERS static void failures_give_0(void **state)
{
	(void)state;
	assert_int_equal(READ(&nothing, device, mtu), 0);
	assert_int_equal(READ(&nothing, device, next, next, mtu), 0);
	assert_int_equal(READ((struct packet *)NULL, device, next, mtu), 0);
	assert_int_equal(READ(&nothing, other, statistics).bytes, 0);
}

NULL_POINTERS static void copies(void **state)
{
	char text[8] = "1234567";
	uint64_t words[2] = { 1, 1 };

	(void)state;
	READ_STR(text, sizeof(text), &packet, device, name);
	assert_string_equal(text, "eth0");
	READ_STR(text, sizeof(text), &packet, other, operations, kind);
	assert_string_equal(text, "veth");
	READ_STR(text, sizeof(text), &nothing, other, operations, kind);
	assert_string_equal(text, "");
	READ_BYTES(words, sizeof(words), &packet, other, statistics.packets);
	assert_int_equal(words[0] * 10 + words[1], 34);
	READ_BYTES(&words[1], sizeof(words[1]), &packet, other, statistics.bytes);
	assert_int_equal(words[1], 5);
	READ_BYTES(words, sizeof(words), &packet, other, statistics);
	assert_int_equal(words[0] * 10 + words[1], 34);
	READ_BYTES(text, 5, &packet, other, operations, kind);
	assert_string_equal(text, "veth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(steps),
		cmocka_unit_test(failures_give_0),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
