// SPDX-License-Identifier: GPL-2.0-only
/*
 * BTF from files: what is refused before libbpf sees it, that libbpf survives the rest, and
 * declarations of several modules whose names collide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cmocka.h>

#include "compile/btf_bytes.h"
#include "compile/btf_file.h"
#include "compile/type_dump.h"
#include "util/error.h"

/* A BTF written by hand, so that it can be wrong. */
struct writer {
	uint32_t words[256];
	size_t count;
	char names[1024];
	size_t names_size;
	size_t types; /* bytes; 0: as many as there are */
};

static struct writer start(void)
{
	return (struct writer){ .names_size = 1 };
}

static uint32_t name(struct writer *to, const char *text)
{
	uint32_t at = (uint32_t)to->names_size;

	if (!*text)
		return 0;
	strcpy(to->names + to->names_size, text);
	to->names_size += strlen(text) + 1;
	return at;
}

static void word(struct writer *to, uint32_t value)
{
	to->words[to->count++] = value;
}

static void type(struct writer *to, unsigned int kind, const char *text, uint32_t count,
		 uint32_t size)
{
	word(to, name(to, text));
	word(to, kind << 24 | count);
	word(to, size);
}

static void integer(struct writer *to, const char *text, uint32_t size)
{
	type(to, BTF_BYTES_INT, text, 0, size);
	word(to, size * 8);
}

static void part(struct writer *to, const char *text, uint32_t second, uint32_t third)
{
	word(to, name(to, text));
	word(to, second);
	word(to, third);
}

static size_t finish(const struct writer *from, unsigned char *bytes)
{
	size_t types = from->types ? from->types : from->count * 4;
	uint32_t header[6] = {
		0x1eb9f, 24, 0, (uint32_t)types, (uint32_t)types, (uint32_t)from->names_size
	};

	memcpy(bytes, header, 24);
	memcpy(bytes + 24, from->words, types);
	memcpy(bytes + 24 + types, from->names, from->names_size);
	return 24 + types + from->names_size;
}

static int check(const void *bytes, size_t size, char why[128])
{
	/* At the end of its memory, so that a sanitizer sees what is read behind it. */
	unsigned char *copy = malloc(size ? size : 1);
	struct btf_view view;
	int result;

	memcpy(copy, bytes, size);
	why[0] = '\0';
	result = btf_bytes_check(&view, copy, size, NULL, why, 128);
	free(copy);
	return result;
}

static void assert_refused(const struct writer *from, const char *reason)
{
	unsigned char bytes[4096];
	char why[128];

	assert_int_equal(check(bytes, finish(from, bytes), why), -22);
	assert_string_equal(why, reason);
}

static void assert_accepted(const struct writer *from)
{
	unsigned char bytes[4096];
	char why[128];

	if (check(bytes, finish(from, bytes), why))
		fail_msg("%s", why);
}

/* One of each kind that the kernel's BTF has. */
static struct writer all_kinds(void)
{
	struct writer to = start();

	integer(&to, "int", 4);		      /* 1 */
	integer(&to, "unsigned char", 1);     /* 2 */
	type(&to, BTF_BYTES_PTR, "", 0, 0);   /* 3: void * */
	type(&to, BTF_BYTES_ARRAY, "", 0, 0); /* 4: int[8] */
	word(&to, 1), word(&to, 1), word(&to, 8);
	type(&to, BTF_BYTES_TYPEDEF, "number", 0, 1); /* 5 */
	type(&to, BTF_BYTES_CONST, "", 0, 7);	      /* 6: const struct node */
	type(&to, BTF_BYTES_STRUCT, "node", 5, 96);   /* 7 */
	part(&to, "next", 8, 0);
	part(&to, "numbers", 4, 64);
	part(&to, "", 9, 320);
	part(&to, "fn", 12, 384);
	part(&to, "other", 14, 448);
	type(&to, BTF_BYTES_PTR, "", 0, 6);   /* 8: const struct node * */
	type(&to, BTF_BYTES_UNION, "", 2, 8); /* 9 */
	part(&to, "a", 5, 0);
	part(&to, "b", 10, 0);
	type(&to, BTF_BYTES_VOLATILE, "", 0, 2);   /* 10 */
	type(&to, BTF_BYTES_FUNC_PROTO, "", 2, 1); /* 11 */
	word(&to, name(&to, "node")), word(&to, 8);
	word(&to, 0), word(&to, 0);
	type(&to, BTF_BYTES_PTR, "", 0, 11);	     /* 12 */
	type(&to, BTF_BYTES_FWD, "elsewhere", 0, 0); /* 13 */
	type(&to, BTF_BYTES_PTR, "", 0, 13);	     /* 14 */
	type(&to, BTF_BYTES_ENUM, "colour", 2, 4);   /* 15 */
	word(&to, name(&to, "RED")), word(&to, 0);
	word(&to, name(&to, "GREEN")), word(&to, 7);
	type(&to, BTF_BYTES_FUNC, "call", 0, 11);   /* 16 */
	type(&to, BTF_BYTES_FLOAT, "double", 0, 8); /* 17 */
	type(&to, BTF_BYTES_VAR, "counter", 0, 1);  /* 18 */
	word(&to, 1);
	type(&to, BTF_BYTES_DATASEC, ".data", 1, 4); /* 19 */
	word(&to, 18), word(&to, 0), word(&to, 4);
	type(&to, BTF_BYTES_RESTRICT, "", 0, 3); /* 20 */
	return to;
}

