// SPDX-License-Identifier: GPL-2.0-only
/* bytetrace: picks the action that the command line asks for, and prints what went wrong. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "run/list_probes.h"
#include "run/print.h"
#include "run/trace.h"
#include "util/error.h"
#include "util/stdio.h"

typedef int run_action(struct options *options, struct error *err);

static run_action *const actions[] = {
	[ACTION_TRACE] = trace_run,
	[ACTION_PRINT_FILTER] = print_filter,
	[ACTION_PRINT_SOURCE] = print_source,
	[ACTION_LIST_PROBES] = list_probes,
	[ACTION_PRINT_REWRITTEN] = print_listing,
	[ACTION_PRINT_ASM] = print_listing,
	[ACTION_PRINT_CFLAGS] = print_listing,
	[ACTION_CHECK] = print_check,
	[ACTION_EXPLAIN] = print_explanations,
	[ACTION_HELP] = print_help,
	[ACTION_VERSION] = print_version,
};

/*
 * A file that is opened where standard output was closed would take what is printed: put something
 * there on which every write fails.
 */
static void hold_standard_files(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	struct options options;
	struct error err = { .status = STATUS_OK };
	int result;

	hold_standard_files();
	stdio_replace();
	result = options_parse(&options, argc, argv, &err);
	if (!result)
		result = actions[options.action](&options, &err);
	options_free(&options);
	if (!result)
		return STATUS_OK;
	if (err.text[0])
		fprintf(stderr, "bytetrace: %s\n", err.text);
	return (int)err.status;
}
