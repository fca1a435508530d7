// SPDX-License-Identifier: GPL-2.0-only
#include "run/programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "run/facts.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "compile/compile.h"
#include "compile/cache.h"
#include "generate/generate.h"
#include "compile/listing.h"
#include "bpf/load.h"
#include "bpf/verifier_log.h"
#include "run/reload.h"
#include "util/error.h"

/* The name of a number of this kernel's, for a comment in the program. */
static const char *comment_name(void *context, enum filter_field field, uint64_t first,
				uint64_t last)
{
	const struct kernel_facts *facts = context;
	static char buffer[REASON_NAME_SIZE];
	struct symbol symbol;

	if (field == FILTER_REASON && facts->reasons && first == last)
		return reasons_name(facts->reasons, (uint32_t)first, buffer);
	if (field == FILTER_LOCATION && symbols_find(facts->symbols, first, &symbol))
		return symbol.name;
	return NULL;
}

int programs_generate(struct program *program, const struct options *options, size_t probe,
		      const struct kernel_facts *facts, struct error *err)
{
	const struct words *probes = &options->generate.probes;
	const struct generate_facts known = {
		.attach = facts->attach,
		.not_specified = facts->not_specified,
		.comments = { (void *)facts, comment_name },
	};

	return generate_program(program, &options->generate,
				probe < probes->count ? probes->list[probe] : NULL, &known, err);
}

static int get_image(struct image *image, const struct options *options,
		     const struct source *source, const struct kernel_facts *facts,
		     struct error *err)
{
	const char *directory =
		options->compile.cache_dir ? options->compile.cache_dir : CACHE_DIRECTORY;
	struct cache cache = CACHE_CLOSED;
	int result;

	if (!options->compile.no_cache && cache_open(&cache, directory, err)) {
		if (options->compile.cache_dir)
			return -EPERM;
		fprintf(stderr, "bytetrace: warning: %s\n", err->text);
	}
	result = compile_program(image, source, facts->macros.flags, &facts->types, &cache, NULL,
				 err);
	cache_close(&cache);
	return result;
}

void programs_free(struct programs *programs)
{
	for (size_t i = 0; i < programs->count; i++) {
		image_free(&programs->list[i].image);
		free(programs->list[i].path);
	}
	free(programs->list);
	layouts_free(&programs->layouts);
}

/* Generate a program with what only the compiler needs. */
static int generate_whole(struct program *program, const struct options *options, size_t probe,
			  const struct kernel_facts *facts, struct error *err)
{
	const struct filter_names functions = facts_functions(facts);
	int result = programs_generate(program, options, probe, facts, err);

	if (result)
		return result;
	return generate_finish(program, &options->generate, facts->reasons, &functions, err);
}

static int build(struct built *built, const struct options *options, size_t probe,
		 const struct kernel_facts *facts, struct error *err)
{
	struct program program = { 0 };
	int result = generate_whole(&program, options, probe, facts, err);

	built->path = NULL;
	if (result)
		goto out;
	built->layout = options->generate.keys.set ? program.keys : program.layout;
	result = get_image(&built->image, options, &program.source, facts, err);
	if (result == 0 && program.path)
		built->path = strdup(program.path);
out:
	generate_free(&program);
	return result;
}

int programs_build(struct programs *programs, const struct options *options,
		   const struct kernel_facts *facts, struct error *err)
{
	const size_t count = options->generate.probes.count ? options->generate.probes.count : 1;
	char quoted[ERROR_QUOTE_SIZE];
	int result = 0;

	programs->options = options;
	programs->facts = facts;
	programs->list = calloc(count, sizeof(*programs->list));
	if (!programs->list)
		return error_nomem(err);
	while (programs->count < count) {
		struct built *built = &programs->list[programs->count];

		result = build(built, options, programs->count, facts, err);
		if (result)
			return result;
		programs->count++;
		if (!options->generate.keys.set &&
		    layouts_find(&programs->layouts, built->layout.id))
			return error_set(
				err, STATUS_USAGE, EEXIST,
				"--probe: two probes have the name %s; rename one, so that "
				"their rows can be told apart",
				error_quote(quoted, built->layout.name));
		if (options->generate.keys.set &&
		    memcmp(&built->layout, &programs->list[0].layout, sizeof(built->layout)) != 0)
			return error_set(err, STATUS_USAGE, EINVAL,
					 "--summary: its columns must be the same in all probes");
		result = layouts_add(&programs->layouts, &built->layout);
		if (result)
			return error_set(err, STATUS_COMPILE, -result,
					 result == -E2BIG ? "the probes have more than 32 columns"
							  : "out of memory");
	}
	return 0;
}

