// SPDX-License-Identifier: GPL-2.0-only
#include "compile/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compile/libbcc.h"
#include "bpf/image.h"
#include "generate/source.h"
#include "util/error.h"
#include "util/text.h"

#define MAX_TRIES 8 /* each adds the types that were incomplete the time before */
#define NEEDED_FILES 32
/* Longer output of the compiler is cut. A listing takes 100 bytes per instruction. */
#define MAX_MESSAGES (16 * 1024 * 1024)

/*
 * Memory files that the child fills. `result`: an image, or on failure a struct error; empty after
 * a crash. `messages`: the output of libbcc and LLVM.
 */
struct child_files {
	int result;
	int messages;
};

/*
 * libbcc says nothing of use when it runs out of descriptors: have enough for its maps and the
 * headers that include one another.
 */
static int raise_file_limit(struct error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= NEEDED_FILES)
		return 0;
	limit.rlim_cur = NEEDED_FILES;
	if (limit.rlim_max < NEEDED_FILES)
		limit.rlim_max = NEEDED_FILES;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return error_set(err, STATUS_ENVIRONMENT, EMFILE, "the compiler needs %d open files",
			 NEEDED_FILES);
}

__attribute__((noreturn)) static void
run_child(const struct child_files *files, const struct source *source, const char *wanted,
	  const char *const *macros, const struct types *types, bool listing, pid_t parent)
{
	struct error err = { .status = STATUS_COMPILE };
	struct image image;
	int result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_COMPILE);
	if (dup2(files->messages, STDOUT_FILENO) < 0 || dup2(files->messages, STDERR_FILENO) < 0)
		_exit(STATUS_COMPILE);
	result = raise_file_limit(&err);
	if (!result)
		result = libbcc_compile(source->text, wanted, macros, types, listing, &image, &err);
	fflush(NULL);
	if (result == 0) {
		result = image_write(&image, files->result);
		/* _exit(): LLVM's destructors are slow, and pointless here. */
		if (result == 0)
			_exit(0);
		error_set(&err, STATUS_COMPILE, -result,
			  "cannot pass the compiled program on from the compile child: %s",
			  strerror(-result));
	}
	if (pwrite(files->result, &err, sizeof(err), 0) != sizeof(err))
		_exit(STATUS_COMPILE);
	_exit((int)err.status);
}

