// SPDX-License-Identifier: GPL-2.0-only
#include "compile/header_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernel/types.h"
#include "util/error.h"

static void programs_that_need_no_headers(void **state)
{
	(void)state;
	assert_true(header_tree_suffices(""));
	assert_true(header_tree_suffices("int x;\n#define A 1\n"));
	assert_true(header_tree_suffices("#include <linux/skbuff.h>\n#  include  <net/sock.h>\n"));
}

static void programs_that_do(void **state)
{
	(void)state;
	assert_false(header_tree_suffices("#include <linux/inetdevice.h>\n"));
	assert_false(header_tree_suffices("#include <net/sock.h>\n\t#include <linux/skbuff.hh>\n"));
	assert_false(header_tree_suffices("#include \"linux/skbuff.h\"\n"));
	assert_false(header_tree_suffices("#include <linux/skbuff.h"));
	assert_false(header_tree_suffices("#include"));
	assert_false(header_tree_suffices("#ifdef CONFIG_NETFILTER\n#endif\n"));
}

/* In a file system of one page, which no dump of types fits in. */
static void no_space(void **state)
{
	char directory[] = "/var/tmp/test_header_tree.XXXXXX";
	static struct include_flags flags;
	struct types types = TYPES_CLOSED;
	struct error err = { .text = "" };
	char expected[256];
	int status;
	pid_t pid;

	(void)state;
	types.kind = TYPES_KIND_BTF;
	types.file_fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	assert_non_null(mkdtemp(directory));
	pid = fork();
	if (pid == 0) {
		if (types.file_fd < 0 || unshare(CLONE_NEWNS) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("test", directory, "tmpfs", 0, "size=4k,nr_inodes=64"))
			_exit(77);
		if (header_tree_make(directory, &types, "", "", &flags, &err) != -ENOSPC)
			_exit(1);
		snprintf(expected, sizeof(expected),
			 "cannot write a header file below \"%s\": No space left on device",
			 directory);
		_exit(strcmp(err.text, expected) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(directory);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_that_need_no_headers),
		cmocka_unit_test(programs_that_do),
		cmocka_unit_test(no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
