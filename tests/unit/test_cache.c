// SPDX-License-Identifier: GPL-2.0-only
/* Entries of the cache whose sizes contradict each other. tests/live/test_cache.py has the others.
 */
#include "compile/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf/image.h"
#include "util/error.h"

static uint64_t checksum(const char *bytes, size_t length)
{
	uint64_t value = 0xcbf29ce484222325;

	while (length-- > 0)
		value = (value ^ (unsigned char)*bytes++) * 0x100000001b3;
	return value;
}

/* An entry that is shorter than its key, for which the length of the image wraps around. */
static void shorter_than_its_key(void **state)
{
	char directory[] = "/var/tmp/test_cache.XXXXXX", path[128];
	char text[] = "a key that is longer than what is in the entry";
	struct cache_key key = { .text = text, .length = strlen(text), .name = "entry" };
	struct image image;
	struct cache cache;
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(cache_open(&cache, directory, &err), 0);
	snprintf(path, sizeof(path), "%s/entry", directory);
	for (size_t rest = 0; rest <= key.length; rest++) {
		struct {
			uint32_t magic, key_length;
			uint64_t image_length, checksum;
		} header = { 0x31746362, (uint32_t)key.length, rest - key.length,
			     checksum(text, rest) };
		FILE *file = fopen(path, "w");

		fwrite(&header, sizeof(header), 1, file);
		fwrite(text, 1, rest, file);
		fclose(file);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(cache_load(&cache, &key, &image), -2);
	}
	unlink(path);
	rmdir(directory);
	cache_close(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shorter_than_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