static void kinds(void **state)
{
	struct writer to = all_kinds();

	(void)state;
	assert_accepted(&to);
	type(&to, BTF_BYTES_DECL_TAG, "user", 0, 7);
	word(&to, 1);
	type(&to, BTF_BYTES_TYPE_TAG, "rcu", 0, 7);
	type(&to, BTF_BYTES_ENUM64, "large", 1, 8);
	part(&to, "LARGE", 1, 1);
	assert_accepted(&to);
	type(&to, 20, "", 0, 0);
	assert_refused(&to, "type 24 is of the unknown kind 20");
}

static void headers(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
		const char *reason;
	} cases[] = {
		{ 0, 0, "it does not begin with a BTF header" },
		{ 2, 2, "version 2 of the format is not supported" },
		{ 4, 23, NULL },
		{ 4, 25, NULL },
		{ 7, 0xff, NULL },
		{ 8, 2, NULL },
		{ 11, 0xff, NULL },
		{ 12, 0xff, NULL },
		{ 15, 0xff, NULL },
		{ 16, 0xff, NULL },
		{ 19, 0xff, NULL },
		{ 20, 0, "its names do not begin and end with a NUL" },
		{ 20, 0xff, NULL },
		{ 23, 0xff, NULL },
	};
	struct writer to = start();
	unsigned char bytes[4096];
	char why[128], fit[64];
	size_t size;

	(void)state;
	integer(&to, "int", 4);
	size = finish(&to, bytes);
	snprintf(fit, sizeof(fit), "its sections do not fit in %zu bytes", size);
	assert_int_equal(check(bytes, size, why), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned char before = bytes[cases[i].at];

		bytes[cases[i].at] = cases[i].value;
		assert_int_equal(check(bytes, size, why), -22);
		assert_string_equal(why, cases[i].reason ? cases[i].reason : fit);
		bytes[cases[i].at] = before;
	}
	bytes[0] = 0xeb, bytes[1] = 0x9f;
	assert_int_equal(check(bytes, size, why), -22);
	assert_string_equal(why, "it has the byte order of another machine");
	assert_int_equal(check("", 0, why), -22);
	assert_string_equal(why, "it is shorter than a header");
}

static void references(void **state)
{
	struct writer to = start();

	(void)state;
	type(&to, BTF_BYTES_PTR, "", 0, 9000);
	assert_refused(&to, "type 1 refers to type 9000, which does not exist");
	to = all_kinds();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 4);
	part(&to, "m", 22, 0);
	assert_refused(&to, "type 21 refers to type 22, which does not exist");
	to = all_kinds();
	type(&to, BTF_BYTES_PTR, "", 0, 16);
	assert_refused(&to, "type 21 refers to type 16, which is not a type");
	to = start();
	word(&to, 77), word(&to, BTF_BYTES_FWD << 24), word(&to, 0);
	assert_refused(&to, "a name of type 1 is outside of the names");
	to = all_kinds();
	to.types = to.count * 4 - 4;
	assert_refused(&to, "type 20 is cut off");
}

