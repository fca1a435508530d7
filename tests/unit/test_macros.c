// SPDX-License-Identifier: GPL-2.0-only
#include "generate/macros.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/tracefs.h"
#include "util/file.h"

/* The macros that a fixture's format file makes, in one line. */
static const char *macros_of(const char *kernel, const char *release, uint32_t not_specified,
			     uint64_t gigabytes)
{
	static char line[512];
	struct macros macros;
	char path[128];
	char *format;

	snprintf(path, sizeof(path), "tests/fixtures/format/%s", kernel);
	assert_int_equal(file_read_text(path, 1 << 20, &format), 0);
	macros_make(&macros, &(struct macros_source){ release, format, not_specified, gigabytes, 8,
						      1024 * 1024 });
	free(format);
	line[0] = '\0';
	for (size_t i = 0; macros.flags[i]; i++)
		sprintf(line + strlen(line), "%s%s", i ? " " : "", macros.flags[i]);
	return line;
}

static void formats_of_kernels(void **state)
{
	(void)state;
	assert_string_equal(macros_of("5.10", "4.9.0-19-amd64", 0, 0),
			    "-DKFREE_SKB_SKBADDR_OFFSET=8 -DKFREE_SKB_LOCATION_OFFSET=16");
	assert_string_equal(macros_of("6.1", "5.3.0", 1, 25),
			    "-DKFREE_SKB_SKBADDR_OFFSET=8 -DKFREE_SKB_LOCATION_OFFSET=16 "
			    "-DKFREE_SKB_REASON -DKFREE_SKB_REASON_OFFSET=28 -DBPF_HAS_LOOPS");
	assert_string_equal(macros_of("6.12", "10.2-rc1", 2, 25),
			    "-DKFREE_SKB_SKBADDR_OFFSET=8 -DKFREE_SKB_LOCATION_OFFSET=16 "
			    "-DKFREE_SKB_REASON -DKFREE_SKB_REASON_OFFSET=36 -DKFREE_SKB_RX_SK "
			    "-DKFREE_SKB_RX_SK_OFFSET=24 "
			    "-DKFREE_SKB_CONSUMED=1 -DBPF_HAS_LOOPS -DBPF_HAS_JIFFIES "
			    "-DPHYSICAL_GIGABYTES=25ULL -DEVENTS_RINGS=8 -DEVENTS_WAKE=262144");
}

static void fields_that_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(tracefs_field_offset("", "reason"), -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:int the_reason;\toffset:4;", "reason"),
			 -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:int reason", "reason"), -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:reason;\toffset:4;", "reason"), -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:int reason;\toffset:-4;", "reason"),
			 -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:int reason;\toffset:99999;", "reason"),
			 -ENOENT);
	assert_int_equal(tracefs_field_offset("\tfield:void *reason;\toffset:4;", "reason"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_of_kernels),
		cmocka_unit_test(fields_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
