// SPDX-License-Identifier: GPL-2.0-only
#include "compile/type_dump.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "util/error.h"

#define NAME_SIZE 128 /* of a wanted type */

/* Kinds that the system headers of Debian 11 lack. */
enum { KIND_DECL_TAG = 17, KIND_TYPE_TAG = 18, KIND_ENUM64 = 19 };

/*
 * The roots of the dump. The optional ones are for hand-written probes: a kernel may be built
 * without them.
 */
static const struct {
	const char *name;
	__u32 kind;
	bool optional;
} roots[] = {
	{ "__u8", BTF_KIND_TYPEDEF, false },	  { "__u16", BTF_KIND_TYPEDEF, false },
	{ "__u32", BTF_KIND_TYPEDEF, false },	  { "__u64", BTF_KIND_TYPEDEF, false },
	{ "__s8", BTF_KIND_TYPEDEF, true },	  { "__s16", BTF_KIND_TYPEDEF, true },
	{ "__s32", BTF_KIND_TYPEDEF, false },	  { "__s64", BTF_KIND_TYPEDEF, false },
	{ "u8", BTF_KIND_TYPEDEF, false },	  { "u16", BTF_KIND_TYPEDEF, false },
	{ "u32", BTF_KIND_TYPEDEF, false },	  { "u64", BTF_KIND_TYPEDEF, false },
	{ "s8", BTF_KIND_TYPEDEF, true },	  { "s16", BTF_KIND_TYPEDEF, true },
	{ "s32", BTF_KIND_TYPEDEF, true },	  { "s64", BTF_KIND_TYPEDEF, true },
	{ "bool", BTF_KIND_TYPEDEF, false },	  { "size_t", BTF_KIND_TYPEDEF, false },
	{ "uintptr_t", BTF_KIND_TYPEDEF, true },  { "__be16", BTF_KIND_TYPEDEF, false },
	{ "__be32", BTF_KIND_TYPEDEF, false },	  { "__be64", BTF_KIND_TYPEDEF, true },
	{ "__le16", BTF_KIND_TYPEDEF, true },	  { "__le32", BTF_KIND_TYPEDEF, true },
	{ "__sum16", BTF_KIND_TYPEDEF, false },	  { "__wsum", BTF_KIND_TYPEDEF, false },
	{ "pid_t", BTF_KIND_TYPEDEF, true },	  { "pt_regs", BTF_KIND_STRUCT, false },
	{ "sk_buff", BTF_KIND_STRUCT, false },	  { "skb_shared_info", BTF_KIND_STRUCT, false },
	{ "net_device", BTF_KIND_STRUCT, false }, { "net", BTF_KIND_STRUCT, false },
	{ "sock", BTF_KIND_STRUCT, false },	  { "iphdr", BTF_KIND_STRUCT, false },
	{ "ethhdr", BTF_KIND_STRUCT, true },	  { "vlan_hdr", BTF_KIND_STRUCT, true },
	{ "arphdr", BTF_KIND_STRUCT, true },	  { "ipv6hdr", BTF_KIND_STRUCT, true },
	{ "tcphdr", BTF_KIND_STRUCT, true },	  { "udphdr", BTF_KIND_STRUCT, true },
	{ "icmphdr", BTF_KIND_STRUCT, true },	  { "icmp6hdr", BTF_KIND_STRUCT, true },
	{ "inet_sock", BTF_KIND_STRUCT, true },	  { "tcp_sock", BTF_KIND_STRUCT, true },
	{ "udp_sock", BTF_KIND_STRUCT, true },	  { "dst_entry", BTF_KIND_STRUCT, true },
	{ "neighbour", BTF_KIND_STRUCT, true },	  { "skb_drop_reason", BTF_KIND_ENUM, true },
	{ "page", BTF_KIND_STRUCT, false },	  { "socket_alloc", BTF_KIND_STRUCT, true },
};

/*
 * libbpf prints the declarations through this callback; the context is the stream. It declares
 * padding as unnamed bit-fields. LLVM before 19 merges consecutive ones into one integer, which
 * libbcc makes it align differently than clang does, so that all later members would be read at
 * wrong offsets. A bit-field of width 0 after each keeps them apart.
 */
static void print_text(void *out, const char *format, va_list args)
{
	char *text;

	if (!strstr(format, ": %d;")) {
		vfprintf(out, format, args);
	} else if (vasprintf(&text, format, args) >= 0) {
		fprintf(out, "%s%s", text, strstr(text, "long: 64;") ? " long: 0;" : "");
		free(text);
	}
}

static struct btf_dump *dump_create(struct btf *btf, FILE *out)
{
#ifdef LIBBPF_MAJOR_VERSION
	return btf_dump__new(btf, print_text, out, NULL);
#else /* libbpf before 0.6 */
	struct btf_dump_opts options = { .ctx = out };

