// SPDX-License-Identifier: GPL-2.0-only
/*
 * Evaluate filter expressions on packets in three ways that must agree on every pair: by libpcap,
 * by the generated C compiled for this host, by the generated C in the kernel.
 *
 *     differential [-s SEED] [-n RANDOM_EXPRESSIONS] [-p PACKETS] [-c] [FILE...]
 *
 * FILE has an expression a line. -c goes on with other seeds until something differs.
 * Run in the root of the repository.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "expressions.h"
#include "filter/expression.h"
#include "kernel/types.h"
#include "packets.h"
#include "compile/child.h"
#include "bpf/image.h"
#include "bpf/sysbpf.h"
#include "generate/source.h"
#include "reference.h"
#include "util/error.h"
#include "util/file.h"

#define BATCH 24 /* expressions a compile for the kernel */
#define MAX_SHOWN 20

enum way { LIBPCAP, HOST, KERNEL, WAYS };
static const char *const way_names[WAYS] = { "libpcap", "host", "kernel" };

struct case_ {
	char *text;
	struct expression *expression;
	struct reference *reference;
	unsigned char *matches[WAYS]; /* for each packet; 2: there was no answer */
};

static struct case_ *cases;
static size_t case_count;
static struct packet *packets;
static size_t packet_count;

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
	fprintf(stderr, "differential: %s: %s\n", what, why);
	exit(1);
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("cannot allocate", strerror(ENOMEM));
	return memory;
}

/* Take an expression that libpcap takes; a listed one must be. */
static void add_case(const char *text, bool listed)
{
	struct expression *expression;
	struct error err;
	struct case_ *new;

	if (expression_compile(&expression, text, &err)) {
		if (listed)
			die(text, err.text);
		return;
	}
	cases = realloc(cases, (case_count + 1) * sizeof(*cases));
	if (!cases)
		die("cannot allocate", strerror(ENOMEM));
	new = &cases[case_count++];
	memset(new, 0, sizeof(*new));
	new->text = strdup(text);
	new->expression = expression;
	new->reference = reference_open(text);
	if (!new->reference)
		die(text, "libpcap refuses it");
	for (int way = 0; way < WAYS; way++) {
		new->matches[way] = allocate(packet_count, 1);
		memset(new->matches[way], 2, packet_count);
	}
}

static void read_cases(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	if (!file)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			add_case(line, true);
	}
	fclose(file);
}

static void copy_file(FILE *out, const char *path)
{
	char *text;
	int result = file_read_text(path, 1 << 20, &text);

	if (result)
		die(path, strerror(-result));
	fputs(text, out);
	free(text);
}

/* The expressions from `first` on with what is around them. `function`: how one is made callable.
 */
static void write_program(FILE *out, size_t first, size_t count, const char *function)
{
	fprintf(out, "#define INPUT_COUNT %zu\n", packet_count);
	copy_file(out, "templates/window.h");
	copy_file(out, "templates/headers.h");
	copy_file(out, "templates/frame.h");
	copy_file(out, "tests/filter/input.h");
	copy_file(out, "tests/filter/program.h");
	for (size_t i = first; i < first + count; i++) {
		fprintf(out, "#undef EXPRESSION_WINDOW\n#define expression_matches matches_%zu\n",
			i);
		expression_emit(cases[i].expression, out);
		fprintf(out, "#undef expression_matches\n");
		fprintf(out, function, i, i);
	}
}

