// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stdlib.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* Where the parts of the image below lie in its file: behind a header of six numbers. */
enum {
	HEADER_SIZE = 24,
	MAPS_AT = HEADER_SIZE,
	FUNCTIONS_AT = MAPS_AT + 2 * sizeof(struct image_map),
	INSTRUCTIONS_AT = FUNCTIONS_AT + sizeof(struct image_function),
};

/* A memory file with an image of two maps and one function of three instructions. */
static int write_image(void)
{
	struct image_map maps[2] = {
		{ .name = "events", .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .max_entries = 2 },
		{ .name = "lost", .type = BPF_MAP_TYPE_PERCPU_ARRAY, .max_entries = 1 },
	};
	struct image_function function = { .name = "tp_btf__kfree_skb", .count = 3, .type_id = 7 };
	struct bpf_insn instructions[3] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_MAP_FD, .imm = 1 },
		{ 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char files[] = "1 2.3 /lib/libbcc.so\n";
	char types[] = "BTF";
	const struct image image = { maps, 2,	  &function,	 1,    instructions,
				     3,	   types, sizeof(types), files };
	int fd = memfd_create("image", 0);

	assert_true(fd >= 0);
	assert_int_equal(image_write(&image, fd), 0);
	return fd;
}

static void round_trip(void **state)
{
	int fd = write_image();
	struct image image;

	(void)state;
	assert_int_equal(image_read(&image, fd, 0), 0);
	assert_int_equal(image.map_count, 2);
	assert_string_equal(image.maps[1].name, "lost");
	assert_int_equal(image.function_count, 1);
	assert_string_equal(image.functions[0].name, "tp_btf__kfree_skb");
	assert_int_equal(image.functions[0].type_id, 7);
	assert_int_equal(image.instruction_count, 3);
	assert_true(image_is_map_load(&image.instructions[0]));
	assert_false(image_is_map_load(&image.instructions[2]));
	assert_string_equal(image.files, "1 2.3 /lib/libbcc.so\n");
	assert_int_equal(image.types_size, 4);
	assert_string_equal(image.types, "BTF");
	assert_false(image_is_current(&image)); /* there is no such file */
	image_free(&image);
	close(fd);
}

/* Files are known again until one of them changes, whatever they are called. */
static void files(void **state)
{
	char path[] = "/tmp/bytetrace test-XXXXXX";
	int fd = mkstemp(path);
	struct image image = { 0 };
	size_t size;
	FILE *out = open_memstream(&image.files, &size);

	(void)state;
	assert_true(fd >= 0);
	image_write_file(out, "/proc/self/exe", "/proc/self/exe");
	image_write_file(out, path, path);
	fclose(out);
	assert_true(image_is_current(&image));
	assert_int_equal(write(fd, "x", 1), 1);
	assert_false(image_is_current(&image));
	close(fd);
	unlink(path);
	assert_false(image_is_current(&image));
	free(image.files);
	image.files = NULL;
}

static void no_files(void **state)
{
	char none[] = "";
	const struct image image = { .files = none };

	(void)state;
	assert_false(image_is_current(&image));
}

static void cut_short(void **state)
{
	int fd = write_image();
	off_t size = lseek(fd, 0, SEEK_END);
	struct image image;

	(void)state;
	while (size-- > 0) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(image_read(&image, fd, 0), -EBADMSG);
	}
	close(fd);
}

static void damaged(void **state)
{
	static const struct {
		const char *what;
		off_t offset;
		uint32_t value;
	} damages[] = {
		{ "magic", 0, 1 },
		{ "more maps than there are bytes", 4, 60 },
		{ "too many maps", 4, 0xffffffff },
		{ "too many functions", 8, 0xffffffff },
		{ "too many instructions", 12, 0xffffffff },
		{ "too long list of files", 16, 0xffffffff },
		{ "function starts behind the end", FUNCTIONS_AT + IMAGE_NAME_SIZE, 4 },
		{ "function overflows", FUNCTIONS_AT + IMAGE_NAME_SIZE, 0xffffffff },
		{ "function is longer than the program", FUNCTIONS_AT + IMAGE_NAME_SIZE + 4, 4 },
		{ "function is empty", FUNCTIONS_AT + IMAGE_NAME_SIZE + 4, 0 },
		{ "map index out of range", INSTRUCTIONS_AT + 4, 2 },
		{ "negative map index", INSTRUCTIONS_AT + 4, 0xffffffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		int fd = write_image();
		struct image image;

		assert_int_equal(pwrite(fd, &damages[i].value, 4, damages[i].offset), 4);
		if (image_read(&image, fd, 0) != -EBADMSG)
			fail_msg("accepted: %s", damages[i].what);
		close(fd);
	}
}

static void name_without_end(void **state)
{
	char name[IMAGE_NAME_SIZE];
	int fd = write_image();
	struct image image;

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_int_equal(pwrite(fd, name, sizeof(name), MAPS_AT), sizeof(name));
	assert_int_equal(image_read(&image, fd, 0), -EBADMSG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(files),
		cmocka_unit_test(no_files),   cmocka_unit_test(cut_short),
		cmocka_unit_test(damaged),    cmocka_unit_test(name_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
