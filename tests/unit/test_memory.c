// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static uint64_t gigabytes_of(const char *text)
{
	char path[] = "/tmp/bytetrace-iomem.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	uint64_t gigabytes;

	fputs(text, file);
	fclose(file);
	gigabytes = memory_gigabytes(path);
	unlink(path);
	return gigabytes;
}

static void end_of_memory(void **state)
{
	(void)state;
#ifndef __x86_64__
	skip();
#endif
	assert_int_equal(gigabytes_of("00001000-0009fbff : System RAM\n"
				      "100000000-63fffffff : System RAM\n"
				      "  100000000-100ffffff : Kernel code\n"
				      "800000000-8ffffffff : PCI Bus 0000:00\n"),
			 25);
	assert_int_equal(gigabytes_of("00000000-40000000 : System RAM\n"), 1);
	/* What others than root see. */
	assert_int_equal(gigabytes_of("00000000-00000000 : System RAM\n"), 0);
	assert_int_equal(gigabytes_of(""), 0);
	assert_int_equal(memory_gigabytes("/nonexistent"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(end_of_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
