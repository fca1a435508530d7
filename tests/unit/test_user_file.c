// SPDX-License-Identifier: GPL-2.0-only
#include "generate/user_file.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "util/error.h"
#include "util/file.h"

static char directory[] = "/var/tmp/test_user_file.XXXXXX";

static void save(const char *name)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs("text", file);
	fclose(file);
}

/* Where the test stands: mine.c, and below/mine.c. */
static int enter(void **state)
{
	(void)state;
	umask(022);
	strcpy(strchr(directory, '.'), ".XXXXXX");
	if (!mkdtemp(directory) || chdir(directory) || mkdir("below", 0755))
		return -1;
	save("mine.c");
	save("below/mine.c");
	return 0;
}

static int leave(void **state)
{
	char command[sizeof(directory) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return chdir("/") || system(command);
}

static void assert_read(const char *path, bool force)
{
	struct error err = { .text = "" };
	char *text;

	if (user_file_read("--source", path, force, &text, &err))
		fail_msg("%s: %s", path, err.text);
	assert_string_equal(text, "text\n");
	free(text);
}

/* `format` may have the directory of the test in it. */
__attribute__((format(printf, 2, 3))) static void assert_refused(const char *path,
								 const char *format, ...)
{
	char message[4096];
	struct error err;
	va_list args;
	char *text;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (user_file_read("--source", path, false, &text, &err) == 0)
		fail_msg("accepted: %s", path);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, STATUS_ENVIRONMENT);
}

#define FORCE "; --force uses it anyway"
#define ANYBODY                                                                                    \
	"--source: everybody can write to \"%s%s\", so anybody could have put \"%s\" there" FORCE

static void paths(void **state)
{
	char path[PATH_MAX + 64];

	(void)state;
	assert_int_equal(symlink("below", "link"), 0);
	assert_int_equal(symlink("../mine.c", "below/up.c"), 0);
	snprintf(path, sizeof(path), "%s/mine.c", directory);
	assert_int_equal(symlink(path, "below/whole.c"), 0);
	assert_read(path, false);
	for (size_t i = 0; i < 9; i++) {
		static const char *const names[] = { "mine.c",		"./mine.c",
						     "below/mine.c",	".//below/.//mine.c",
						     "below/../mine.c", "link/mine.c",
						     "link/up.c",	"below/whole.c",
						     "link/../mine.c" };

		assert_read(names[i], false);
	}
	assert_refused("none.c", "--source: cannot read \"none.c\": No such file or directory");
	assert_refused("", "--source: cannot read \"\": No such file or directory");
	assert_refused("none/mine.c",
		       "--source: cannot read \"none/mine.c\": No such file or directory");
	assert_refused("mine.c/x", "--source: cannot read \"mine.c/x\": Not a directory");
	assert_refused("mine.c/", "--source: cannot read \"mine.c/\": Not a directory");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_refused("loop", "--source: cannot read \"loop\": Too many levels of symbolic links");
	assert_refused("loop/x",
		       "--source: cannot read \"loop/x\": Too many levels of symbolic links");
}

/* Paths as long as they can be, and longer. */
static void lengths(void **state)
{
	char path[2 * PATH_MAX], quoted[ERROR_QUOTE_SIZE];

	(void)state;
	for (size_t length = PATH_MAX - 3; length < sizeof(path) - 1; length++) {
		memset(path, '/', length);
		strcpy(path + length, "x");
		assert_refused(path, "--source: cannot read %s: %s", error_quote(quoted, path),
			       length + 1 < PATH_MAX ? "No such file or directory"
						     : "File name too long");
	}
	memset(path, 'n', 300);
	path[300] = '\0';
	assert_refused(path, "--source: cannot read %s: File name too long",
		       error_quote(quoted, path));
}

static void no_files(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo.c", 0600), 0);
	assert_refused("fifo.c", "--source: \"fifo.c\" is not a regular file");
	assert_refused("below", "--source: \"below\" is not a regular file");
	assert_refused("..", "--source: \"..\" is not a regular file");
	assert_refused("/dev/null", "--source: \"/dev/null\" is not a regular file");
	assert_int_equal(symlink("fifo.c", "link.c"), 0);
	assert_refused("link.c", "--source: \"link.c\" is not a regular file");
}

static void who_may_write(void **state)
{
	(void)state;
	assert_int_equal(chmod("below/mine.c", 0666), 0);
	assert_refused("below/mine.c", "--source: everybody can write to \"below/mine.c\"" FORCE);
	assert_read("below/mine.c", true);
	assert_int_equal(chmod("below/mine.c", 0664), 0);
	assert_refused("below/mine.c", "--source: group %u can write to \"below/mine.c\"" FORCE,
		       (unsigned int)getegid());
	assert_int_equal(chmod("below/mine.c", 0644), 0);
	assert_int_equal(chmod("below", 0775), 0);
	assert_refused("below/mine.c",
		       "--source: group %u can write to \"%s/below\", so its members could have "
		       "put \"below/mine.c\" there" FORCE,
		       (unsigned int)getegid(), directory);
	assert_read("below/mine.c", true);
	for (int sticky = 0; sticky <= 1; sticky++) {
		assert_int_equal(chmod("below", sticky ? 01777 : 0777), 0);
		assert_refused("below/mine.c", ANYBODY, directory, "/below", "below/mine.c");
		assert_read("below/mine.c", true);
	}
	assert_int_equal(chmod("below", 0755), 0);
	/* The nearest to the root is told; with the sticky bit what is below it stays. */
	assert_int_equal(chmod(".", 01777), 0);
	assert_read("below/mine.c", false);
	assert_refused("mine.c", ANYBODY, directory, "", "mine.c");
	assert_int_equal(chmod(".", 0777), 0);
	assert_refused("below/mine.c", ANYBODY, directory, "", "below/mine.c");
}