/* The same text for this host: a library that the compiler makes of it. */
static void run_host(void)
{
	char directory[] = "/var/tmp/bytetrace-filter.XXXXXX";
	char source[sizeof(directory) + 16], library[sizeof(directory) + 16];
	char *command;
	const unsigned long *bad_reads;
	struct input *inputs;
	void *loaded;
	FILE *out;

	if (!mkdtemp(directory))
		die(directory, strerror(errno));
	snprintf(source, sizeof(source), "%s/host.c", directory);
	snprintf(library, sizeof(library), "%s/host.so", directory);
	out = fopen(source, "we");
	if (!out)
		die(source, strerror(errno));
	fprintf(out, "#define READABLE_SIZE %zu\n", sizeof(struct input));
	copy_file(out, "tests/filter/host.h");
	write_program(out, 0, case_count,
		      "int test_%zu(int index)\n{\n"
		      "\tstruct frame *frame = input_open(index, EXPRESSION_WINDOW);\n\n"
		      "\treturn frame ? matches_%zu(frame) : 2;\n}\n");
	fprintf(out, "struct input *const test_inputs = inputs_values;\n");
	fclose(out);
	if (asprintf(&command, "cc -w -O0 -shared -fPIC -o %s %s", library, source) < 0 ||
	    system(command) != 0)
		die(source, "the compiler failed");
	free(command);
	loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!loaded)
		die(library, dlerror());
	unlink(source);
	unlink(library);
	rmdir(directory);
	inputs = *(struct input **)dlsym(loaded, "test_inputs");
	bad_reads = dlsym(loaded, "bad_reads");
	for (size_t i = 0; i < packet_count; i++)
		inputs[i] = packets[i].input;
	for (size_t i = 0; i < case_count; i++) {
		char name[32];
		int (*test)(int);

		snprintf(name, sizeof(name), "test_%zu", i);
		*(void **)&test = dlsym(loaded, name);
		for (size_t packet = 0; packet < packet_count; packet++) {
			unsigned long before = *bad_reads;

			cases[i].matches[HOST][packet] = (unsigned char)test((int)packet);
			if (*bad_reads != before)
				cases[i].matches[HOST][packet] = 3;
		}
	}
	dlclose(loaded);
}

/* Run a program once; the function's result, or 2. */
static unsigned char run_program(int program_fd, uint64_t argument)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)program_fd;
	attr.test.ctx_in = (uint64_t)(uintptr_t)&argument;
	attr.test.ctx_size_in = sizeof(argument);
	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)))
		return 2;
	return (unsigned char)attr.test.retval;
}

/* What the kernel's verifier had most work with. */
static struct {
	uint32_t steps;
	size_t instructions, case_;
} hardest;

static void note_verified(int program_fd, size_t instructions, size_t case_)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program_fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ||
	    info.verified_insns < hardest.steps)
		return;
	hardest.steps = info.verified_insns;
	hardest.instructions = instructions;
	hardest.case_ = case_;
}

static void load_and_run(const struct image *image, const int *map_fds)
{
	for (size_t f = 0; f < image->function_count; f++) {
		const struct image_function *function = &image->functions[f];
		struct bpf_insn *code = allocate(function->count, sizeof(*code));
		size_t i = strtoul(function->name + strlen("test_"), NULL, 10);
		int fd;

		memcpy(code, image->instructions + function->first,
		       function->count * sizeof(*code));
		for (size_t k = 0; k < function->count; k++)
			if (image_is_map_load(&code[k]))
				code[k].imm = map_fds[code[k].imm];
		fd = sysbpf_program_load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, code, function->count,
					 "test", NULL, 0, 1);
		if (fd < 0)
			fprintf(stderr, "the kernel refuses %s: %s\n", cases[i].text,
				strerror(-fd));
		for (size_t packet = 0; packet < packet_count && fd >= 0; packet++)
			cases[i].matches[KERNEL][packet] = run_program(fd, packet);
		if (fd >= 0) {
			note_verified(fd, function->count, i);
			close(fd);
		}
		free(code);
	}
}

static void run_kernel_batch(const struct types *types, size_t first, size_t count)
{
	const char *const macros[] = { "-DPHYSICAL_GIGABYTES=1ULL", NULL };
	struct source source = { 0 };
	struct image image = { 0 };
	int map_fds[8];
	struct error err;
	FILE *out = open_memstream(&source.text, &source.length);

	fputs("#include <linux/skbuff.h>\n#define HOST_READABLE(input)\n"
	      "#ifndef offsetof\n#define offsetof(type, member) __builtin_offsetof(type, member)\n"
	      "#endif\n",
	      out);
	write_program(out, first, count,
		      "int test_%zu(struct bpf_raw_tracepoint_args *ctx)\n{\n"
		      "\tstruct frame *frame = input_open(ctx->args[0], EXPRESSION_WINDOW);\n\n"
		      "\treturn frame ? matches_%zu(frame) : 2;\n}\n");
	fclose(out);
	if (child_compile(&image, &source, macros, types, NULL, &err))
		die(cases[first].text, err.text);
	for (size_t map = 0; map < image.map_count; map++) {
		map_fds[map] = sysbpf_map_create(&image.maps[map], 0);
		if (map_fds[map] < 0)
			die(image.maps[map].name, strerror(-map_fds[map]));
		if (strcmp(image.maps[map].name, "inputs") != 0)
			continue;
		for (uint32_t i = 0; i < packet_count; i++)
			sysbpf_map_set(map_fds[map], &i, &packets[i].input);
	}
	load_and_run(&image, map_fds);
	for (size_t map = 0; map < image.map_count; map++)
		close(map_fds[map]);
	image_free(&image);
	source_free(&source);
}