	return btf_dump__new(btf, NULL, &options, print_text);
#endif
}

/* Whether a struct has a member, directly or in an anonymous struct or union in it. */
static bool has_member(const struct btf *btf, __u32 id, const char *name, int depth)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const struct btf_member *member;

	if (!type || depth == 0 || !btf_is_composite(type))
		return false;
	member = btf_members(type);
	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const char *member_name = btf__name_by_offset(btf, member->name_off);

		if (member_name && strcmp(member_name, name) == 0)
			return true;
		if ((!member_name || !member_name[0]) &&
		    has_member(btf, member->type, name, depth - 1))
			return true;
	}
	return false;
}

/*
 * The names become C text, so anything else than an identifier could become code. `also`: other
 * characters that are valid in the names of this kind of type.
 */
static bool is_name(const struct btf *btf, __u32 offset, const char *also)
{
	const char *name = btf__name_by_offset(btf, offset);

	if (!name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_' && !strchr(also, *name))
			return false;
	return true;
}

/* Check the names of members, enumerators and parameters: each begins a struct behind the type. */
static bool has_named_parts(const struct btf *btf, const struct btf_type *type)
{
	const char *part = (const char *)(type + 1);
	size_t size;

	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		size = sizeof(struct btf_member);
		break;
	case BTF_KIND_ENUM:
		size = sizeof(struct btf_enum);
		break;
	case KIND_ENUM64:
		size = 3 * sizeof(__u32);
		break;
	case BTF_KIND_FUNC_PROTO:
		size = sizeof(struct btf_param);
		break;
	default:
		return true;
	}
	for (int i = 0; i < btf_vlen(type); i++, part += size) {
		__u32 offset;

		memcpy(&offset, part, sizeof(offset));
		if (!is_name(btf, offset, ""))
			return false;
	}
	return true;
}

/* Check every name that libbpf may print. */
static int check_names(const struct btf *btf, struct error *err)
{
	const struct btf_type *type;

	for (__u32 id = 1; (type = btf__type_by_id(btf, id)); id++) {
		const char *also = "";

		switch (btf_kind(type)) {
		case BTF_KIND_FUNC: /* these are never printed */
		case BTF_KIND_VAR:
		case BTF_KIND_DATASEC:
		case KIND_DECL_TAG:
			continue;
		case BTF_KIND_INT: /* "long unsigned int" */
			also = " ";
			break;
		case KIND_TYPE_TAG: /* "address_space(1)", between double quotes */
			also = "()";
			break;
		}
		if (!is_name(btf, type->name_off, also) || !has_named_parts(btf, type))
			return error_set(
				err, STATUS_ENVIRONMENT, EINVAL,
				"the BTF is damaged: the name of type %u is not an identifier", id);
	}
	return 0;
}

/* The ID of a struct, union or enum, or 0. */
static __u32 find_wanted(const struct btf *btf, const char *name)
{
	static const __u32 kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM };
	__s32 id = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && id <= 0; i++)
		id = btf__find_by_name_kind(btf, name, kinds[i]);
	return id > 0 ? (__u32)id : 0;
}

/* Copy the name on the first line of *names, and advance. False: no more. */
static bool next_name(const char **names, char name[NAME_SIZE])
{
	size_t length = strcspn(*names, "\n");

	if (length == 0)
		return false;
	snprintf(name, NAME_SIZE, "%.*s", (int)length, *names);
	*names += length + ((*names)[length] == '\n');
	return true;
}

/* Dump the wanted types that this BTF has. */
static int dump_wanted(struct btf_dump *dump, const struct btf *btf, const char *wanted,
		       struct error *err)
{
	char name[NAME_SIZE], quoted[ERROR_QUOTE_SIZE];

	while (next_name(&wanted, name)) {
		__u32 id = find_wanted(btf, name);

		if (id && btf_dump__dump_type(dump, id))
			return error_set(err, STATUS_ENVIRONMENT, EINVAL,
					 "cannot dump the type %s from the BTF",
					 error_quote(quoted, name));
	}
	return 0;
}

static int dump_types(FILE *out, struct btf *btf, const char *wanted, struct type_dump *found,
		      struct error *err)
{
	struct btf_dump *dump = dump_create(btf, out);
	int result;

	if (libbpf_get_error(dump))
		return error_nomem(err);
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		__s32 id = btf__find_by_name_kind(btf, roots[i].name, roots[i].kind);

		if (id < 0 && roots[i].optional)
			continue;
		if (id < 0) {
			result = error_set(err, STATUS_ENVIRONMENT, ENOENT,
					   "the BTF lacks the type \"%s\"", roots[i].name);
			goto out;
		}
		if (btf_dump__dump_type(dump, (__u32)id)) {
			result = error_set(err, STATUS_ENVIRONMENT, EINVAL,
					   "cannot dump the type \"%s\" from the BTF",
					   roots[i].name);
			goto out;
		}
		if (strcmp(roots[i].name, "sk_buff") == 0)
			found->vlan_all = has_member(btf, (__u32)id, "vlan_all", 8);
	}
	result = dump_wanted(dump, btf, wanted, err);
