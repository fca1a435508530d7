// SPDX-License-Identifier: GPL-2.0-only
/*
 * bytetrace: the stages of a run, in their order. The only place that prints a failure and that
 * ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/options.h"
#include "explain/show.h"
#include "kernel/memory.h"
#include "kernel/netns.h"
#include "kernel/privileges.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "kernel/tracefs.h"
#include "kernel/types.h"
#include "output/output.h"
#include "program/build.h"
#include "program/check.h"
#include "program/cache.h"
#include "program/generate.h"
#include "program/image.h"
#include "program/listing.h"
#include "program/load.h"
#include "program/macros.h"
#include "program/probes.h"
#include "program/reload.h"
#include "stream/layout.h"
#include "stream/session.h"
#include "util/error.h"

#define RATE_OF_OWN_PROGRAMS 10000 /* drops shown a second, unless --rate says otherwise */

/* What is true of the running kernel; all of it is read before anything is compiled. */
struct kernel_facts {
	struct types types;
	struct reasons *reasons;
	struct symbols *symbols;
	uint32_t not_specified; /* the number of that reason, 0 if there is none */
	enum attach_way attach; /* how to attach */
	struct macros macros;
};

static void close_facts(struct kernel_facts *facts)
{
	symbols_free(facts->symbols);
	reasons_free(facts->reasons);
	types_close(&facts->types);
}

static int open_types(struct types *types, const struct options *options, struct error *err)
{
	const struct types_request request = {
		.headers_only = options->types == TYPES_HEADERS,
		.btf_only = options->types == TYPES_BTF,
		.headers = options->headers_dir,
		.btf = options->btf_file,
		.any_release = options->force,
	};

	return types_open(types, &request, err);
}

/* Reasons as the tracepoint gives them. Of the types only headers are looked at, if there are any.
 */
static int read_reasons(struct kernel_facts *facts, const char *format, const struct filter *filter,
			struct error *err)
{
	struct reasons_source source = { .btf_dir = "/sys/kernel/btf" };
	char include_dir[64];
	int result;

	if (facts->types.source_fd >= 0) {
		snprintf(include_dir, sizeof(include_dir), "/proc/self/fd/%d/include",
			 facts->types.source_fd);
		source.include_dir = include_dir;
	}
	result = reasons_create(&facts->reasons, format, &source, err);
	if (result)
		return result;
	if (!reasons_given(facts->reasons)) {
		if (filter->valid_reason || filter->sets[FILTER_REASON].given)
			return error_set(err, STATUS_ENVIRONMENT, EOPNOTSUPP,
					 "%s: this kernel gives no drop reasons "
					 "(they came with Linux 5.17)",
					 filter->valid_reason ? "--valid-reason" : "--reason");
		return 0;
	}
	if (reasons_number(facts->reasons, "NOT_SPECIFIED", &facts->not_specified))
		return error_set(err, STATUS_ENVIRONMENT, ENOENT,
				 "the kernel's drop reasons lack NOT_SPECIFIED");
	return 0;
}

/* What the tracepoint's format file tells. */
static int read_tracepoint(struct kernel_facts *facts, const struct filter *filter,
			   struct error *err)
{
	struct utsname kernel;
	char *format = NULL;
	int result = tracefs_read_event("skb", "kfree_skb", "format", &format, err);

	if (!result)
		result = read_reasons(facts, format, filter, err);
	uname(&kernel);
	if (!result)
		macros_make(&facts->macros, kernel.release, format, facts->not_specified,
			    memory_gigabytes("/proc/iomem"));
	free(format);
	return result;
}

static int each_reason(void *reasons,
		       int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
		       void *to, struct error *err)
{
	return reasons_each(reasons, take, to)
		       ? error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory")
		       : 0;
}

static int each_function(void *symbols,
			 int (*take)(void *to, const char *name, uint64_t first, uint64_t last),
			 void *to, struct error *err)
{
	if (symbols_each(symbols, take, to))
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	if (symbols_restricted(symbols))
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "the kernel hides its symbols: sysctl "
				 "kernel.kptr_restrict=1 and CAP_SYSLOG show them");
	return 0;
}

static struct filter_names kernel_functions(const struct kernel_facts *facts)
{
	return (struct filter_names){ "function of this kernel", 0, facts->symbols, each_function,
				      NULL };
}

