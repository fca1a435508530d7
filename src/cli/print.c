// SPDX-License-Identifier: GPL-2.0-only
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "explain/show.h"
#include "kernel/facts.h"
#include "kernel/reasons.h"
#include "program/check.h"
#include "program/generate.h"
#include "program/image.h"
#include "program/listing.h"
#include "program/load.h"
#include "program/programs.h"
#include "util/error.h"

/*
 * What was printed without a session is written, or that is a failure too. errno may be that of an
 * earlier write to the same file.
 */
int print_finish(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return error_set(err, STATUS_OUTPUT, errno ? errno : EIO, "cannot write the output: %s",
			 strerror(errno ? errno : EIO));
}

/* Whether the tracepoint must be looked at to know what the filters mean. */
static bool filters_by_reason(const struct filter *filter)
{
	return filter->valid_reason || filter->sets[FILTER_REASON].given;
}

/* Needs neither root nor types, but for filters whose numbers only the kernel knows. */
int print_source(struct options *options, struct kernel_facts *facts, struct error *err)
{
	struct program program = { 0 };
	int result = 0;

	/*
	 * What is printed is to be read and edited, and to run elsewhere, too: without direct
	 * reads, unless they are asked for. That can be told without root; whether another way
	 * works need not be.
	 */
	if (facts->attach == ATTACH_ANY && attach_choose(&facts->attach, false, err))
		facts->attach = ATTACH_RAW_TRACEPOINT;
	if (filters_by_reason(&options->filter))
		result = facts_read_tracepoint(facts, options, err);
	if (!result)
		result = facts_resolve_names(&options->filter, facts, err);
	if (!result)
		result = programs_generate(&program, options, 0, facts, err);
	if (!result) {
		fwrite(program.source.text, 1, program.source.length, stdout);
		result = print_finish(err);
	}
	generate_free(&program);
	return result;
}

/*
 * Needs neither root nor types. What cannot be known of this kernel without them is left out, and
 * that is said where all of it was asked for.
 */
int print_explanations(const struct options *options, struct kernel_facts *facts, struct error *err)
{
	struct show_config show = {
		.file = stdout,
		.bold = print_in_color(options->color),
		.symbols = facts->symbols,
	};
	int result;

	if (facts_open_types(facts, options, err))
		types_close(&facts->types);
	if (facts_read_tracepoint(facts, options, err) == 0 && reasons_given(facts->reasons))
		show.reasons = facts->reasons;
	else if (options->explain.count == 0)
		fprintf(stderr, "bytetrace: warning: %s: these are all that there are texts for\n",
			facts->reasons ? "this kernel gives no drop reasons" : err->text);
	result = options->explain.count
			 ? show_names(&show, options->explain.list, options->explain.count, err)
			 : show_list(&show, err);
	return result ? result : print_finish(err);
}

/* Say in words what passes, and what it costs: filters may make a program shorter, too. */
int print_filter(const struct options *options, const struct image *image,
		 const struct kernel_facts *facts, struct error *err)
{
	struct options unfiltered = *options;
	struct programs plain = { .list = NULL };
	char quoted[ERROR_QUOTE_SIZE];
	int result;

	memset(&unfiltered.filter, 0, sizeof(unfiltered.filter));
	unfiltered.expression = NULL;
	result = programs_build(&plain, &unfiltered, facts, err);
	if (result) {
		programs_free(&plain);
		return result;
	}
	filter_describe(&options->filter, stdout);
	if (options->expression)
		printf(", that match %s", error_quote(quoted, options->expression_text));
	printf(": %zu instructions, %zu without filters\n", image->instruction_count,
	       plain.list[0].image.instruction_count);
	programs_free(&plain);
	return print_finish(err);
}

int print_listing(const struct options *options, const struct kernel_facts *facts,
		  struct error *err)
{
	struct listing listing = { .text = NULL };
	struct program program = { 0 };
	struct image image = { 0 };
	int result = programs_list(&listing, &image, &program, options, 0, facts, err);

	if (!result && options->action == ACTION_PRINT_ASM &&
	    listing.rewritten + listing.rewritten_count == listing.lines + listing.line_count)
		result = error_set(err, STATUS_COMPILE, ENOTSUP,
				   "--print-asm: this libbcc lists no instructions");
	if (!result) {
		if (options->action == ACTION_PRINT_REWRITTEN)
			listing_print_rewritten(&listing, stdout);
		else if (options->action == ACTION_PRINT_ASM)
			listing_print_instructions(&listing, stdout);
		else
			listing_print_flags(&listing, stdout);
		result = print_finish(err);
	}
	listing_close(&listing);
	image_free(&image);
	generate_free(&program);
	return result;
}

/* Load without attaching, and say what the kernel thinks of it. */
int print_check(const struct options *options, const struct programs *programs,
		const struct kernel_facts *facts, struct error *err)
{
	struct loaded loaded = { .program_count = 0 };
	int result = 0;

	for (size_t i = 0; i < programs->count && !result; i++)
		result = programs_load(&loaded, &programs->list[i].image, options, i, true, facts,
				       err);
	if (!result) {
		check_print(&loaded, stdout);
		result = print_finish(err);
	}
	load_close(&loaded);
	return result;
}

bool print_in_color(enum color_choice choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}
