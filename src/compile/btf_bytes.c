// SPDX-License-Identifier: GPL-2.0-only
#include "compile/btf_bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0xeb9f
#define HEADER_SIZE 24
#define TYPE_SIZE 12
#define MAX_STRUCT (16u * 1024 * 1024) /* libbpf prints the gaps between members, word by word */
/* libbpf recurses, and repeats whatever has no name wherever it is used. */
#define MAX_DEPTH 256
#define MAX_PARTS (1u << 20)

/* Nothing in BTF needs to be aligned for this machine. */
static uint32_t word_at(const unsigned char *bytes, size_t offset)
{
	uint32_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/*
 * What is behind the 12 bytes of a type: `parts`, each of so many words, or one part if `once`. The
 * words of a part that are a name or an ID; -1: it has none.
 */
static const struct layout {
	unsigned int words;
	bool once;
	bool refers; /* the third word of the type is an ID, not a size */
	int name;
	int ids[2];
} layouts[BTF_BYTES_KINDS] = {
	[BTF_BYTES_INT] = { 1, true, false, -1, { -1, -1 } },
	[BTF_BYTES_PTR] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_ARRAY] = { 3, true, false, -1, { 0, 1 } },
	[BTF_BYTES_STRUCT] = { 3, false, false, 0, { 1, -1 } },
	[BTF_BYTES_UNION] = { 3, false, false, 0, { 1, -1 } },
	[BTF_BYTES_ENUM] = { 2, false, false, 0, { -1, -1 } },
	[BTF_BYTES_FWD] = { 0, true, false, -1, { -1, -1 } },
	[BTF_BYTES_TYPEDEF] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_VOLATILE] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_CONST] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_RESTRICT] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_FUNC] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_FUNC_PROTO] = { 2, false, true, 0, { 1, -1 } },
	[BTF_BYTES_VAR] = { 1, true, true, -1, { -1, -1 } },
	[BTF_BYTES_DATASEC] = { 3, false, false, -1, { 0, -1 } },
	[BTF_BYTES_FLOAT] = { 0, true, false, -1, { -1, -1 } },
	[BTF_BYTES_DECL_TAG] = { 1, true, true, -1, { -1, -1 } },
	[BTF_BYTES_TYPE_TAG] = { 0, true, true, -1, { -1, -1 } },
	[BTF_BYTES_ENUM64] = { 3, false, false, 0, { -1, -1 } },
};

static unsigned int kind_of(const unsigned char *type)
{
	return word_at(type, 4) >> 24 & 0x1f;
}

static size_t parts_of(const unsigned char *type)
{
	const struct layout *layout = &layouts[kind_of(type)];

	return layout->once ? layout->words > 0 : word_at(type, 4) & 0xffff;
}

void btf_walk_start(struct btf_walk *walk, const struct btf_view *view)
{
	*walk = (struct btf_walk){ .view = view, .next = view->types, .id = view->base.types };
}

bool btf_walk_next(struct btf_walk *walk)
{
	if (walk->next == walk->view->types + walk->view->types_size)
		return false;
	walk->type = walk->next;
	walk->id++;
	walk->kind = kind_of(walk->type);
	walk->count = parts_of(walk->type);
	walk->next += TYPE_SIZE + walk->count * layouts[walk->kind].words * sizeof(uint32_t);
	return true;
}

uint32_t btf_walk_name(const struct btf_walk *walk)
{
	return word_at(walk->type, 0);
}

void btf_walk_words(const struct btf_walk *walk, btf_word_visitor *name, btf_word_visitor *id,
		    void *context)
{
	const struct layout *layout = &layouts[walk->kind];

	name(context, 0);
	if (layout->refers)
		id(context, 8);
	for (size_t i = 0; i < walk->count; i++) {
		size_t part = TYPE_SIZE + i * layout->words * sizeof(uint32_t);

		if (layout->name >= 0)
			name(context, part + (size_t)layout->name * sizeof(uint32_t));
		for (size_t j = 0; j < 2; j++)
			if (layout->ids[j] >= 0)
				id(context, part + (size_t)layout->ids[j] * sizeof(uint32_t));
	}
}