static void sizes(void **state)
{
	struct writer to = start();

	(void)state;
	integer(&to, "int", 3);
	assert_refused(&to, "type 1 is an integer of 24 bits in 3 bytes");
	to = start();
	integer(&to, "int", 0);
	assert_refused(&to, "type 1 is an integer of 0 bits in 0 bytes");
	to = start();
	type(&to, BTF_BYTES_ENUM, "e", 0, 0);
	assert_refused(&to, "type 1 is an enum of 0 bytes");
	to = start();
	type(&to, BTF_BYTES_FLOAT, "f", 0, 0);
	assert_refused(&to, "type 1 is a float of 0 bytes");
	to = start();
	type(&to, BTF_BYTES_STRUCT, "s", 0, 0xffffffff);
	assert_refused(&to, "type 1 has 4294967295 bytes");
	to = all_kinds();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 4);
	part(&to, "m", 1, 0x7fffffff);
	assert_refused(&to, "a member of type 21 lies behind its end");
	to = all_kinds();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 4);
	part(&to, "m", 0, 0);
	assert_refused(&to, "type 21 has a member without a size");
	to = all_kinds();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 4);
	part(&to, "m", 13, 0);
	assert_refused(&to, "type 21 has a member without a size");
	to = all_kinds();
	type(&to, BTF_BYTES_ARRAY, "", 0, 0);
	word(&to, 11), word(&to, 1), word(&to, 8);
	assert_refused(&to, "type 21 is an array of a type without a size");
}

/* Types that C could not declare, on which libbpf recurses until the stack ends. */
static void loops(void **state)
{
	struct writer to = start();

	(void)state;
	type(&to, BTF_BYTES_TYPEDEF, "t", 0, 1);
	assert_refused(&to, "type 1 contains itself");
	to = start();
	type(&to, BTF_BYTES_PTR, "", 0, 2);
	type(&to, BTF_BYTES_CONST, "", 0, 1);
	assert_refused(&to, "type 2 contains itself");
	to = start();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 4);
	part(&to, "m", 1, 0);
	assert_refused(&to, "type 1 contains itself");
	to = start();
	type(&to, BTF_BYTES_STRUCT, "", 1, 8); /* only a name can be pointed to from within */
	part(&to, "m", 2, 0);
	type(&to, BTF_BYTES_PTR, "", 0, 1);
	assert_refused(&to, "type 2 contains itself");
	to = start();
	type(&to, BTF_BYTES_FUNC_PROTO, "", 0, 2);
	type(&to, BTF_BYTES_PTR, "", 0, 1);
	assert_refused(&to, "type 1 contains itself");
	to = start();
	type(&to, BTF_BYTES_STRUCT, "s", 1, 8);
	part(&to, "m", 2, 0);
	type(&to, BTF_BYTES_PTR, "", 0, 1);
	assert_accepted(&to);
}

static void nesting(void **state)
{
	struct writer to = start();
	static unsigned char bytes[64 * 1024];
	uint32_t *words = (uint32_t *)(bytes + 24);
	const uint32_t header[6] = { 0x1eb9f, 24, 0, 3000 * 12, 3000 * 12, 1 };
	char why[128];

	(void)state;
	/* Each doubles what has no name. */
	integer(&to, "int", 4);
	for (uint32_t i = 1; i <= 25; i++) {
		type(&to, BTF_BYTES_UNION, "", 2, 4);
		part(&to, "", i, 0);
		part(&to, "", i, 0);
	}
	assert_refused(&to, "its types are nested too deeply");
	/* Each level is looked at before the next. */
	memcpy(bytes, header, sizeof(header));
	for (uint32_t i = 0; i < 3000; i++) {
		words[3 * i + 1] = BTF_BYTES_PTR << 24;
		words[3 * i + 2] = i;
	}
	assert_int_equal(check(bytes, 24 + 3000 * 12 + 1, why), -22);
	assert_string_equal(why, "its types are nested too deeply");
	/* Each leads to the next. */
	for (uint32_t i = 0; i < 3000; i++)
		words[3 * i + 2] = i + 2 <= 3000 ? i + 2 : 0;
	assert_int_equal(check(bytes, 24 + 3000 * 12 + 1, why), -22);
	assert_string_equal(why, "its types are nested too deeply");
}

static void print_nothing(void *context, const char *format, va_list args)
{
	(void)context;
	(void)format;
	(void)args;
}

static struct btf_dump *dump_create(struct btf *btf)
{
#ifdef LIBBPF_MAJOR_VERSION
	return btf_dump__new(btf, print_nothing, NULL, NULL);
#else
	struct btf_dump_opts options = { .ctx = NULL };

	return btf_dump__new(btf, NULL, &options, print_nothing);
#endif
}