out:
	btf_dump__free(dump);
	return result;
}

/* Whether a wanted type is missing in the BTF of the kernel itself. */
static bool lacks_wanted(const struct btf *btf, const char *wanted)
{
	char name[NAME_SIZE];

	while (next_name(&wanted, name))
		if (!find_wanted(btf, name))
			return true;
	return false;
}

/*
 * libbpf separates declarations by blank lines. Two declare the same type if their first lines name
 * it and are equal, or if all of their text is equal.
 */
static size_t key_length(const char *block, size_t length)
{
	size_t line = strcspn(block, "\n");
	bool named = line > 0 && block[line - 1] == '{' && strncmp(block, "typedef", 7) != 0 &&
		     block[strcspn(block, " ") + 1] != '{';

	return named ? line : length;
}

static size_t block_length(const char *block)
{
	const char *end = strstr(block, "\n\n");

	return end ? (size_t)(end - block) + 2 : strlen(block);
}

static bool has_block(const char *text, const char *block, size_t length)
{
	for (; *text; text += block_length(text))
		if (key_length(text, block_length(text)) == length &&
		    strncmp(text, block, length) == 0)
			return true;
	return false;
}

/* Write the declarations in `more` that `text` lacks. */
static void add_blocks(FILE *out, const char *text, const char *more)
{
	for (; *more; more += block_length(more)) {
		size_t length = block_length(more);

		if (!has_block(text, more, key_length(more, length)))
			fwrite(more, 1, length, out);
	}
}

/*
 * Dump the wanted types of a module, whose BTF extends the kernel's. Returns the text, which the
 * caller frees, or NULL if the module has no wanted type that the kernel lacks.
 */
static char *dump_module(struct btf *base, const char *path, const char *wanted)
{
	struct btf *btf = btf__parse_split(path, base);
	char name[NAME_SIZE], *text = NULL;
	struct btf_dump *dump;
	struct error ignored;
	bool found = false;
	size_t size;
	FILE *out;

	if (libbpf_get_error(btf))
		return NULL;
	for (const char *at = wanted; next_name(&at, name);)
		found |= !find_wanted(base, name) && find_wanted(btf, name);
	if (!found || check_names(btf, &ignored))
		goto out;
	out = open_memstream(&text, &size);
	if (!out)
		goto out;
	dump = dump_create(btf, out);
	if (!libbpf_get_error(dump)) {
		dump_wanted(dump, btf, wanted, &ignored);
		btf_dump__free(dump);
	}
	fclose(out);
out:
	btf__free(btf);
	return text;
}

/* Dump the wanted types that only modules have; `text` is the dump of the kernel's own. */
static void dump_modules(FILE *out, struct btf *base, const char *wanted, const char *directory,
			 const char *text, struct type_dump *found)
{
	DIR *modules = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX];
	char *more;

	if (!modules)
		return;
	while (found->module_count < TYPE_DUMP_MAX_MODULES && (entry = readdir(modules))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "vmlinux") == 0 ||
		    strlen(entry->d_name) >= TYPE_DUMP_MODULE_SIZE)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		more = dump_module(base, path, wanted);
		if (!more)
			continue;
		add_blocks(out, text, more);
		free(more);
		snprintf(found->modules[found->module_count++], TYPE_DUMP_MODULE_SIZE, "%s",
			 entry->d_name);
	}
	closedir(modules);
}

int type_dump_write(FILE *out, int fd, const char *name, const char *wanted, const char *modules,
		    struct type_dump *found, struct error *err)
{
	char path[64], reason[128], *text = NULL;
	struct btf *btf;
	size_t size;
	FILE *kernel;
	int result;

	memset(found, 0, sizeof(*found));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	libbpf_set_print(NULL);
	btf = btf__parse(path, NULL);
	if (libbpf_get_error(btf)) {
		libbpf_strerror((int)libbpf_get_error(btf), reason, sizeof(reason));
		return error_set(err, STATUS_ENVIRONMENT, EINVAL, "cannot read the %s: %s", name,
				 reason);
	}
	result = check_names(btf, err);
	if (result)
		goto out;
	kernel = open_memstream(&text, &size);
	if (!kernel) {
		result = error_nomem(err);
		goto out;
	}
	result = dump_types(kernel, btf, wanted, found, err);
	if (fclose(kernel) && !result)
		result = error_nomem(err);
	if (result)
		goto out;
	fputs(text, out);
	if (modules && lacks_wanted(btf, wanted))
		dump_modules(out, btf, wanted, modules, text, found);
out:
	free(text);
	btf__free(btf);
	return result;
}