/* What the names in the filters mean on this kernel. */
static int resolve_names(struct filter *filter, const struct kernel_facts *facts, struct error *err)
{
	const struct filter_names reasons = { "drop reason of this kernel", FNM_CASEFOLD,
					      facts->reasons, each_reason, NULL };
	const struct filter_names functions = kernel_functions(facts);
	const struct filter_names namespaces = { "network namespace", 0, NULL, NULL, netns_find };
	struct filter_set *set = &filter->sets[FILTER_REASON];
	char quoted[ERROR_QUOTE_SIZE];
	int result = filter_resolve(filter, FILTER_REASON, &reasons, err);

	if (!result && filter->valid_reason && set->given && !set->negated) {
		ranges_remove(&set->numbers[0], 0, 0);
		ranges_remove(&set->numbers[0], facts->not_specified, facts->not_specified);
		if (set->numbers[0].count == 0)
			result = error_set(err, STATUS_USAGE, EINVAL,
					   "--valid-reason contradicts --reason %s",
					   error_quote(quoted, set->text));
	}
	if (!result)
		result = filter_resolve(filter, FILTER_LOCATION, &functions, err);
	if (!result)
		result = filter_resolve(filter, FILTER_NETNS, &namespaces, err);
	return result;
}

static const char *comment_reason(void *context, uint32_t number)
{
	const struct kernel_facts *facts = context;
	static char buffer[REASON_NAME_SIZE];

	return facts->reasons ? reasons_name(facts->reasons, number, buffer) : NULL;
}

static const char *comment_location(void *context, uint64_t address)
{
	const struct kernel_facts *facts = context;
	struct symbol symbol;

	return symbols_find(facts->symbols, address, &symbol) ? symbol.name : NULL;
}

static int generate(struct program *program, const struct options *options, const char *probe,
		    const struct kernel_facts *facts, struct error *err)
{
	const struct generate_facts known = {
		.attach = facts->attach,
		.not_specified = facts->not_specified,
		.comments = { (void *)facts, comment_reason, comment_location },
	};

	return generate_program(program, options, probe, &known, err);
}

/* Not an error: it may appear later, or live in another network namespace. */
static void warn_of_interfaces(const struct filter_set *interfaces)
{
	char quoted[ERROR_QUOTE_SIZE];

	for (size_t i = 0; i < interfaces->item_count; i++) {
		const char *name = interfaces->items[i].text;

		if (!name[strcspn(name, "*?")] && if_nametoindex(name) == 0)
			fprintf(stderr,
				"bytetrace: warning: there is no interface %s here now; it is "
				"matched in other network namespaces and when it appears\n",
				error_quote(quoted, name));
	}
}

static bool use_color(enum color_choice choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/*
 * What was printed without a session is written, or that is a failure too. errno may be that of an
 * earlier write to the same file.
 */
static int finish_output(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return error_set(err, STATUS_OUTPUT, errno ? errno : EIO, "cannot write the output: %s",
			 strerror(errno ? errno : EIO));
}

static int get_image(struct image *image, const struct options *options,
		     const struct source *source, const struct kernel_facts *facts,
		     struct error *err)
{
	const char *directory = options->cache_dir ? options->cache_dir : CACHE_DIRECTORY;
	struct cache cache = CACHE_CLOSED;
	int result;

	if (!options->no_cache && cache_open(&cache, directory, err)) {
		if (options->cache_dir)
			return -EPERM;
		fprintf(stderr, "bytetrace: warning: %s\n", err->text);
	}
	result =
		build_program(image, source, facts->macros.flags, &facts->types, &cache, NULL, err);
	cache_close(&cache);
	return result;
}

/* Whether the tracepoint must be looked at to know what the filters mean. */
static bool filters_by_reason(const struct filter *filter)
{
	return filter->valid_reason || filter->sets[FILTER_REASON].given;
}

/*
 * Whether the program is sure to be written for this kernel's types, and the probe for a skb that
 * has one.
 */
static bool may_read_directly(const struct options *options)
{
	return !options->btf_file && !options->force && !options->templates_dir &&
	       !options->source_file && options->probes.count == 0;
}

/* Needs neither root nor types, but for filters whose numbers only the kernel knows. */
static int print_source(struct options *options, struct kernel_facts *facts, struct error *err)
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
		result = read_tracepoint(facts, &options->filter, err);
	if (!result)
		result = resolve_names(&options->filter, facts, err);
	if (!result)
		result = generate(&program, options,
				  options->probes.count ? options->probes.list[0] : NULL, facts,
				  err);
	if (!result) {
		fwrite(program.source.text, 1, program.source.length, stdout);
		result = finish_output(err);
	}
	generate_free(&program);
	return result;
}

/*
 * Needs neither root nor types. What cannot be known of this kernel without them is left out, and
 * that is said where all of it was asked for.
 */
