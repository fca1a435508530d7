/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_BTF_BYTES_H
#define BYTETRACE_COMPILE_BTF_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * BTF as bytes. libbpf trusts what it parses, and crashes on files that are not what they seem; so
 * everything from outside goes through btf_bytes_check() first. See Documentation/bpf/btf.rst of
 * the kernel for the format.
 */

/* Kinds of types; some are missing in the system headers of older distributions. */
enum {
	BTF_BYTES_INT = 1,
	BTF_BYTES_PTR,
	BTF_BYTES_ARRAY,
	BTF_BYTES_STRUCT,
	BTF_BYTES_UNION,
	BTF_BYTES_ENUM,
	BTF_BYTES_FWD,
	BTF_BYTES_TYPEDEF,
	BTF_BYTES_VOLATILE,
	BTF_BYTES_CONST,
	BTF_BYTES_RESTRICT,
	BTF_BYTES_FUNC,
	BTF_BYTES_FUNC_PROTO,
	BTF_BYTES_VAR,
	BTF_BYTES_DATASEC,
	BTF_BYTES_FLOAT,
	BTF_BYTES_DECL_TAG,
	BTF_BYTES_TYPE_TAG,
	BTF_BYTES_ENUM64,
	BTF_BYTES_KINDS,
};

/* How far IDs and offsets of names go: those of a split BTF begin behind its base's. */
struct btf_extent {
	uint32_t types;	  /* the last ID */
	uint32_t strings; /* bytes */
};

/* The parts of a checked BTF, which point into its bytes. */
struct btf_view {
	struct btf_extent base; /* { 0, 0 } without a base */
	struct btf_extent end;	/* with the base */
	const unsigned char *types;
	size_t types_size;
	const char *strings;
	size_t strings_size;
};

/*
 * Check that `bytes` are BTF of this machine's byte order which libbpf can print: sizes, offsets,
 * names, references, and no type that contains itself. `base`: the extent of the BTF that this one
 * extends, or NULL. Sets `view`. Returns 0, -ENOMEM, or -EINVAL with `why`, "type 7 refers to type
 * 9000, which does not exist".
 */
int btf_bytes_check(struct btf_view *view, const void *bytes, size_t size,
		    const struct btf_extent *base, char *why, size_t why_size);

/* One type of a walk. */
struct btf_walk {
	const struct btf_view *view;
	const unsigned char *type; /* its bytes */
	const unsigned char *next;
	uint32_t id;
	unsigned int kind;
	size_t count; /* of the parts that follow the type: members, enumerators, parameters */
};

/* Start a walk along the types of a view, and go on to the next type. False: that was the last. */
void btf_walk_start(struct btf_walk *walk, const struct btf_view *view);
bool btf_walk_next(struct btf_walk *walk);

/* The offset of the type's name. */
uint32_t btf_walk_name(const struct btf_walk *walk);

/*
 * Visit the offsets, in the type's bytes, of each word that is the offset of a name or the ID of a
 * type.
 */
typedef void btf_word_visitor(void *context, size_t offset);
void btf_walk_words(const struct btf_walk *walk, btf_word_visitor *name, btf_word_visitor *id,
		    void *context);

#endif