/* Have libbpf print all types. */
static void dump_all(const void *bytes, size_t size)
{
	struct btf *btf = btf__new(bytes, (__u32)size);
	struct btf_dump *dump;

	if (libbpf_get_error(btf))
		return;
	dump = dump_create(btf);
	if (!libbpf_get_error(dump)) {
		for (__u32 id = 1; btf__type_by_id(btf, id); id++)
			btf_dump__dump_type(dump, id);
		btf_dump__free(dump);
	}
	btf__free(btf);
}

static void truncated(void **state)
{
	const struct writer to = all_kinds();
	unsigned char bytes[4096];
	const size_t size = finish(&to, bytes);
	char why[128];

	(void)state;
	for (size_t i = 0; i < size; i++)
		assert_int_equal(check(bytes, i, why), -22);
	assert_int_equal(check(bytes, size, why), 0);
	dump_all(bytes, size);
}

/* Whatever is accepted does not crash libbpf. */
static void mutated(void **state)
{
	const struct writer to = all_kinds();
	unsigned char bytes[4096], changed[4096];
	const size_t size = finish(&to, bytes);
	unsigned int accepted = 0;
	char why[128];

	(void)state;
	libbpf_set_print(NULL);
	srandom(13);
	for (int i = 0; i < 5000; i++) {
		memcpy(changed, bytes, size);
		for (long left = 1 + random() % 4; left > 0; left--) {
			size_t at = (size_t)random() % size;

			changed[at] = random() % 2 ? (unsigned char)(random() % 24)
						   : (unsigned char)random();
		}
		if (check(changed, size, why))
			continue;
		accepted++;
		dump_all(changed, size);
	}
	assert_true(accepted > 100);
}

/* An ELF file with the sections "", ".names" and ".BTF". */
static size_t make_elf(unsigned char *file, const void *btf, size_t size)
{
	static const char names[] = "\0.names\0.BTF";
	const uint64_t names_at = 64 + 3 * 64, btf_at = names_at + sizeof(names);
	const uint64_t sections[3][8] = {
		{ 0 },
		{ 3ull << 32 | 1, 0, 0, names_at, sizeof(names) },
		{ 1ull << 32 | 8, 0, 0, btf_at, size },
	};
	const uint64_t start_of_sections = 64;
	const uint16_t shape[] = { 64, 3, 1 };

	memset(file, 0, 64);
	memcpy(file, "\177ELF\2\1\1", 7);
	memcpy(file + 40, &start_of_sections, 8);
	memcpy(file + 58, shape, sizeof(shape));
	memcpy(file + 64, sections, sizeof(sections));
	memcpy(file + names_at, names, sizeof(names));
	memcpy(file + btf_at, btf, size);
	return btf_at + size;
}

static int read_bytes(const void *bytes, size_t size, void **found, size_t *found_size,
		      char why[128])
{
	int fd = memfd_create("test", 0);
	int result;

	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	why[0] = '\0';
	result = btf_file_read(fd, found, found_size, why, 128);
	close(fd);
	return result;
}

static void files(void **state)
{
	const struct writer to = all_kinds();
	unsigned char bytes[4096], file[8192];
	const size_t size = finish(&to, bytes);
	const size_t file_size = make_elf(file, bytes, size);
	void *found;
	size_t found_size;
	char why[128];
	int pipes[2];

	(void)state;
	assert_int_equal(read_bytes(bytes, size, &found, &found_size, why), 0);
	assert_int_equal(found_size, size);
	assert_memory_equal(found, bytes, size);
	free(found);
	assert_int_equal(read_bytes(file, file_size, &found, &found_size, why), 0);
	assert_int_equal(found_size, size);
	assert_memory_equal(found, bytes, size);
	free(found);

	for (size_t i = 64; i < file_size; i++)
		assert_int_equal(read_bytes(file, i, &found, &found_size, why), -22);
	file[8 + 64 + 3 * 64] = 'x';
	assert_int_equal(read_bytes(file, file_size, &found, &found_size, why), -22);
	assert_string_equal(why, "the ELF file has no section .BTF");
	file[4] = 1;
	assert_int_equal(read_bytes(file, file_size, &found, &found_size, why), -22);
	assert_string_equal(why, "it is an ELF file of another kind of machine");
	make_elf(file, bytes, size);
	for (int i = 0; i < 20000; i++) {
		unsigned char changed[8192];

		memcpy(changed, file, file_size);
		for (int j = 0; j < 2; j++)
			changed[(size_t)random() % (64 + 3 * 64)] = (unsigned char)random();
		if (read_bytes(changed, file_size, &found, &found_size, why) == 0)
			free(found);
	}
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(btf_file_read(pipes[0], &found, &found_size, why, sizeof(why)), -22);
	assert_string_equal(why, "it is not a regular file");
	close(pipes[0]);
	close(pipes[1]);
}

