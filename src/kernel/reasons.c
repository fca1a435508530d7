// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/reasons.h"

#include <ctype.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/enums.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#define CORE_PREFIX "SKB_DROP_REASON_"
#define SUBSYSTEM_PREFIX "SKB_DROP_REASON_SUBSYS_"
#define SUBSYSTEM_SHIFT 16
#define HEADER_MAX (1 << 20)

struct reasons {
	struct enums core; /* without prefix */
	bool given;
	char *btf_dir, *include_dir;

	bool subsystems_known; /* read, or found missing */
	struct enums subsystems;
	struct subsystem {
		bool known;
		struct enums names;
	} * details; /* one for each of `subsystems` */
};

/* The format file */

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\n");
}

/* Skip `text` and the space around it. False: other text follows. */
static bool accept(const char **at, const char *text)
{
	const char *start = skip_space(*at);

	if (strncmp(start, text, strlen(text)) != 0)
		return false;
	*at = skip_space(start + strlen(text));
	return true;
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static void strip_prefix(const char **name, size_t *length)
{
	size_t prefix = strlen(CORE_PREFIX);

	if (*length > prefix && strncmp(*name, CORE_PREFIX, prefix) == 0) {
		*name += prefix;
		*length -= prefix;
	}
}

/* Parse NUMBER, "NAME" }. Ignores others: in some kernels there are expressions. */
static int parse_pair(struct enums *core, const char *at)
{
	bool negative = accept(&at, "-");
	size_t length = word_length(at);
	uint64_t number;

	if (!text_number(at, length, UINT32_MAX, &number))
		return 0;
	at += length;
	if (!accept(&at, ",") || !accept(&at, "\""))
		return 0;
	length = word_length(at);
	if (length == 0 || at[length] != '"')
		return 0;
	strip_prefix(&at, &length);
	return enums_add(core, (uint32_t)(negative ? -number : number), at, length);
}

/* Parse the pairs of __print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, ...). */
static int parse_names(struct enums *core, const char *print)
{
	const char *call = "__print_symbolic";

	for (const char *at = print; (at = strstr(at, call));) {
		at += strlen(call);
		if (!accept(&at, "(") || !accept(&at, "REC->reason") || !accept(&at, ","))
			continue;
		while (accept(&at, "{")) {
			int result = parse_pair(core, at);

			if (result)
				return result;
			at += strcspn(at, "}");
			if (!accept(&at, "}") || !accept(&at, ","))
				break;
		}
	}
	return 0;
}

/* Whether there is a line like "field:enum skb_drop_reason reason;	offset:28; ...". */
static bool has_reason_field(const char *format, const char *print)
{
	const char *name = " reason;";

	for (const char *at = format; (at = strstr(at, "field:")) && at < print; at++) {
		const char *end = at + strcspn(at, ";\n");

		if (*end == ';' && (size_t)(end - at) >= strlen(name) &&
		    strncmp(end + 1 - strlen(name), name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static char *copy_string(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

void reasons_free(struct reasons *reasons)
{
	if (!reasons)
		return;
	for (size_t i = 0; reasons->details && i < reasons->subsystems.count; i++)
		enums_free(&reasons->details[i].names);
	free(reasons->details);
	enums_free(&reasons->subsystems);
	enums_free(&reasons->core);
	free(reasons->btf_dir);
	free(reasons->include_dir);
	free(reasons);
}

bool reasons_given(const struct reasons *reasons)
{
	return reasons->given;
}

int reasons_number(const struct reasons *reasons, const char *name, uint32_t *number)
{
	size_t length = strlen(name);
	const struct enumerator *found;

	strip_prefix(&name, &length);
	found = enums_by_name(&reasons->core, name, length);
	if (!found)
		return -ENOENT;
	*number = found->value;
	return 0;
}

/* Subsystems */

static void read_header(struct enums *enums, const struct enums_query *query,
			struct enums *constants, const char *dir, const char *suffix,
			const char *part)
{
	char *path, *text;

	if (asprintf(&path, "%s/net/dropreason%s%s.h", dir, suffix, part) < 0)
		return;
	if (file_read_text(path, HEADER_MAX, &text) == 0) {
		enums_from_header(enums, query, constants, text);
		free(text);
	}
	free(path);
}

/* Each header uses constants of those before it. */
static void find_in_headers(struct enums *enums, const struct enums_query *query, const char *dir,
			    const char *part)
{
	struct enums constants = { 0 };

	read_header(enums, query, &constants, dir, "-core", "");
	read_header(enums, query, &constants, dir, "", "");
	if (part)
		read_header(enums, query, &constants, dir, "-", part);
	enums_free(&constants);
}

/*
 * Look for an enum in BTF first, which certainly belongs to the running kernel. `part` is the name
 * of a module and of a header, dropreason-<part>.h, or NULL.
 */
static void find_enum(const struct reasons *reasons, struct enums *enums,
		      const struct enums_query *query, const char *part)
{
	if (reasons->btf_dir)
		enums_from_btf(enums, query, reasons->btf_dir, part);
	if (reasons->include_dir && enums->count == 0)
		find_in_headers(enums, query, reasons->include_dir, part);
	/* BTF took 10 MB; this runs at most a few times in a long trace. */
	malloc_trim(0);
}

/* The core's reasons from the kernel's own enum. */
static int find_core(struct reasons *reasons)
{
	const struct enums_query query = { .suffix = "skb_drop_reason",
					   .last = UINT32_MAX >> SUBSYSTEM_SHIFT };
	struct enums found = { 0 };
	int result = 0;

	find_enum(reasons, &found, &query, NULL);
	for (size_t i = 0; i < found.count && !result; i++) {
		const char *name = found.entries[i].name;
		size_t length = strlen(name);

		strip_prefix(&name, &length);
		result = enums_add(&reasons->core, found.entries[i].value, name, length);
	}
	enums_free(&found);
	return result;
}

int reasons_create(struct reasons **reasons, const char *format,
		   const struct reasons_source *source, struct error *err)
{
	const char *print = format ? strstr(format, "\nprint fmt:") : NULL;
	const char *at = format;
	struct reasons *created;
	bool failed = false;

	if (format && (!accept(&at, "name: kfree_skb\n") || !print))
		return error_set(err, STATUS_ENVIRONMENT, EINVAL,
				 "cannot parse the format file of the tracepoint skb:kfree_skb");
	created = calloc(1, sizeof(*created));
	if (!created)
		goto out_of_memory;
	created->btf_dir = copy_string(source->btf_dir, &failed);
	created->include_dir = copy_string(source->include_dir, &failed);
	if (format) {
		created->given = has_reason_field(format, print);
		failed |= created->given && parse_names(&created->core, print);
	} else {
		failed |= find_core(created) != 0;
		created->given = created->core.count > 0;
	}
	if (failed)
		goto out_of_memory;
	*reasons = created;
	return 0;

out_of_memory:
	reasons_free(created);
	return error_nomem(err);
}

static void find_subsystems(struct reasons *reasons)
{
	const struct enums_query query = {
		.suffix = "skb_drop_reason_subsys",
		.last = UINT32_MAX >> SUBSYSTEM_SHIFT,
	};

	reasons->subsystems_known = true;
	find_enum(reasons, &reasons->subsystems, &query, NULL);
	reasons->details = calloc(reasons->subsystems.count, sizeof(*reasons->details));
	if (!reasons->details)
		enums_free(&reasons->subsystems);
}

/*
 * The name of a subsystem: SKB_DROP_REASON_SUBSYS_QDISC is "qdisc". mac80211 had two, ..._UNUSABLE
 * and ..._MONITOR; the first, which occurs in practice, is just "mac80211".
 */
static bool subsystem_label(const struct enumerator *subsystem, char label[REASON_NAME_SIZE])
{
	const char *name = subsystem->name;
	char *unusable;
	size_t length;

	if (strncmp(name, SUBSYSTEM_PREFIX, strlen(SUBSYSTEM_PREFIX)) != 0)
		return false;
	name += strlen(SUBSYSTEM_PREFIX);
	length = strlen(name);
	/* NUM is only a count. A colon and a number must fit behind the name. */
	if (strcmp(name, "NUM") == 0 || length > REASON_NAME_SIZE - sizeof(":65535"))
		return false;
	for (size_t i = 0; i <= length; i++)
		label[i] = (char)tolower((unsigned char)name[i]);
	unusable = strstr(label, "_unusable");
	if (unusable)
		*unusable = '\0';
	return true;
}

static void find_names(const struct reasons *reasons, struct subsystem *subsystem, uint32_t number,
		       const char *label)
{
	/* The values contain the number of the subsystem, which identifies its enum. */
	const struct enums_query query = {
		.suffix = "_drop_reason",
		.first = number << SUBSYSTEM_SHIFT,
		.last = (number + 1) * (1u << SUBSYSTEM_SHIFT) - 1,
	};
	char part[REASON_NAME_SIZE];

	subsystem->known = true;
	snprintf(part, sizeof(part), "%.*s", (int)strcspn(label, "_"), label);
	find_enum(reasons, &subsystem->names, &query, part);
}

/* For sparse, mac80211 defines each reason twice, once with leading underscores. */
static const char *plain_name(const struct enumerator *name)
{
	return name->name + strspn(name->name, "_");
}

/* The subsystem of a number with the names of its reasons, and its own name; or NULL. */
static const struct subsystem *find_subsystem(struct reasons *reasons, uint32_t group,
					      char label[REASON_NAME_SIZE])
{
	const struct enumerator *entry;
	struct subsystem *subsystem;

	if (!reasons->subsystems_known)
		find_subsystems(reasons);
	entry = enums_by_value(&reasons->subsystems, group);
	if (!entry || !subsystem_label(entry, label))
		return NULL;
	subsystem = &reasons->details[entry - reasons->subsystems.entries];
	if (!subsystem->known)
		find_names(reasons, subsystem, group, label);
	return subsystem;
}

static const char *subsystem_name(struct reasons *reasons, uint32_t number,
				  char buffer[REASON_NAME_SIZE])
{
	const uint32_t group = number >> SUBSYSTEM_SHIFT;
	const uint32_t rest = number & (UINT32_MAX >> SUBSYSTEM_SHIFT);
	const struct subsystem *subsystem = find_subsystem(reasons, group, buffer);
	const struct enumerator *name;

	if (!subsystem) {
		snprintf(buffer, REASON_NAME_SIZE, "subsys%u:%u", group, rest);
		return buffer;
	}
	name = enums_by_value(&subsystem->names, number);
	if (name)
		return plain_name(name);
	snprintf(buffer + strlen(buffer), sizeof(":65535"), ":%u", rest);
	return buffer;
}

const char *reasons_name(struct reasons *reasons, uint32_t number, char buffer[REASON_NAME_SIZE])
{
	const struct enumerator *name;

	if (number >> SUBSYSTEM_SHIFT)
		return subsystem_name(reasons, number, buffer);
	name = enums_by_value(&reasons->core, number);
	if (name)
		return name->name;
	snprintf(buffer, REASON_NAME_SIZE, "%u", number);
	return buffer;
}

static int each_of(const struct enums *enums,
		   int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		   void *context)
{
	int result = 0;

	for (size_t i = 0; i < enums->count && !result; i++) {
		const struct enumerator *name = &enums->entries[i];

		result = take(context, plain_name(name), name->value, name->value);
	}
	return result;
}

int reasons_each(struct reasons *reasons,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context)
{
	char label[REASON_NAME_SIZE];
	int result = each_of(&reasons->core, take, context);

	if (result)
		return result;
	if (!reasons->subsystems_known)
		find_subsystems(reasons);
	for (size_t i = 0; i < reasons->subsystems.count && !result; i++) {
		const uint32_t group = reasons->subsystems.entries[i].value;
		const struct subsystem *subsystem =
			group ? find_subsystem(reasons, group, label) : NULL;

		if (subsystem) /* 0 is the core */
			result = each_of(&subsystem->names, take, context);
	}
	return result;
}
