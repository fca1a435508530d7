// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/digest.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "util/error.h"

/* Kinds that the headers of Debian 11 lack. */
enum { KIND_DECL_TAG = 17, KIND_TYPE_TAG = 18, KIND_ENUM64 = 19 };

/*
 * The roots of the digest. Those marked optional are for probes written by hand: a kernel may be
 * built without them.
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
	{ "page", BTF_KIND_STRUCT, false },
};

/* libbpf prints the declarations through this; the context is the stream. */
static void print_text(void *out, const char *format, va_list args)
{
	vfprintf(out, format, args);
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

/* Whether a struct has a member, in itself or in an anonymous struct or union of it. */
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
 * The names become C text, so one that is no name could become code. `also` is what a kind of
 * type may have in its names beyond letters, digits and '_'.
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

/* The names within a type: they start each of the structs that follow it. */
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

/* Whether every name that libbpf may print is one. */
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
			return error_set(err, STATUS_ENVIRONMENT, EINVAL,
					 "the BTF is damaged: type %u has a name that is not one",
					 id);
	}
	return 0;
}

/* What a program asks for by name, as far as it is there. */
static int dump_wanted(struct btf_dump *dump, const struct btf *btf, const char *wanted,
		       struct error *err)
{
	static const __u32 kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM };
	char name[128], quoted[ERROR_QUOTE_SIZE];

	for (; *wanted; wanted += strcspn(wanted, "\n"), wanted += *wanted == '\n') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(wanted, "\n"), wanted);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			__s32 id = btf__find_by_name_kind(btf, name, kinds[i]);

			if (id > 0 && btf_dump__dump_type(dump, (__u32)id))
				return error_set(err, STATUS_ENVIRONMENT, EINVAL,
						 "the BTF of type %s cannot be read",
						 error_quote(quoted, name));
		}
	}
	return 0;
}

static int dump_types(FILE *out, struct btf *btf, const char *wanted, bool *vlan_all,
		      struct error *err)
{
	struct btf_dump *dump = dump_create(btf, out);
	int result = 0;

	if (libbpf_get_error(dump))
		return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots) && !result; i++) {
		__s32 id = btf__find_by_name_kind(btf, roots[i].name, roots[i].kind);

		if (id < 0 && roots[i].optional)
			continue;
		if (id < 0)
			result = error_set(err, STATUS_ENVIRONMENT, ENOENT,
					   "the BTF lacks the type \"%s\"", roots[i].name);
		else if (btf_dump__dump_type(dump, (__u32)id))
			result = error_set(err, STATUS_ENVIRONMENT, EINVAL,
					   "the BTF of type \"%s\" cannot be read", roots[i].name);
		else if (strcmp(roots[i].name, "sk_buff") == 0)
			*vlan_all = has_member(btf, (__u32)id, "vlan_all", 8);
	}
	if (!result)
		result = dump_wanted(dump, btf, wanted, err);
	btf_dump__free(dump);
	return result;
}

int digest_write(FILE *out, int fd, const char *wanted, bool *vlan_all, struct error *err)
{
	char path[64];
	struct btf *btf;
	int result;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	libbpf_set_print(NULL);
	btf = btf__parse(path, NULL);
	if (libbpf_get_error(btf))
		return error_set(err, STATUS_ENVIRONMENT, EINVAL,
				 "the file holds no BTF that libbpf can read: %s",
				 strerror((int)-libbpf_get_error(btf)));
	result = check_names(btf, err);
	if (!result)
		result = dump_types(out, btf, wanted, vlan_all, err);
	btf__free(btf);
	return result;
}