/* The owner of a directory can replace what is in it. */
static void owners(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown("mine.c", 54321, 0), 0);
	assert_refused("mine.c", "--source: \"mine.c\" belongs to user 54321" FORCE);
	assert_read("mine.c", true);
	for (int sticky = 0; sticky <= 1; sticky++) {
		assert_int_equal(chown("below", 54321, 0), 0);
		assert_int_equal(chmod("below", sticky ? 01755 : 0755), 0);
		assert_refused("below/mine.c",
			       "--source: \"%s/below\" belongs to user 54321, who could have put "
			       "\"below/mine.c\" there" FORCE,
			       directory);
		assert_read("below/mine.c", true);
	}
	/* A directory that another user made in /tmp. */
	assert_int_equal(chmod(".", 01777), 0);
	assert_refused("below/mine.c",
		       "--source: \"%s/below\" belongs to user 54321, who could have put "
		       "\"below/mine.c\" there" FORCE,
		       directory);
	assert_int_equal(chown("below", 0, 0), 0);
	assert_read("below/mine.c", false);
}

/* Each link may lead by where anybody could lead it elsewhere. */
static void links(void **state)
{
	(void)state;
	assert_int_equal(mkdir("open", 0755), 0);
	assert_int_equal(symlink("../below/mine.c", "open/second.c"), 0);
	assert_int_equal(symlink("open/second.c", "first.c"), 0);
	assert_int_equal(symlink("../below", "open/directory"), 0);
	assert_read("first.c", false);
	assert_read("open/directory/mine.c", false);
	for (int sticky = 0; sticky <= 1; sticky++) {
		assert_int_equal(chmod("open", sticky ? 01777 : 0777), 0);
		assert_refused("first.c", ANYBODY, directory, "/open", "first.c");
		assert_refused("open/directory/mine.c", ANYBODY, directory, "/open",
			       "open/directory/mine.c");
	}
	/* ".." is what nobody can lead elsewhere. */
	assert_int_equal(chmod("open", 01777), 0);
	assert_read("open/../mine.c", false);
}

/* As /lib/modules/RELEASE/build: a tree by a link, and links in it, also in circles. */
static void links_to_directories(void **state)
{
	struct file_request request = {
		.flag = "--headers", .at = AT_FDCWD, .path = "tree", .kind = FILE_DIRECTORY
	};
	struct stat status;
	struct error err;
	int found;

	(void)state;
	assert_int_equal(symlink("below", "tree"), 0);
	assert_int_equal(symlink("../below", "below/again"), 0);
	found = file_find(&request, &err);
	assert_true(found >= 0);
	assert_int_equal(fstat(found, &status), 0);
	assert_true(S_ISDIR(status.st_mode));
	close(found);
	assert_true(file_check_tree(&request, &err) < 0);
	assert_non_null(strstr(err.text, "Too many levels of symbolic links"));
	assert_int_equal(unlink("below/again"), 0);
	assert_int_equal(mkdir("other", 0755), 0);
	assert_int_equal(symlink("../other", "below/other"), 0);
	assert_int_equal(file_check_tree(&request, &err), 0);
	assert_int_equal(chmod("other", 0777), 0);
	assert_true(file_check_tree(&request, &err) < 0);
	request.kind = FILE_REGULAR;
	assert_true(file_find(&request, &err) < 0);
	assert_string_equal(err.text, "--headers: \"tree\" is not a regular file");
}

static void beside(void **state)
{
	static const char *const names[][2] = { { "mine.c", "below" }, { "below/x.c", "none" } };
	char *path, *text;
	struct error err;

	(void)state;
	assert_int_equal(
		user_file_read_beside("f:1", "below/x.c", "mine.c", false, &path, &text, &err), 0);
	assert_string_equal(path, "below/mine.c");
	assert_string_equal(text, "text\n");
	free(path);
	free(text);
	assert_int_equal(symlink("mine.c", "link.c"), 0);
	assert_true(user_file_read_beside("f:1", "mine.c", "link.c", false, &path, &text, &err) <
		    0);
	assert_string_equal(err.text, "f:1: cannot read \"link.c\": it is a symbolic link");
	for (size_t i = 0; i < 2; i++)
		assert_true(user_file_read_beside("f:1", names[i][0], names[i][1], false, &path,
						  &text, &err) < 0);
	assert_string_equal(err.text, "f:1: cannot read \"below/none\": No such file or directory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(paths),
		TEST(lengths),
		TEST(no_files),
		TEST(who_may_write),
		TEST(owners),
		TEST(links),
		TEST(links_to_directories),
		TEST(beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
