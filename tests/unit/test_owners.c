// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/owners.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static uint32_t inode_of(int socket)
{
	struct stat status;

	assert_int_equal(fstat(socket, &status), 0);
	return (uint32_t)status.st_ino;
}

/* The owner of a socket that is newer than the last scan: it is found after a pause. */
static const struct owner *find_later(struct owners *owners, uint32_t inode)
{
	const struct owner *owner = NULL;

	for (int i = 0; i < 1000 && !owner; i++) {
		owner = owners_find(owners, inode);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return owner;
}

static void own_socket(void **state)
{
	struct owners *owners = owners_create("/proc");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const struct owner *owner = owners_find(owners, inode_of(fd));
	uint32_t inode;

	(void)state;
	assert_non_null(owner);
	assert_int_equal(owner->pid, getpid());
	assert_string_equal(owner->name, "test_owners");
	assert_null(owners_find(owners, 0));
	/* What is known stays known: the packet was that program's. */
	inode = inode_of(fd);
	close(fd);
	assert_non_null(owners_find(owners, inode));
	owners_free(owners);
}

static void socket_made_after_a_scan(void **state)
{
	struct owners *owners = owners_create("/proc");
	int first = socket(AF_INET, SOCK_DGRAM, 0), second;

	(void)state;
	assert_non_null(owners_find(owners, inode_of(first)));
	second = socket(AF_INET, SOCK_DGRAM, 0);
	assert_non_null(find_later(owners, inode_of(second)));
	close(first);
	close(second);
	owners_free(owners);
}

/* An unknown socket must not make the reader read /proc for each drop. */
static void looked_for_in_vain(void **state)
{
	struct owners *owners = owners_create("/proc");

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_null(owners_find(owners, 4294967295u));
	/* Other unknown ones within the pause are not looked for at once. */
	for (uint32_t i = 4000000000u; i < 4000100000u; i++)
		assert_null(owners_find(owners, i));
	owners_free(owners);
}

/* Of several processes with a socket, the one with the lowest ID: what forked the others. */
static void shared_socket(void **state)
{
	struct owners *owners = owners_create("/proc");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pid_t child = fork();
	const struct owner *owner;

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	owner = owners_find(owners, inode_of(fd));
	assert_non_null(owner);
	assert_int_equal(owner->pid, getpid() < child ? getpid() : child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
	owners_free(owners);
}

/* More sockets than the table has room for at first. */
static void many_sockets(void **state)
{
	enum { COUNT = 900 };
	struct owners *owners = owners_create("/proc");
	static int fds[COUNT];
	const struct owner *owner;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fds[COUNT - 1] >= 0);
	for (int i = 0; i < COUNT; i++) {
		owner = owners_find(owners, inode_of(fds[i]));
		assert_non_null(owner);
		assert_int_equal(owner->pid, getpid());
	}
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	owners_free(owners);
}

static void without_proc(void **state)
{
	struct owners *owners = owners_create("/nonexistent");

	(void)state;
	assert_null(owners_find(owners, 1));
	owners_free(owners);
}

static void programs(void **state)
{
	struct owners *owners = owners_create("/nonexistent");
	const struct owner one = { "nginx", 7 }, other = { "nginx", 8 }, third = { "named", 9 };
	uint32_t numbers[3];
	const struct owner *program = owners_program(owners, &one, &numbers[0]);

	(void)state;
	assert_string_equal(program->name, "nginx");
	assert_int_equal(program->pid, 0);
	assert_ptr_equal(owners_program(owners, &other, &numbers[1]), program);
	assert_ptr_not_equal(owners_program(owners, &third, &numbers[2]), program);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 1);
	assert_int_equal(numbers[2], 2);
	owners_free(owners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_socket),	      cmocka_unit_test(socket_made_after_a_scan),
		cmocka_unit_test(looked_for_in_vain), cmocka_unit_test(shared_socket),
		cmocka_unit_test(many_sockets),	      cmocka_unit_test(without_proc),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
