// SPDX-License-Identifier: GPL-2.0-only
#include "program/compile.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/compiler.h"
#include "program/image.h"
#include "program/template.h"
#include "util/error.h"

/* Of what a compiler says; the rest is not read. A listing takes 100 bytes an instruction. */
#define MAX_MESSAGES (16 * 1024 * 1024)

/*
 * What the child leaves behind: on success an image in `result`; on failure a struct error
 * there; on a crash nothing. What libbcc and LLVM say is in `messages`.
 */
struct child_files {
	int result;
	int messages;
};

__attribute__((noreturn)) static void
run_child(const struct child_files *files, const struct source *source, const char *const *macros,
	  const struct types *types, bool listing, pid_t parent)
{
	struct error err = { .status = STATUS_COMPILE };
	struct image image;
	int result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_COMPILE);
	if (dup2(files->messages, STDOUT_FILENO) < 0 || dup2(files->messages, STDERR_FILENO) < 0)
		_exit(STATUS_COMPILE);
	result = compiler_run(source->text, macros, types, listing, &image, &err);
	fflush(NULL);
	if (!result) {
		result = image_write(&image, files->result);
		if (result)
			error_set(&err, STATUS_COMPILE, -result,
				  "cannot hand over the compiled program: %s", strerror(-result));
	}
	if (result && pwrite(files->result, &err, sizeof(err), 0) != sizeof(err))
		_exit(STATUS_COMPILE);
	/* LLVM's destructors are slow, and their work is for nothing. */
	_exit(result ? (int)err.status : 0);
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
 * Print one line of a compiler: where it names a line of the program, that of the file which
 * a person would edit; no bytes that a terminal would obey, as the line may quote a header file.
 */
static void print_line(FILE *out, const char *line, size_t length, const struct source *source)
{
	const char *end = line + length;
	size_t name = strlen(COMPILER_MAIN_FILE);
	unsigned long number;
	char *rest;

	if (length > name && strncmp(line, COMPILER_MAIN_FILE ":", name + 1) == 0) {
		number = strtoul(line + name + 1, &rest, 10);
		if (number >= 1 && number <= source->line_count) {
			fprintf(out, "%s:%u", source->lines[number - 1].file,
				source->lines[number - 1].line);
			line = rest;
		}
	}
	for (; line < end; line++)
		fputc((unsigned char)*line >= 0x20 || *line == '\t' ? *line : '?', out);
}

/* The first error in what the compiler said, with the source line and the caret below it. */
static void tell_error(FILE *out, const char *first, const char *messages,
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

/* Why the child failed: the signal, the compiler's error, or else the child's own sentence. */
static int tell_failure(struct error *err, int status, const struct child_files *files,
			const struct source *source)
{
	struct error told = { .status = STATUS_COMPILE, .text = "the compile child failed" };
	char *messages;
	const char *first;
	FILE *out;

	if (WIFSIGNALED(status))
		return error_set(err, STATUS_COMPILE, EIO,
				 "the compiler was ended by signal %d (%s)", WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	if (pread(files->result, &told, sizeof(told), 0) > 0)
		told.text[sizeof(told.text) - 1] = '\0';
	*err = told;
	messages = told.status == STATUS_COMPILE ? read_messages(files->messages) : NULL;
	out = messages ? fmemopen(err->text, sizeof(err->text), "w") : NULL;
	if (out) {
		first = strstr(messages, "error: ");
		if (first) {
			tell_error(out, first, messages, source);
		} else {
			fputs(told.text, out);
			if (*messages) {
				fputs("; the compiler said: ", out);
				print_line(out, messages, line_end(messages), source);
			}
		}
		fclose(out);
	}
	free(messages);
	return -EIO;
}

int compile_program(struct image *image, const struct source *source, const char *const *macros,
		    const struct types *types, char **listing, struct error *err)
{
	struct child_files files = {
		.result = memfd_create("bytetrace-image", MFD_CLOEXEC),
		.messages = memfd_create("bytetrace-messages", MFD_CLOEXEC),
	};
	pid_t parent = getpid();
	pid_t child;
	int status;
	int result;

	if (files.result < 0 || files.messages < 0) {
		result = error_set(err, STATUS_ENVIRONMENT, errno, "cannot make a memory file: %s",
				   strerror(errno));
		goto out;
	}
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(&files, source, macros, types, listing != NULL, parent);
	if (child < 0) {
		result = error_set(err, STATUS_ENVIRONMENT, errno,
				   "cannot start the compile child: %s", strerror(errno));
		goto out;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		result = tell_failure(err, status, &files, source);
		goto out;
	}
	result = image_read(image, files.result, 0);
	if (result) {
		error_set(err, STATUS_COMPILE, -result,
			  "the compiler handed over a damaged program");
		goto out;
	}
	if (listing) {
		*listing = read_messages(files.messages);
		if (!*listing) {
			image_free(image);
			result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		}
	}
out:
	if (files.result >= 0)
		close(files.result);
	if (files.messages >= 0)
		close(files.messages);
	return result;
}