static int explain(const struct options *options, struct kernel_facts *facts, struct error *err)
{
	struct show_config show = {
		.file = stdout,
		.bold = use_color(options->color),
		.symbols = facts->symbols,
	};
	int result;

	if (open_types(&facts->types, options, err))
		types_close(&facts->types);
	if (read_tracepoint(facts, &options->filter, err) == 0 && reasons_given(facts->reasons))
		show.reasons = facts->reasons;
	else if (options->explain.count == 0)
		fprintf(stderr, "bytetrace: warning: %s: these are all that there are texts for\n",
			facts->reasons ? "this kernel gives no drop reasons" : err->text);
	result = options->explain.count
			 ? show_names(&show, options->explain.list, options->explain.count, err)
			 : show_list(&show, err);
	return result ? result : finish_output(err);
}

/* A compiled program, what its records hold, and the file that it was made from. */
struct built {
	struct image image;
	struct layout layout;
	char *path; /* NULL: it is built in */
};

/* The programs of a run: one for each --probe, or one. */
struct programs {
	struct built *list;
	size_t count;
	struct layouts layouts;
};

static void free_programs(struct programs *programs)
{
	for (size_t i = 0; i < programs->count; i++) {
		image_free(&programs->list[i].image);
		free(programs->list[i].path);
	}
	free(programs->list);
	layouts_free(&programs->layouts);
}

/* Generate the program of one probe, or that of the options if there is none, for the compiler. */
static int generate_whole(struct program *program, const struct options *options, size_t probe,
			  const struct kernel_facts *facts, struct error *err)
{
	const struct words *probes = &options->probes;
	const struct filter_names functions = kernel_functions(facts);
	int result = generate(program, options, probe < probes->count ? probes->list[probe] : NULL,
			      facts, err);

	return result ? result : generate_finish(program, options, facts->reasons, &functions, err);
}

/* Generate and compile it. */
static int build(struct built *built, const struct options *options, size_t probe,
		 struct kernel_facts *facts, struct error *err)
{
	struct program program = { 0 };
	int result = generate_whole(&program, options, probe, facts, err);

	if (!result)
		result = get_image(&built->image, options, &program.source, facts, err);
	built->layout = options->summary ? program.keys : program.layout;
	built->path = !result && program.path ? strdup(program.path) : NULL;
	generate_free(&program);
	return result;
}

static int build_all(struct programs *programs, const struct options *options,
		     struct kernel_facts *facts, struct error *err)
{
	const size_t count = options->probes.count ? options->probes.count : 1;
	int result = 0;

	programs->list = calloc(count, sizeof(*programs->list));
	if (!programs->list)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	while (programs->count < count) {
		struct built *built = &programs->list[programs->count];

		result = build(built, options, programs->count, facts, err);
		if (result)
			return result;
		programs->count++;
		if (options->summary &&
		    memcmp(&built->layout, &programs->list[0].layout, sizeof(built->layout)) != 0)
			return error_set(
				err, STATUS_USAGE, EINVAL,
				"--summary: the columns that it counts by are not the same "
				"ones in all probes");
		result = layouts_add(&programs->layouts, &built->layout);
		if (result)
			return error_set(err, STATUS_COMPILE, -result,
					 result == -E2BIG ? "the probes have more than 32 columns"
							  : "out of memory");
	}
	return 0;
}

/* Generate a program again and compile it with what the compiler tells of it. */
static int list_program(struct listing *listing, struct image *image, struct program *program,
			const struct options *options, size_t probe,
			const struct kernel_facts *facts, struct error *err)
{
	const struct cache closed = CACHE_CLOSED;
	char *text = NULL;
	int result = generate_whole(program, options, probe, facts, err);

	if (!result)
		result = build_program(image, &program->source, facts->macros.flags, &facts->types,
				       &closed, &text, err);
	if (!result)
		result = listing_open(listing, text, &program->source);
	if (result == -EBADMSG)
		error_set(err, STATUS_COMPILE, EBADMSG, "libbcc told nothing of the program");
	else if (result == -ENOMEM)
		error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	return result;
}

/* The line that the verifier refused, before what it said: only now is that looked for. */
static void tell_refused_line(const struct options *options, size_t probe,
			      const struct image *image, const struct loaded *loaded,
			      const struct kernel_facts *facts, struct error *err)
{
	struct listing listing = { .text = NULL };
	struct program program = { 0 };
	struct image again = { 0 };
	struct error ignored;

	if (!loaded->refused.function)
		return;
	if (list_program(&listing, &again, &program, options, probe, facts, &ignored) == 0 &&
	    image_is_same(image, &again))
		listing_place_error(&listing, loaded->refused.function, loaded->refused.instruction,
				    err);
	listing_close(&listing);
	image_free(&again);
	generate_free(&program);
}