/* A check that is under way. */
struct check {
	const struct btf_view *view;
	const unsigned char **types; /* by ID - base - 1 */
	struct btf_walk walk;	     /* the type whose words are visited */
	struct seen {
		uint32_t parts; /* printed where the type is used; 0: not known yet */
		uint16_t depth;
		bool open; /* the search is below this type */
	} * seen;	   /* two for each type: in itself, and through a pointer */
	char *why;
	size_t why_size;
	int result;
};

/* Say why the BTF is refused. The first reason counts. */
__attribute__((format(printf, 2, 3))) static int refuse(struct check *check, const char *format,
							...)
{
	va_list args;

	if (check->result)
		return check->result;
	va_start(args, format);
	vsnprintf(check->why, check->why_size, format, args);
	va_end(args);
	check->result = -EINVAL;
	return -EINVAL;
}

/* Find the parts of the bytes. */
static int check_header(struct check *check, struct btf_view *view, const unsigned char *bytes,
			size_t size)
{
	uint64_t header, types, types_size, strings, strings_size;
	uint16_t magic;

	if (size < HEADER_SIZE)
		return refuse(check, "it is shorter than a header");
	memcpy(&magic, bytes, sizeof(magic));
	if (magic == __builtin_bswap16(MAGIC))
		return refuse(check, "it has the byte order of another machine");
	if (magic != MAGIC)
		return refuse(check, "it does not begin with a BTF header");
	if (bytes[2] != 1)
		return refuse(check, "version %u of the format is not supported", bytes[2]);
	header = word_at(bytes, 4);
	types = header + word_at(bytes, 8);
	types_size = word_at(bytes, 12);
	strings = header + word_at(bytes, 16);
	strings_size = word_at(bytes, 20);
	if (header < HEADER_SIZE || types % 4 || types + types_size > size ||
	    strings + strings_size > size || types + types_size > strings)
		return refuse(check, "its sections do not fit in %zu bytes", size);
	if ((strings_size == 0 && view->base.strings == 0) ||
	    (strings_size > 0 && bytes[strings + strings_size - 1] != '\0') ||
	    (view->base.strings == 0 && bytes[strings] != '\0'))
		return refuse(check, "its names do not begin and end with a NUL");
	if (view->base.strings + strings_size > INT32_MAX)
		return refuse(check, "its names are too long");
	view->types = bytes + types;
	view->types_size = types_size;
	view->strings = (const char *)bytes + strings;
	view->strings_size = strings_size;
	view->end.strings = view->base.strings + (uint32_t)strings_size;
	view->end.types = view->base.types;
	return 0;
}

/* Count the types, so that a walk stays inside of the bytes. */
static int count_types(struct check *check, struct btf_view *view)
{
	const unsigned char *at = view->types;
	size_t left = view->types_size;

	while (left > 0) {
		const uint32_t id = ++view->end.types;
		unsigned int kind;
		size_t length;

		if (left < TYPE_SIZE)
			return refuse(check, "type %u is cut off", id);
		kind = kind_of(at);
		if (kind == 0 || kind >= BTF_BYTES_KINDS)
			return refuse(check, "type %u is of the unknown kind %u", id, kind);
		length = TYPE_SIZE + parts_of(at) * layouts[kind].words * sizeof(uint32_t);
		if (length > left)
			return refuse(check, "type %u is cut off", id);
		at += length;
		left -= length;
	}
	return 0;
}

static void check_name(void *context, size_t offset)
{
	struct check *check = context;
	uint32_t name = word_at(check->walk.type, offset);

	if (name >= check->view->end.strings)
		refuse(check, "a name of type %u is outside of the names", check->walk.id);
}

/* Whether a kind is that of a type that variables can have. */
static bool is_type(unsigned int kind)
{
	return kind != BTF_BYTES_FUNC && kind != BTF_BYTES_VAR && kind != BTF_BYTES_DATASEC &&
	       kind != BTF_BYTES_DECL_TAG;
}

static const unsigned char *own_type(const struct check *check, uint32_t id)
{
	return id > check->view->base.types ? check->types[id - check->view->base.types - 1] : NULL;
}

static void check_id(void *context, size_t offset)
{
	struct check *check = context;
	const struct btf_walk *walk = &check->walk;
	uint32_t id = word_at(walk->type, offset);
	const unsigned char *type;

	if (id > check->view->end.types) {
		refuse(check, "type %u refers to type %u, which does not exist", walk->id, id);
		return;
	}
	type = own_type(check, id);
	if (type && !is_type(kind_of(type)) && walk->kind != BTF_BYTES_DATASEC &&
	    walk->kind != BTF_BYTES_DECL_TAG)
		refuse(check, "type %u refers to type %u, which is not a type", walk->id, id);
}