static void run_kernel(const struct types *types)
{
	for (size_t first = 0; first < case_count; first += BATCH)
		run_kernel_batch(types, first,
				 case_count - first < BATCH ? case_count - first : BATCH);
}

static void run_libpcap(void)
{
	for (size_t i = 0; i < case_count; i++)
		for (size_t packet = 0; packet < packet_count; packet++)
			cases[i].matches[LIBPCAP][packet] =
				reference_matches(cases[i].reference, &packets[packet]);
}

static void show(const struct case_ *case_, const struct packet *packet, size_t index, bool kernel)
{
	printf("FAIL %s\n  %s\n ", case_->text, packet->name);
	for (int way = 0; way < (kernel ? WAYS : KERNEL); way++)
		printf(" %s: %u", way_names[way], case_->matches[way][index]);
	printf("\n  %s%u bytes, length %u:", packet->has_link ? "" : "no link, ", packet->there,
	       packet->length);
	for (uint32_t i = 0; i < packet->there && i < 256; i++)
		printf("%s%02x", i % 16 ? "" : " ", packet->frame[i]);
	printf("\n");
}

/* The pairs on which the ways disagree. */
static size_t compare(bool kernel)
{
	size_t different = 0;

	for (size_t i = 0; i < case_count; i++) {
		for (size_t packet = 0; packet < packet_count; packet++) {
			unsigned char *const *matches = cases[i].matches;
			bool same =
				matches[LIBPCAP][packet] == matches[HOST][packet] &&
				(!kernel || matches[LIBPCAP][packet] == matches[KERNEL][packet]);

			if (!same && different++ < MAX_SHOWN)
				show(&cases[i], &packets[packet], packet, kernel);
		}
	}
	return different;
}

/* How many expressions match some packets and not others: the rest tests little. */
static size_t count_telling(void)
{
	size_t telling = 0;

	for (size_t i = 0; i < case_count; i++) {
		const unsigned char *matches = cases[i].matches[LIBPCAP];

		telling += memchr(matches, 0, packet_count) && memchr(matches, 1, packet_count);
	}
	return telling;
}

static void free_all(void)
{
	for (size_t i = 0; i < case_count; i++) {
		free(cases[i].text);
		expression_free(cases[i].expression);
		reference_close(cases[i].reference);
		for (int way = 0; way < WAYS; way++)
			free(cases[i].matches[way]);
	}
	free(cases);
	free(packets);
	cases = NULL;
	case_count = 0;
}

/* One round of all; the number of pairs that differ. */
static size_t run(uint64_t seed, size_t random_count, size_t wanted_packets, char **files,
		  const struct types *types)
{
	struct random random = { seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	char text[2048];
	size_t different;

	packet_count = packets_make(&packets, &random, wanted_packets);
	for (; *files; files++)
		read_cases(*files);
	for (size_t i = 0; i < random_count; i++) {
		expressions_random(text, sizeof(text), &random);
		add_case(text, false);
	}
	run_libpcap();
	run_host();
	if (types)
		run_kernel(types);
	different = compare(types);
	printf("seed %llu: %zu expressions, %zu of them telling, x %zu packets: %zu pairs differ\n",
	       (unsigned long long)seed, case_count, count_telling(), packet_count, different);
	if (types && hardest.steps)
		printf("hardest to verify: %u steps for %zu instructions: %s\n", hardest.steps,
		       hardest.instructions, cases[hardest.case_].text);
	hardest.steps = 0;
	free_all();
	return different;
}

int main(int argc, char **argv)
{
	const struct types_request request = { 0 };
	struct types types = TYPES_CLOSED;
	uint64_t seed = 1;
	size_t random_count = 0, wanted_packets = 0;
	bool go_on = false;
	struct error err;
	int option;

	while ((option = getopt(argc, argv, "s:n:p:c")) != -1) {
		switch (option) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			random_count = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			wanted_packets = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			go_on = true;
			break;
		default:
			return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (types_open(&types, &request, &err))
		die("no types of the kernel", err.text);
	do {
		if (run(seed++, random_count, wanted_packets, argv + optind, &types))
			return 1;
	} while (go_on);
	types_close(&types);
	return 0;
}