/* Load a program of the run. */
static int load(struct loaded *loaded, const struct image *image, const struct options *options,
		size_t probe, bool counts, const struct kernel_facts *facts, struct error *err)
{
	int result = load_program(loaded, image, counts, err);

	if (result)
		tell_refused_line(options, probe, image, loaded, facts, err);
	return result;
}

/* What --watch makes a program anew from. */
struct rebuild {
	const struct options *options;
	struct kernel_facts *facts;
};

static int build_again(void *context, size_t index, struct loaded *loaded, struct layout *layout,
		       struct error *err)
{
	const struct rebuild *rebuild = context;
	struct built built;
	int result = build(&built, rebuild->options, index, rebuild->facts, err);

	if (!result)
		result = load(loaded, &built.image, rebuild->options, index, false, rebuild->facts,
			      err);
	*layout = built.layout;
	return result;
}

/* Watch the files that the programs were made from. */
static int watch(struct reload **reload, const struct programs *programs, struct rebuild *rebuild,
		 struct error *err)
{
	struct reload_program *files = calloc(programs->count, sizeof(*files));
	bool any = false;
	int result;

	if (!files)
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	for (size_t i = 0; i < programs->count; i++) {
		files[i] = (struct reload_program){ programs->list[i].path,
						    programs->list[i].layout.id };
		any |= files[i].path != NULL;
	}
	if (!any) {
		free(files);
		return error_set(err, STATUS_USAGE, ENOENT,
				 "--watch: the probes are built in, so there is no file to watch: "
				 "--probe FILE");
	}
	result = reload_open(reload, files, programs->count, build_again, rebuild, err);
	free(files);
	return result;
}

/* A program by hand may be at a place that the kernel comes through a million times a second. */
static uint64_t max_rate(const struct options *options)
{
	if (options->rate != RATE_DEFAULT)
		return options->rate;
	return options->source_file || options->templates_dir || options->probes.count
		       ? RATE_OF_OWN_PROGRAMS
		       : 0;
}

/* Load, attach, show drops until told to stop, and say what was seen. */
static int trace(const struct options *options, struct programs *programs,
		 struct kernel_facts *facts, struct error *err)
{
	struct rebuild rebuild = { options, facts };
	const struct output_config config = {
		.file = stdout,
		.verbosity = options->verbosity,
		.inner = options->inner,
		.stack = options->stack,
		.hints = options->hints,
		.numeric = options->numeric,
		.numeric_protocol = options->filter.numeric_protocol,
		.color = use_color(options->color),
		.layouts = &programs->layouts,
		.reasons = facts->reasons,
		.symbols = facts->symbols,
	};
	struct session_config session = {
		.output = options->output == OUTPUT_JSON ? &output_json : &output_table,
		.output_config = &config,
		.count = options->count,
		.rate = max_rate(options),
		.duration_ms = options->duration_ms,
		.buffer = options->buffer,
		.summary = options->summary,
		.interval_ms = options->interval_ms,
		.layouts = &programs->layouts,
	};
	struct session_totals totals;
	struct loaded loaded = { .replaceable = options->watch };
	int result = 0;

	for (size_t i = 0; i < programs->count && !result; i++)
		result = load(&loaded, &programs->list[i].image, options, i, false, facts, err);
	if (!result && options->watch)
		result = watch(&session.reload, programs, &rebuild, err);
	if (!result && session.summary)
		result = session_count(&session, &loaded, facts->types.description, &totals, err);
	else if (!result)
		result = session_run(&session, &loaded, facts->types.description, &totals, err);
	reload_free(session.reload);
	load_close(&loaded);
	if (!result)
		fprintf(stderr, "bytetrace: %llu shown, %llu lost, %llu suppressed\n",
			(unsigned long long)totals.shown, (unsigned long long)totals.lost,
			(unsigned long long)totals.suppressed);
	return result;
}

/* Say in words what passes, and what it costs: filters may make a program shorter, too. */
static int print_filter(const struct options *options, const struct image *image,
			struct kernel_facts *facts, struct error *err)
{
	struct options unfiltered = *options;
	struct built plain = { .path = NULL };
	char quoted[ERROR_QUOTE_SIZE];
	int result;

	memset(&unfiltered.filter, 0, sizeof(unfiltered.filter));
	unfiltered.expression = NULL;
	result = build(&plain, &unfiltered, 0, facts, err);
	if (result)
		return result;
	filter_describe(&options->filter, stdout);
	if (options->expression)
		printf(", that match %s", error_quote(quoted, options->expression_text));
	printf(": %zu instructions, %zu without filters\n", image->instruction_count,
	       plain.image.instruction_count);
	image_free(&plain.image);
	free(plain.path);
	return finish_output(err);
}