static bool is_power_of_two(uint32_t value)
{
	return value > 0 && (value & (value - 1)) == 0;
}

/* Check sizes: libbpf divides by them, and counts up to them. */
static int check_sizes(struct check *check, const struct btf_walk *walk)
{
	const uint32_t size = word_at(walk->type, 8);
	const bool flag = word_at(walk->type, 4) >> 31;
	uint32_t bits;

	switch (walk->kind) {
	case BTF_BYTES_INT:
		bits = word_at(walk->type, TYPE_SIZE) & 0xff;
		if (!is_power_of_two(size) || size > 16 || bits > size * 8)
			return refuse(check, "type %u is an integer of %u bits in %u bytes",
				      walk->id, bits, size);
		return 0;
	case BTF_BYTES_ENUM:
	case BTF_BYTES_ENUM64:
		if (!is_power_of_two(size) || size > 8)
			return refuse(check, "type %u is an enum of %u bytes", walk->id, size);
		return 0;
	case BTF_BYTES_FLOAT:
		if (size == 0 || size % 2 || size > 16)
			return refuse(check, "type %u is a float of %u bytes", walk->id, size);
		return 0;
	case BTF_BYTES_STRUCT:
	case BTF_BYTES_UNION:
		if (size > MAX_STRUCT)
			return refuse(check, "type %u has %u bytes", walk->id, size);
		for (size_t i = 0; i < walk->count; i++) {
			bits = word_at(walk->type, TYPE_SIZE + 12 * i + 8);
			if ((flag ? bits & 0xffffff : bits) > (uint64_t)size * 8)
				return refuse(check, "a member of type %u lies behind its end",
					      walk->id);
		}
		return 0;
	default:
		return 0;
	}
}

static int check_types(struct check *check)
{
	struct btf_walk *walk = &check->walk;

	btf_walk_start(walk, check->view);
	while (btf_walk_next(walk)) {
		if (check_sizes(check, walk))
			return check->result;
		btf_walk_words(walk, check_name, check_id, check);
		if (check->result)
			return check->result;
	}
	return 0;
}

/* Whether a type leads to one whose size is known, through names, qualifiers and arrays. */
static bool has_size(const struct check *check, uint32_t id)
{
	/* Types of the base were checked with it. More steps than this are refused elsewhere. */
	for (int i = 0; i < MAX_DEPTH && id > 0; i++) {
		const unsigned char *type = own_type(check, id);

		if (!type)
			return true;
		switch (kind_of(type)) {
		case BTF_BYTES_TYPEDEF:
		case BTF_BYTES_VOLATILE:
		case BTF_BYTES_CONST:
		case BTF_BYTES_RESTRICT:
		case BTF_BYTES_TYPE_TAG:
			id = word_at(type, 8);
			break;
		case BTF_BYTES_ARRAY:
			id = word_at(type, TYPE_SIZE);
			break;
		case BTF_BYTES_FWD:
		case BTF_BYTES_FUNC_PROTO:
			return false;
		default:
			return true;
		}
	}
	return false;
}

static int visit(struct check *check, uint32_t id, bool by_pointer, unsigned int depth,
		 struct seen *found);

/* Visit a type that another one is made of, and add what it takes to print it. */
static int visit_part(struct check *check, uint32_t id, bool by_pointer, unsigned int depth,
		      struct seen *whole)
{
	struct seen part = { .parts = 1 };

	if (visit(check, id, by_pointer, depth + 1, &part))
		return check->result;
	whole->parts += part.parts;
	if (part.depth >= whole->depth)
		whole->depth = (uint16_t)(part.depth + 1);
	if (whole->parts > MAX_PARTS || whole->depth > MAX_DEPTH)
		return refuse(check, "its types are nested too deeply");
	return 0;
}

