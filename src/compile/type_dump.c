// SPDX-License-Identifier: GPL-2.0-only
#include "compile/type_dump.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "compile/btf_bytes.h"
#include "compile/btf_file.h"
#include "compile/btf_join.h"
#include "util/error.h"

#define NAME_SIZE 128 /* of a wanted type */
#define WHY_SIZE 128

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
	case BTF_BYTES_ENUM64:
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
		case BTF_BYTES_DECL_TAG:
			continue;
		case BTF_KIND_INT: /* "long unsigned int" */
			also = " ";
			break;
		case BTF_BYTES_TYPE_TAG: /* "address_space(1)", between double quotes */
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

/* A checked BTF. */
struct btf_bytes {
	void *bytes;
	size_t size;
	struct btf_view view;
};

/* Read and check the BTF in a file. `base`: the kernel's, which that of a module extends. */
static int read_btf(struct btf_bytes *btf, int fd, const struct btf_extent *base, char *why,
		    size_t why_size)
{
	int result = btf_file_read(fd, &btf->bytes, &btf->size, why, why_size);

	if (result)
		return result;
	result = btf_bytes_check(&btf->view, btf->bytes, btf->size, base, why, why_size);
	if (result)
		free(btf->bytes);
	return result;
}

static int read_module(struct btf_bytes *btf, const char *path, const struct btf_extent *base)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char why[WHY_SIZE];
	int result;

	if (fd < 0)
		return -errno;
	result = read_btf(btf, fd, base, why, sizeof(why));
	close(fd);
	return result;
}

/* Find a name in a list of one per line. */
static char *find_line(char *list, const char *name)
{
	const size_t length = strlen(name);

	if (length == 0)
		return NULL;
	for (char *at = list; (at = strstr(at, name)); at++)
		if ((at == list || at[-1] == '\n') && at[length] == '\n')
			return at;
	return NULL;
}

/* Take the structs, unions and enums that a BTF defines off a list. False: it has none of them. */
static bool take_found(char *missing, const struct btf_view *view)
{
	struct btf_walk walk;
	bool found = false;

	btf_walk_start(&walk, view);
	while (btf_walk_next(&walk)) {
		uint32_t offset = btf_walk_name(&walk);
		char *line;

		if ((walk.kind != BTF_BYTES_STRUCT && walk.kind != BTF_BYTES_UNION &&
		     walk.kind != BTF_BYTES_ENUM) ||
		    offset < view->base.strings)
			continue;
		line = find_line(missing, view->strings + (offset - view->base.strings));
		if (!line)
			continue;
		found = true;
		memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
	}
	return found;
}

static int is_module(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strcmp(entry->d_name, "vmlinux") != 0 &&
	       !strchr(entry->d_name, '\n');
}

/*
 * Join the BTF of the modules that define the missing types: of each type the first in the order of
 * names, so that the result does not depend on the order in which modules were loaded.
 */
static int join_modules(struct btf_join *join, const char *directory, char *missing, FILE *names)
{
	struct dirent **modules;
	int count = scandir(directory, &modules, is_module, alphasort);
	char path[PATH_MAX];
	int result = 0;

	for (int i = 0; i < count; i++) {
		struct btf_bytes module;

		snprintf(path, sizeof(path), "%s/%s", directory, modules[i]->d_name);
		if (!result && *missing && read_module(&module, path, &join->kernel) == 0) {
			if (take_found(missing, &module.view)) {
				result = btf_join_add(join, &module.view);
				fprintf(names, "%s\n", modules[i]->d_name);
			}
			free(module.bytes);
		}
		free(modules[i]);
	}
	if (count >= 0)
		free(modules);
	return result;
}

/*
 * Add the types that only modules have to the kernel's BTF. found->modules says which modules these
 * are.
 */
static int add_modules(struct btf_bytes *kernel, const char *directory, const char *wanted,
		       struct type_dump *found, struct error *err)
{
	char *missing = strdup(wanted);
	struct btf_join join = { .types = NULL };
	size_t names_size;
	FILE *names = open_memstream(&found->modules, &names_size);
	void *bytes;
	int result = -ENOMEM;

	if (!missing || !names)
		goto out;
	result = 0;
	take_found(missing, &kernel->view);
	if (!*missing)
		goto out;
	result = btf_join_start(&join, &kernel->view);
	if (!result)
		result = join_modules(&join, directory, missing, names);
	if (result || join.added.types == 0)
		goto out;
	result = btf_join_finish(&join, &bytes, &kernel->size);
	if (!result) {
		free(kernel->bytes);
		kernel->bytes = bytes;
	}
out:
	if (names && fclose(names))
		result = -ENOMEM;
	btf_join_free(&join);
	free(missing);
	return result ? error_nomem(err) : 0;
}

int type_dump_write(FILE *out, int fd, const char *name, const char *wanted, const char *modules,
		    struct type_dump *found, struct error *err)
{
	char why[WHY_SIZE] = "it cannot be read";
	struct btf_bytes bytes;
	struct btf *btf;
	int result;

	memset(found, 0, sizeof(*found));
	result = read_btf(&bytes, fd, NULL, why, sizeof(why));
	if (result == -ENOMEM)
		return error_nomem(err);
	if (result)
		return error_set(err, STATUS_ENVIRONMENT, EINVAL, "%s: %s", name, why);
	result = modules ? add_modules(&bytes, modules, wanted, found, err) : 0;
	if (result) {
		free(bytes.bytes);
		return result;
	}
	libbpf_set_print(NULL);
	btf = btf__new(bytes.bytes, (__u32)bytes.size);
	free(bytes.bytes);
	if (libbpf_get_error(btf))
		return error_set(err, STATUS_ENVIRONMENT, EINVAL, "%s: libbpf cannot read it: %s",
				 name, strerror((int)-libbpf_get_error(btf)));
	result = check_names(btf, err);
	if (!result)
		result = dump_types(out, btf, wanted, found, err);
	btf__free(btf);
	return result;
}
