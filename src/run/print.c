// SPDX-License-Identifier: GPL-2.0-only
#include "run/print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/image.h"
#include "bpf/load.h"
#include "cli/flags.h"
#include "cli/options.h"
#include "compile/listing.h"
#include "explain/list.h"
#include "explain/show.h"
#include "filter/expression.h"
#include "generate/generate.h"
#include "kernel/reasons.h"
#include "run/check.h"
#include "run/facts.h"
#include "run/programs.h"
#include "util/error.h"
#include "util/stdio.h"

int print_finish(struct error *err)
{
	int failure;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	failure = stdio_failure();
	return error_set(err, STATUS_OUTPUT, failure ? failure : EIO, "cannot write the output: %s",
			 strerror(failure ? failure : EIO));
}

bool print_in_color(enum color_choice choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

int print_help(struct options *options, struct error *err)
{
	(void)options;
	flags_print_help(stdout);
	return print_finish(err);
}

int print_version(struct options *options, struct error *err)
{
	(void)options;
	puts("bytetrace " VERSION);
	return print_finish(err);
}

/* Whether the tracepoint must be looked at to know what the filters mean. */
static bool filters_by_reason(const struct filter *filter)
{
	return filter->valid_reason || filter->sets[FILTER_REASON].given;
}

int print_source(struct options *options, struct error *err)
{
	struct filter *filter = &options->generate.filter;
	struct program program = { 0 };
	struct kernel_facts facts;
	int result = facts_create(&facts, options, err);

	/* What would run here; a way that was asked for is printed for other kernels, too. */
	if (!result && facts.attach == ATTACH_ANY && facts_choose_attach(&facts, options, err))
		facts.attach = ATTACH_RAW_TRACEPOINT;
	if (!result && filters_by_reason(filter))
		result = facts_read_reasons(&facts, options, err);
	if (!result)
		result = facts_resolve_names(filter, &facts, err);
	if (!result)
		result = programs_generate(&program, options, 0, &facts, err);
	if (!result) {
		fwrite(program.source.text, 1, program.source.length, stdout);
		result = print_finish(err);
	}
	generate_free(&program);
	facts_close(&facts);
	return result;
}

int print_explanations(struct options *options, struct error *err)
{
	struct kernel_facts facts;
	struct show_config show = {
		.file = stdout,
		.bold = print_in_color(options->color),
	};
	int result = facts_create(&facts, options, err);

	if (result)
		goto out;
	show.symbols = facts.symbols;
	if (facts_open_types(&facts, options, err))
		types_close(&facts.types);
	if (facts_read_tracepoint(&facts, options, err) == 0 && reasons_given(facts.reasons))
		show.reasons = facts.reasons;
	else if (options->explain.count == 0)
		fprintf(stderr, "bytetrace: warning: %s; listing the reasons that have a text\n",
			facts.reasons ? "this kernel does not report drop reasons" : err->text);
	result = options->explain.count
			 ? show_names(&show, options->explain.list, options->explain.count, err)
			 : list_reasons(&show, err);
out:
	facts_close(&facts);
	return result ? result : print_finish(err);
}

/* Filters may also make a program shorter. */
static int describe_filter(const struct options *options, const struct kernel_facts *facts,
			   struct error *err)
{
	struct options unfiltered = *options;
	struct programs filtered = { .list = NULL }, plain = { .list = NULL };
	char quoted[ERROR_QUOTE_SIZE];
	int result;

	memset(&unfiltered.generate.filter, 0, sizeof(unfiltered.generate.filter));
	unfiltered.generate.expression = NULL;
	/* What only the filter needs. */
	unfiltered.generate.keys.set = options->generate.keys.shown;
	if (!options->generate.keys.set)
		unfiltered.generate.record = options->output.format->needs(&options->output);
	result = programs_build(&filtered, options, facts, err);
	if (result)
		goto out;
	result = programs_build(&plain, &unfiltered, facts, err);
	if (result)
		goto out;
	filter_describe(&options->generate.filter, stdout);
	if (options->generate.expression)
		printf(" matching %s",
		       error_quote(quoted, expression_text(options->generate.expression)));
	printf(": %zu instructions, %zu without filters\n",
	       filtered.list[0].image.instruction_count, plain.list[0].image.instruction_count);
	result = print_finish(err);
out:
	programs_free(&filtered);
	programs_free(&plain);
	return result;
}

int print_filter(struct options *options, struct error *err)
{
	return facts_use(options, describe_filter, err);
}

static int list_program(const struct options *options, const struct kernel_facts *facts,
			struct error *err)
{
	struct listing listing = { .text = NULL };
	struct program program = { 0 };
	struct image image = { 0 };
	int result = programs_list(&listing, &image, &program, options, 0, facts, err);

	if (result)
		goto out;
	if (options->action == ACTION_PRINT_ASM &&
	    listing.rewritten + listing.rewritten_count == listing.lines + listing.line_count) {
		result = error_set(err, STATUS_COMPILE, ENOTSUP,
				   "--print-asm: this libbcc does not list instructions");
		goto out;
	}
	if (options->action == ACTION_PRINT_REWRITTEN)
		listing_print_rewritten(&listing, stdout);
	else if (options->action == ACTION_PRINT_ASM)
		listing_print_instructions(&listing, stdout);
	else
		listing_print_flags(&listing, stdout);
	result = print_finish(err);
out:
	listing_close(&listing);
	image_free(&image);
	generate_free(&program);
	return result;
}

int print_listing(struct options *options, struct error *err)
{
	return facts_use(options, list_program, err);
}

static int load_and_describe(const struct options *options, const struct kernel_facts *facts,
			     struct error *err)
{
	struct programs programs = { .list = NULL };
	struct loaded loaded = { .program_count = 0 };
	int result = programs_build(&programs, options, facts, err);

	if (result)
		goto out;
	for (size_t i = 0; i < programs.count; i++) {
		result = programs_load(&loaded, &programs.list[i].image, options, i, true, facts,
				       err);
		if (result)
			goto out;
	}
	check_print(&loaded, stdout);
	result = print_finish(err);
out:
	load_close(&loaded);
	programs_free(&programs);
	return result;
}

int print_check(struct options *options, struct error *err)
{
	return facts_use(options, load_and_describe, err);
}