/* A kernel with the types that every dump has, and modules, in files as in /sys/kernel/btf. */
struct kernel {
	char directory[64];
	struct btf *btf;
	__s32 number; /* the ID of "unsigned int" */
};

static void save(const char *directory, const char *file, struct btf *btf)
{
	char path[128];
	__u32 size;
#ifdef LIBBPF_MAJOR_VERSION
	const void *bytes = btf__raw_data(btf, &size);
#else
	const void *bytes = btf__get_raw_data(btf, &size);
#endif
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	out = fopen(path, "w");
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(out);
}

static int make_kernel(void **state)
{
	static const char *const typedefs[] = { "__u8",	  "__u16",  "__u32",   "__u64",
						"__s32",  "__s64",  "u8",      "u16",
						"u32",	  "u64",    "bool",    "size_t",
						"__be16", "__be32", "__sum16", "__wsum" };
	static const char *const structs[] = { "pt_regs",    "sk_buff", "skb_shared_info",
					       "net_device", "net",	"sock",
					       "iphdr",	     "page" };
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	strcpy(kernel->directory, "/tmp/bytetrace-btf.XXXXXX");
	assert_non_null(mkdtemp(kernel->directory));
	kernel->btf = btf__new_empty();
	kernel->number = btf__add_int(kernel->btf, "unsigned int", 4, 0);
	for (size_t i = 0; i < sizeof(typedefs) / sizeof(*typedefs); i++)
		btf__add_typedef(kernel->btf, typedefs[i], kernel->number);
	for (size_t i = 0; i < sizeof(structs) / sizeof(*structs); i++) {
		btf__add_struct(kernel->btf, structs[i], 4);
		btf__add_field(kernel->btf, "first", kernel->number, 0, 0);
	}
	/* What modules collide with. */
	btf__add_struct(kernel->btf, "list", 4);
	btf__add_field(kernel->btf, "kernels", kernel->number, 0, 0);
	btf__add_typedef(kernel->btf, "word", kernel->number);
	btf__add_enum(kernel->btf, "state", 4);
	btf__add_enum_value(kernel->btf, "IDLE", 0);
	save(kernel->directory, "vmlinux", kernel->btf);
	*state = kernel;
	return 0;
}

static int free_kernel(void **state)
{
	struct kernel *kernel = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", kernel->directory);
	assert_int_equal(system(command), 0);
	btf__free(kernel->btf);
	free(kernel);
	return 0;
}

/* A module that defines every kind of type which another one may define, too. */
static void make_module(const struct kernel *kernel, const char *own, const char *member,
			__u32 enumerator)
{
	struct btf *btf = btf__new_empty_split(kernel->btf);
	char text[64];
	__s32 head, list, word_type, state_type, forward, pointer, function;

	head = btf__add_struct(btf, "rhash_head", 4);
	btf__add_field(btf, member, kernel->number, 0, 0);
	list = btf__add_struct(btf, "list", 8); /* the kernel's has 4 bytes */
	btf__add_field(btf, member, kernel->number, 32, 0);
	word_type = btf__add_typedef(btf, "word", head); /* the kernel's is a number */
	state_type = btf__add_enum(btf, "module_state", 4);
	btf__add_enum_value(btf, "BUSY", enumerator);
	btf__add_enum_value(btf, "IDLE", 0); /* the kernel has one */
	forward = btf__add_fwd(btf, strcmp(own, "first") ? "first_private" : "second_private",
			       BTF_FWD_STRUCT);
	pointer = btf__add_ptr(btf, forward);
	function = btf__add_func_proto(btf, kernel->number);
	btf__add_func_param(btf, "list", btf__add_ptr(btf, list));
	snprintf(text, sizeof(text), "%s_private", own);
	btf__add_struct(btf, text, 40);
	btf__add_field(btf, "head", head, 0, 0);
	btf__add_field(btf, "list", list, 32, 0);
	btf__add_field(btf, "word", word_type, 96, 0);
	btf__add_field(btf, "state", state_type, 128, 0);
	btf__add_field(btf, "other", pointer, 192, 0);
	btf__add_field(btf, "function", btf__add_ptr(btf, function), 256, 0);
	save(kernel->directory, own, btf);
	btf__free(btf);
}