int programs_list(struct listing *listing, struct image *image, struct program *program,
		  const struct options *options, size_t probe, const struct kernel_facts *facts,
		  struct error *err)
{
	const struct cache closed = CACHE_CLOSED;
	char *text = NULL;
	int result = generate_whole(program, options, probe, facts, err);

	if (result)
		return result;
	result = compile_program(image, &program->source, facts->macros.flags, &facts->types,
				 &closed, &text, err);
	if (result)
		return result;
	result = listing_open(listing, text, &program->source);
	if (result == -EBADMSG)
		error_set(err, STATUS_COMPILE, EBADMSG, "libbcc printed no listing of the program");
	else if (result == -ENOMEM)
		error_nomem(err);
	return result;
}

/*
 * Add the source line that the verifier refused to the error. Only a listing says which line an
 * instruction comes from, so the program is compiled again.
 */
static void add_refused_line(const struct options *options, size_t probe, const struct image *image,
			     const struct loaded *loaded, const struct kernel_facts *facts,
			     struct error *err)
{
	struct listing listing = { .text = NULL };
	struct program program = { 0 };
	struct image again = { 0 };
	struct error ignored;

	if (!loaded->refused.function)
		return;
	if (programs_list(&listing, &again, &program, options, probe, facts, &ignored) == 0 &&
	    image_is_same(image, &again))
		listing_place_error(&listing, loaded->refused.function, loaded->refused.instruction,
				    err);
	listing_close(&listing);
	image_free(&again);
	generate_free(&program);
}

/* Add to the sentence what most often makes the verifier refuse a program. */
static void suggest_read(struct error *err)
{
	const struct error refused = *err;
	const size_t sentence = strcspn(refused.text, "\n");

	if (verifier_log_is_unchecked_read(refused.text))
		snprintf(err->text, sizeof(err->text),
			 "%.*s: read kernel memory with READ(pointer, member), not "
			 "pointer->member%s",
			 (int)sentence, refused.text, refused.text + sentence);
}

int programs_load(struct loaded *loaded, const struct image *image, const struct options *options,
		  size_t probe, bool counts, const struct kernel_facts *facts, struct error *err)
{
	int result = load_program(loaded, image, counts, err);

	if (result) {
		add_refused_line(options, probe, image, loaded, facts, err);
		suggest_read(err);
	}
	return result;
}

static int build_again(void *context, size_t index, struct loaded *loaded, struct layout *layout,
		       struct error *err)
{
	const struct programs *programs = context;
	const struct options *options = programs->options;
	struct built built;
	int result = build(&built, options, index, programs->facts, err);

	if (result)
		return result;
	*layout = built.layout;
	return programs_load(loaded, &built.image, options, index, false, programs->facts, err);
}

int programs_watch(struct reload **reload, struct programs *programs, struct error *err)
{
	struct reload_program *files = calloc(programs->count, sizeof(*files));
	bool any = false;
	int result;

	if (!files)
		return error_nomem(err);
	for (size_t i = 0; i < programs->count; i++) {
		files[i] = (struct reload_program){ programs->list[i].path,
						    programs->list[i].layout.id };
		any |= files[i].path != NULL;
	}
	if (!any) {
		free(files);
		return error_set(err, STATUS_USAGE, ENOENT,
				 "--watch needs a file to watch, but the probes are built in: use "
				 "--probe FILE");
	}
	result = reload_open(reload, files, programs->count, build_again, programs, err);
	free(files);
	return result;
}