static int print_listing(const struct options *options, const struct kernel_facts *facts,
			 struct error *err)
{
	struct listing listing = { .text = NULL };
	struct program program = { 0 };
	struct image image = { 0 };
	int result = list_program(&listing, &image, &program, options, 0, facts, err);

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
		result = finish_output(err);
	}
	listing_close(&listing);
	image_free(&image);
	generate_free(&program);
	return result;
}

/* Load without attaching, and say what the kernel thinks of it. */
static int check(const struct options *options, const struct programs *programs,
		 const struct kernel_facts *facts, struct error *err)
{
	struct loaded loaded = { .program_count = 0 };
	int result = 0;

	for (size_t i = 0; i < programs->count && !result; i++)
		result = load(&loaded, &programs->list[i].image, options, i, true, facts, err);
	if (!result) {
		check_print(&loaded, stdout);
		result = finish_output(err);
	}
	load_close(&loaded);
	return result;
}

static bool prints_listing(enum action action)
{
	return action == ACTION_PRINT_REWRITTEN || action == ACTION_PRINT_ASM ||
	       action == ACTION_PRINT_CFLAGS;
}

/* From the options to the end of the run. */
static int make_and_trace(const struct options *options, struct kernel_facts *facts,
			  struct error *err)
{
	struct programs programs = { .list = NULL };
	int result;

	if (prints_listing(options->action))
		return print_listing(options, facts, err);
	result = build_all(&programs, options, facts, err);
	if (!result) {
		if (options->action == ACTION_PRINT_FILTER)
			result = print_filter(options, &programs.list[0].image, facts, err);
		else if (options->action == ACTION_CHECK)
			result = check(options, &programs, facts, err);
		else
			result = trace(options, &programs, facts, err);
	}
	free_programs(&programs);
	return result;
}

static int run(struct options *options, struct kernel_facts *facts, struct error *err)
{
	int result = privileges_check(err);

	if (!result)
		result = attach_choose(&facts->attach, may_read_directly(options), err);
	if (!result)
		result = open_types(&facts->types, options, err);
	if (!result)
		result = read_tracepoint(facts, &options->filter, err);
	if (!result)
		result = resolve_names(&options->filter, facts, err);
	if (!result) {
		warn_of_interfaces(&options->filter.sets[FILTER_INTERFACE]);
		result = make_and_trace(options, facts, err);
		/* What verifiers make of direct reads differs from kernel to kernel. */
		if (result && err->status == STATUS_LOAD && facts->attach == ATTACH_TP_BTF &&
		    options->attach == ATTACH_ANY) {
			facts->attach = ATTACH_RAW_TRACEPOINT;
			result = make_and_trace(options, facts, err);
		}
	}
	return result;
}

/* The actions that need to know the kernel. */
static int with_facts(struct options *options, struct error *err)
{
	struct kernel_facts facts = {
		.types = TYPES_CLOSED,
		.attach = options->attach,
		.symbols = symbols_create("/proc/kallsyms", "/proc/modules"),
	};
	int result;

	if (!facts.symbols)
		result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	else if (options->action == ACTION_PRINT_SOURCE)
		result = print_source(options, &facts, err);
	else if (options->action == ACTION_EXPLAIN)
		result = explain(options, &facts, err);
	else
		result = run(options, &facts, err);
	close_facts(&facts);
	return result;
}

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
	result = options_parse(&options, argc, argv, &err);
	if (!result) {
		switch (options.action) {
		case ACTION_HELP:
			options_help(stdout);
			result = finish_output(&err);
			break;
		case ACTION_VERSION:
			puts("bytetrace " VERSION);
			result = finish_output(&err);
			break;
		case ACTION_LIST_PROBES:
			result = privileges_check(&err);
			if (!result)
				result = probes_list(stdout, &err);
			if (!result)
				result = finish_output(&err);
			break;
		case ACTION_PRINT_SOURCE:
		case ACTION_PRINT_REWRITTEN:
		case ACTION_PRINT_ASM:
		case ACTION_PRINT_CFLAGS:
		case ACTION_CHECK:
		case ACTION_PRINT_FILTER:
		case ACTION_EXPLAIN:
		case ACTION_TRACE:
			result = with_facts(&options, &err);
			break;
		}
	}
	options_free(&options);
	if (!result)
		return STATUS_OK;
	if (err.text[0])
		fprintf(stderr, "bytetrace: %s\n", err.text);
	return (int)err.status;
}