static char *dump_modules(const struct kernel *kernel, const char *wanted, struct type_dump *found)
{
	struct error err = { .text = "" };
	char path[128], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size), *kernels;

	snprintf(path, sizeof(path), "%s/vmlinux", kernel->directory);
	kernels = fopen(path, "r");
	if (type_dump_write(out, fileno(kernels), "not valid", wanted, kernel->directory, found,
			    &err))
		fail_msg("%s", err.text);
	fclose(kernels);
	fclose(out);
	return text;
}

static void assert_compiles(const char *text)
{
	FILE *compiler = popen("${CC:-cc} -fsyntax-only -Werror -x c -", "w");

	fputs(text, compiler);
	if (pclose(compiler))
		fail_msg("%s", text);
}

static void colliding_modules(void **state)
{
	static const char check[] =
		"_Static_assert(sizeof(struct first_private) == 40, \"\");\n"
		"_Static_assert(__builtin_offsetof(struct first_private, word) == 12, \"\");\n"
		"_Static_assert(sizeof(struct second_private) == 40, \"\");\n"
		"_Static_assert(__builtin_offsetof(struct second_private, word) == 12, \"\");\n"
		"_Static_assert(sizeof(word) == 4, \"\");\n"
		"unsigned int own(struct first_private *a, struct second_private *b)\n"
		"{ return a->head.same + b->head.%s + a->other->head.%s + a->list.same; }\n";
	struct kernel *kernel = *state;
	static const char *const members[] = { "same", "different" };
	struct type_dump found;
	char *text, *whole;

	for (size_t i = 0; i < 2; i++) {
		make_module(kernel, "first", "same", 1);
		make_module(kernel, "second", members[i], (__u32)i + 1);
		text = dump_modules(kernel, "first_private\nsecond_private\nabsent\nlist\n",
				    &found);
		assert_string_equal(found.modules, "first\nsecond\n");
		assert_true(asprintf(&whole, check, members[i], members[i]) > 0);
		whole = realloc(whole, strlen(whole) + strlen(text) + 1);
		memmove(whole + strlen(text), whole, strlen(whole) + 1);
		memcpy(whole, text, strlen(text));
		assert_compiles(whole);
		free(whole);
		free(text);
		free(found.modules);
	}
}

static void only_needed_modules(void **state)
{
	struct kernel *kernel = *state;
	struct type_dump found;

	make_module(kernel, "first", "same", 1);
	make_module(kernel, "second", "same", 1);
	free(dump_modules(kernel, "second_private\n", &found));
	assert_string_equal(found.modules, "second\n");
	free(found.modules);
	free(dump_modules(kernel, "rhash_head\n", &found)); /* both have it */
	assert_string_equal(found.modules, "first\n");
	free(found.modules);
	free(dump_modules(kernel, "list\nabsent\n", &found)); /* the kernel has it */
	assert_string_equal(found.modules, "");
	free(found.modules);
}

/* A file that is no BTF among those of the modules. */
static void damaged_module(void **state)
{
	struct kernel *kernel = *state;
	struct type_dump found;
	char path[128], *text;
	FILE *file;

	make_module(kernel, "second", "same", 1);
	snprintf(path, sizeof(path), "%s/a_damaged_one", kernel->directory);
	file = fopen(path, "w");
	fputs("no BTF", file);
	fclose(file);
	text = dump_modules(kernel, "second_private\n", &found);
	unlink(path);
	assert_non_null(strstr(text, "struct second_private {"));
	assert_string_equal(found.modules, "second\n");
	free(found.modules);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(headers),
		cmocka_unit_test(references),
		cmocka_unit_test(sizes),
		cmocka_unit_test(loops),
		cmocka_unit_test(nesting),
		cmocka_unit_test(truncated),
		cmocka_unit_test(mutated),
		cmocka_unit_test(files),
		cmocka_unit_test_setup_teardown(colliding_modules, make_kernel, free_kernel),
		cmocka_unit_test_setup_teardown(only_needed_modules, make_kernel, free_kernel),
		cmocka_unit_test_setup_teardown(damaged_module, make_kernel, free_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