static char *read_messages(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	size_t room = size < 0 ? 0 : size < MAX_MESSAGES ? (size_t)size : MAX_MESSAGES;
	char *text = malloc(room + 1);
	ssize_t length;

	if (!text)
		return NULL;
	length = pread(fd, text, room, 0);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

static size_t line_end(const char *line)
{
	return strcspn(line, "\n");
}

/*
 * Print one line of the compiler's output. A position in the program becomes a position in the file
 * that the user edits. Control bytes become '?': the line may quote a header file.
 */
static void print_line(FILE *out, const char *line, size_t length, const struct source *source)
{
	const char *end = line + length;
	size_t name = strlen(LIBBCC_MAIN_FILE);
	unsigned long number;
	char *rest;

	if (length > name && strncmp(line, LIBBCC_MAIN_FILE ":", name + 1) == 0) {
		number = strtoul(line + name + 1, &rest, 10);
		if (number >= 1 && number <= source->line_count) {
			text_print(out, source->lines[number - 1].file);
			/* A generated line has no number in the file: skip the column, too. */
			if (source->lines[number - 1].line)
				fprintf(out, ":%u", source->lines[number - 1].line);
			else if (*rest == ':')
				rest += 1 + strspn(rest + 1, "0123456789");
			line = rest;
		}
	}
	for (; line < end; line++)
		fputc((unsigned char)*line >= 0x20 || *line == '\t' ? *line : '?', out);
}

/*
 * Print the text of a _Static_assert that generate_finish() added to the program, if the error is
 * such a failed assertion.
 */
static bool print_assertion(FILE *out, const char *error)
{
	const char *end = error + line_end(error);
	const char *start = strstr(error, "the record ");

	/* Some compilers quote it. */
	if (!start || start >= end)
		return false;
	fprintf(out, "struct drop_event: %.*s", (int)strcspn(start, "\"\n"), start);
	return true;
}

/* Print the first error in the messages, with the source line and the caret below it. */
static void print_error(FILE *out, const char *first, const char *messages,
			const struct source *source)
{
	while (first > messages && first[-1] != '\n')
		first--;
	print_line(out, first, line_end(first), source);
	for (int i = 0; i < 2; i++) {
		first += line_end(first);
		if (!*first || strstr(first + 1, "error: ") == first + 1 ||
		    (first[1] != ' ' && first[1] != '\t'))
			break;
		first++;
		fputc('\n', out);
		print_line(out, first, line_end(first), source);
	}
}

/* Print the first error of the compiler; without one, the child's error and its first output. */
static void print_messages(FILE *out, const char *messages, const char *childs_error,
			   const struct source *source)
{
	const char *first = strstr(messages, "error: ");

	if (first) {
		if (!print_assertion(out, first))
			print_error(out, first, messages, source);
		return;
	}
	fputs(childs_error, out);
	if (*messages) {
		fputs("; the output of the compiler begins: ", out);
		print_line(out, messages, line_end(messages), source);
	}
}

/* Fill `err` with why the child failed: a signal, the compiler's error, or the child's own. */
static int report_failure(struct error *err, int status, const struct child_files *files,
			  const char *messages, const struct source *source)
{
	struct error childs = { .status = STATUS_COMPILE, .text = "the compile child failed" };
	FILE *out;

	if (WIFSIGNALED(status))
		return error_set(err, STATUS_COMPILE, EIO,
				 "the compile child was killed by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	if (pread(files->result, &childs, sizeof(childs), 0) > 0)
		childs.text[sizeof(childs.text) - 1] = '\0';
	*err = childs;
	out = messages && childs.status == STATUS_COMPILE
		      ? fmemopen(err->text, sizeof(err->text), "w")
		      : NULL;
	if (out) {
		print_messages(out, messages, childs.text, source);
		fclose(out);
	}
	return -EIO;
}

static const char word_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Whether a list of names, one per line, has this one. */
static bool is_listed(const char *list, const char *name, size_t length)
{
	for (const char *at = list; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strcspn(at, "\n") == length && strncmp(at, name, length) == 0)
			return true;
	return false;
}

/* Whether the program defines the type itself, or libbcc does: those of bpf(2). */
static bool is_defined(const char *text, const char *name, size_t length)
{
	char definition[128];

	if (strncmp(name, "bpf_", 4) == 0)
		return true;
	snprintf(definition, sizeof(definition), " %.*s {", (int)length, name);
	return strstr(text, definition) != NULL;
}

/*
 * Add the names that follow `keyword` in a text to a list of types, except those that the program
 * defines itself. Returns whether the list grew.
 */
static bool list_types(char **list, const char *text, const char *keyword, const char *program)
{
	bool grown = false;

	while ((text = strstr(text, keyword))) {
		const char *name = text + strlen(keyword);
		size_t length = strspn(name, word_letters);
		char *longer;

		text = name;
		if (length == 0 || is_listed(*list, name, length) ||
		    is_defined(program, name, length))
			continue;
		if (asprintf(&longer, "%s%.*s\n", *list ? *list : "", (int)length, name) < 0)
			return false;
		free(*list);
		*list = longer;
		grown = true;
	}
	return grown;
}

/*
 * Compile once. *wanted lists the types to take from BTF. On failure, types that the compiler found
 * incomplete are added, and *missed says whether there were any.
 */
static int try_compile(struct image *image, const struct source *source, char **wanted,
		       bool *missed, const char *const *macros, const struct types *types,
		       char **listing, struct error *err)
{
	static const char *const incomplete[] = {
		"incomplete definition of type 'struct ",
		"incomplete definition of type 'const struct ",
	};
	struct child_files files = {
		.result = memfd_create("bytetrace-image", MFD_CLOEXEC),
		.messages = memfd_create("bytetrace-messages", MFD_CLOEXEC),
	};
	pid_t parent = getpid();
	pid_t child;
	int status;
	int result;

	if (files.result < 0 || files.messages < 0) {
		result = error_set(err, STATUS_ENVIRONMENT, errno,
				   "cannot create a memory file: %s", strerror(errno));
		goto out;
	}
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(&files, source, *wanted ? *wanted : "", macros, types, listing != NULL,
			  parent);
	if (child < 0) {
		result = error_set(err, STATUS_ENVIRONMENT, errno,
				   "cannot start the compile child: %s", strerror(errno));
		goto out;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		char *messages = read_messages(files.messages);

		result = report_failure(err, status, &files, messages, source);
		for (size_t i = 0; messages && i < sizeof(incomplete) / sizeof(*incomplete); i++)
			*missed |= list_types(wanted, messages, incomplete[i], source->text);
		free(messages);
		goto out;
	}
	result = image_read(image, files.result, 0);
	if (result) {
		error_set(err, STATUS_COMPILE, -result,
			  "the compile child returned a damaged program");
		goto out;
	}
	if (listing) {
		*listing = read_messages(files.messages);
		if (!*listing) {
			image_free(image);
			result = error_nomem(err);
		}
	}
out:
	if (files.result >= 0)
		close(files.result);
	if (files.messages >= 0)
		close(files.messages);
	return result;
}

int child_compile(struct image *image, const struct source *source, const char *const *macros,
		  const struct types *types, char **listing, struct error *err)
{
	char *wanted = NULL;
	bool missed = true;
	int result = -EIO;

	/*
	 * BTF is not a header that the program could include. Types that the program names are
	 * dumped from the start; types that it only reaches through pointers, when the compiler
	 * finds them incomplete.
	 */
	list_types(&wanted, source->text, "struct ", source->text);
	list_types(&wanted, source->text, "enum ", source->text);
	for (int i = 0; i < MAX_TRIES && result && missed; i++) {
		missed = false;
		result = try_compile(image, source, &wanted, &missed, macros, types, listing, err);
	}
	free(wanted);
	return result;
}