/* Visit what libbpf visits in order to print a type. */
static int visit_parts(struct check *check, uint32_t id, const unsigned char *type, bool by_pointer,
		       unsigned int depth, struct seen *whole)
{
	const size_t count = parts_of(type);

	switch (kind_of(type)) {
	case BTF_BYTES_PTR:
		return visit_part(check, word_at(type, 8), true, depth, whole);
	case BTF_BYTES_TYPEDEF:
	case BTF_BYTES_VOLATILE:
	case BTF_BYTES_CONST:
	case BTF_BYTES_RESTRICT:
	case BTF_BYTES_TYPE_TAG:
		return visit_part(check, word_at(type, 8), by_pointer, depth, whole);
	case BTF_BYTES_ARRAY:
		if (!has_size(check, word_at(type, TYPE_SIZE)))
			return refuse(check, "type %u is an array of a type without a size", id);
		return visit_part(check, word_at(type, TYPE_SIZE), by_pointer, depth, whole);
	case BTF_BYTES_STRUCT:
	case BTF_BYTES_UNION:
		for (size_t i = 0; i < count; i++) {
			uint32_t member = word_at(type, TYPE_SIZE + 12 * i + 4);

			if (!has_size(check, member))
				return refuse(check, "type %u has a member without a size", id);
			if (visit_part(check, member, false, depth, whole))
				return check->result;
		}
		return 0;
	case BTF_BYTES_FUNC_PROTO:
		for (size_t i = 0; i < count; i++)
			if (visit_part(check, word_at(type, TYPE_SIZE + 8 * i + 4), by_pointer,
				       depth, whole))
				return check->result;
		return visit_part(check, word_at(type, 8), by_pointer, depth, whole);
	case BTF_BYTES_ENUM:
	case BTF_BYTES_ENUM64:
		whole->parts += (uint32_t)count;
		return 0;
	default:
		return 0;
	}
}

/*
 * Search for a type that contains itself, in a way that C could not declare: only a pointer to a
 * struct or union with a name can lead back.
 */
static int visit(struct check *check, uint32_t id, bool by_pointer, unsigned int depth,
		 struct seen *found)
{
	const unsigned char *type = own_type(check, id);
	struct seen *seen;
	unsigned int kind;
	bool named;

	*found = (struct seen){ .parts = 1 };
	if (!type)
		return 0;
	kind = kind_of(type);
	named = word_at(type, 0) != 0;
	if (by_pointer && named && (kind == BTF_BYTES_STRUCT || kind == BTF_BYTES_UNION))
		return 0;
	seen = &check->seen[2 * (size_t)(id - check->view->base.types - 1) + by_pointer];
	if (seen->open)
		return refuse(check, "type %u contains itself", id);
	if (depth > MAX_DEPTH)
		return refuse(check, "its types are nested too deeply");
	if (!seen->parts) {
		seen->open = true;
		seen->parts = 1;
		if (visit_parts(check, id, type, by_pointer, depth, seen))
			return check->result;
		seen->open = false;
	}
	*found = *seen;
	/* What has a name is printed once, and then called by it. */
	if (named && kind != BTF_BYTES_TYPE_TAG)
		found->parts = 1;
	return 0;
}

static int check_nesting(struct check *check)
{
	struct btf_walk walk;
	struct seen ignored;

	btf_walk_start(&walk, check->view);
	while (btf_walk_next(&walk))
		if (visit(check, walk.id, false, 0, &ignored))
			return check->result;
	return 0;
}

int btf_bytes_check(struct btf_view *view, const void *bytes, size_t size,
		    const struct btf_extent *base, char *why, size_t why_size)
{
	struct check check = { .view = view, .why = why, .why_size = why_size };
	struct btf_walk walk;
	size_t count;
	int result;

	memset(view, 0, sizeof(*view));
	if (base)
		view->base = *base;
	result = check_header(&check, view, bytes, size);
	if (!result)
		result = count_types(&check, view);
	if (result)
		return result;
	count = view->end.types - view->base.types;
	check.types = calloc(count + 1, sizeof(*check.types));
	check.seen = calloc(count + 1, 2 * sizeof(*check.seen));
	if (!check.types || !check.seen) {
		result = -ENOMEM;
		goto out;
	}
	btf_walk_start(&walk, view);
	while (btf_walk_next(&walk))
		check.types[walk.id - view->base.types - 1] = walk.type;
	result = check_types(&check);
	if (!result)
		result = check_nesting(&check);
out:
	free(check.types);
	free(check.seen);
	return result;
}
