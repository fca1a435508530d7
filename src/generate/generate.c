// SPDX-License-Identifier: GPL-2.0-only
#include "generate/generate.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "filter/expression.h"
#include "filter/filter.h"
#include "kernel/reasons.h"
#include "generate/code.h"
#include "generate/columns.h"
#include "generate/functions.h"
#include "generate/probes.h"
#include "generate/user_file.h"
#include "record/columns.h"
#include "record/keys.h"
#include "util/error.h"

/* src/embedded.S */
extern const char embedded_drop_template[];
extern const char embedded_event_header[];
extern const char embedded_read_header[];
extern const char embedded_field_header[];
extern const char embedded_frame_header[];

enum { TEMPLATE, EVENT, READ, FIELD, FRAME, PROBE, FILES };

/* A file with its name in the repository; below --templates the last part of it. */
static const struct template_file drop_template = { "templates/drop.c", embedded_drop_template };
static const struct template_file event_header = { "templates/event.h", embedded_event_header };
static const struct template_file read_header = { "templates/read.h", embedded_read_header };
static const struct template_file field_header = { "templates/field.h", embedded_field_header };
static const struct template_file frame_header = { "templates/frame.h", embedded_frame_header };
/* Slots that the options are written into; the stages of the filter are the first ones. */
enum {
	SLOT_FUNCTIONS = FILTER_STAGES,
	SLOT_KEY_MEMBERS,
	SLOT_EXPRESSION,
	SLOT_EVENT,
	SLOT_READ,
	SLOT_FIELD,
	SLOT_FRAME,
	SLOT_PROBE,
	SLOTS
};

static const char *const slot_names[SLOTS] = {
	[FILTER_STAGE_CALL] = "filter_call",
	[FILTER_STAGE_SKB] = "filter_skb",
	[FILTER_STAGE_VLAN] = "filter_vlan",
	[FILTER_STAGE_ETHERTYPE] = "filter_ethertype",
	[FILTER_STAGE_NETWORK] = "filter_network",
	[FILTER_STAGE_TRANSPORT] = "filter_transport",
	[FILTER_STAGE_TCP] = "filter_tcp",
	[FILTER_STAGE_LENGTH] = "filter_length",
	[FILTER_STAGE_DEVICE] = "filter_device",
	[FILTER_STAGE_NETNS] = "filter_netns",
	[SLOT_FUNCTIONS] = "filter_functions",
	[SLOT_KEY_MEMBERS] = "key_members",
	[SLOT_EXPRESSION] = "expression",
	[SLOT_EVENT] = "event",
	[SLOT_READ] = "read",
	[SLOT_FIELD] = "field",
	[SLOT_FRAME] = "frame",
	[SLOT_PROBE] = "probe",
};

/* Read a file of the user's into program->files[index]; its name is program->names[index]. */
static int read_file(struct program *program, int index, const char *flag, bool force,
		     struct template_file *file, struct error *err)
{
	int result =
		user_file_read(flag, program->names[index], force, &program->files[index], err);

	/* One of the built-in files stays, if --templates has none of the name. */
	if (!result)
		*file = (struct template_file){ program->names[index], program->files[index] };
	return result;
}

/* A file of --templates in the place of one that is built in. -ENOENT: it has none of that name. */
static int read_template(struct program *program, int index, const char *directory,
			 const char *name, const char *ending, bool force,
			 struct template_file *file, struct error *err)
{
	free(program->names[index]);
	if (asprintf(&program->names[index], "%s/%s%s", directory, name, ending) < 0) {
		program->names[index] = NULL;
		return error_nomem(err);
	}
	return read_file(program, index, "--templates", force, file, err);
}

/* The probe: one that was asked for, or that of the way to attach. */
static int find_probe(struct program *program, const struct generate_config *config,
		      const char *word, const struct generate_facts *facts,
		      struct template_file *file, struct error *err)
{
	struct probe probe;
	int result;

	/* Without a name it is one of those built in, and called the same whatever its way. */
	snprintf(program->layout.name, sizeof(program->layout.name), "%s",
		 probe_default_name(ATTACH_RAW_TRACEPOINT));
	/* A folder of templates may have one, too. */
	if (config->templates_dir && !word) {
		result = read_template(program, PROBE, config->templates_dir,
				       probe_default_name(facts->attach), ".c", config->force, file,
				       err);
		if (result != -ENOENT)
			return result;
	}
	result = word ? probe_read(&probe, word, config->force, err)
		      : probe_default(&probe, facts->attach, err);
	if (result)
		return result;
	if (word)
		snprintf(program->layout.name, sizeof(program->layout.name), "%s", probe.name);
	free(program->names[PROBE]);
	program->names[PROBE] = probe.path;
	program->path = probe.embedded ? NULL : probe.path;
	program->files[PROBE] = probe.text;
	free(probe.name);
	*file = (struct template_file){ program->names[PROBE], program->files[PROBE] };
	return 0;
}

/* The files that a generated program is made of; --templates may replace each of them. */
static int find_files(struct program *program, const char *directory, bool force,
		      struct template_file *files, struct error *err)
{
	files[TEMPLATE] = drop_template;
	files[EVENT] = event_header;
	files[READ] = read_header;
	files[FIELD] = field_header;
	files[FRAME] = frame_header;
	for (int i = 0; i < PROBE && directory; i++) {
		int result = read_template(program, i, directory, strchr(files[i].name, '/') + 1,
					   "", force, &files[i], err);

		/* Only the first two must be there; the others stay those built in. */
		if (result && !(i >= READ && result == -ENOENT))
			return result;
	}
	return 0;
}

/* The text of a slot that is written from the options; the caller frees it. NULL: out of memory. */
static char *slot_text(const struct generate_config *config, int slot,
		       const struct generate_facts *facts)
{
	const struct filter *filter = &config->filter;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result = 0;

	if (!out)
		return NULL;
	if (slot < FILTER_STAGES)
		filter_emit(filter, (enum filter_stage)slot, facts->not_specified, &facts->comments,
			    out);
	else if (slot == SLOT_FUNCTIONS)
		filter_emit_functions(filter, out);
	else if (slot == SLOT_KEY_MEMBERS)
		keys_declare(config->keys.set, out);
	else if (config->expression)
		result = expression_emit(config->expression, out);
	if (fclose(out) || result) {
		free(text);
		text = NULL;
	}
	return text;
}

static int fill_template(struct program *program, const struct generate_config *config,
			 const char *probe, const struct generate_facts *facts, struct error *err)
{
	const struct filter_set *sets = config->filter.sets;
	const unsigned int keys = config->keys.set;
	struct template_file files[FILES];
	int result = find_files(program, config->templates_dir, config->force, files, err);

	if (!result)
		result = find_probe(program, config, probe, facts, &files[PROBE], err);
	if (result)
		return result;

	const bool device_only = strstr(files[PROBE].text, "drop_device(");
	const bool fields = strstr(files[PROBE].text, "DROP_FIELD(");
	const bool everything = !keys && config->record & RECORD_DETAILS;
	/* An expression looks at the packet inside, so that must be found before. */
	const bool packet_first =
		filter_reads_packet(&config->filter) || (config->inner && config->expression);
	const bool ports = !keys || keys & (SUMMARY_SPORT | SUMMARY_DPORT) ||
			   sets[FILTER_SPORT].given || sets[FILTER_DPORT].given;
	const bool packet =
		packet_first || ports || keys & (SUMMARY_PROTO | SUMMARY_SADDR | SUMMARY_DADDR);
	const bool device = (!keys && config->record & RECORD_DEVICE) || keys & SUMMARY_IFACE ||
			    sets[FILTER_INTERFACE].given || sets[FILTER_NETNS].given;
	const bool skb_front = device || everything || config->expression || sets[FILTER_LEN].given;
	const struct template_condition conditions[] = {
		{ "skb", packet || skb_front || sets[FILTER_MARK].given },
		{ "skb_front", skb_front },
		{ "direct", facts->attach == ATTACH_TP_BTF },
		{ "packet", packet },
		{ "packet_first", packet_first },
		{ "packet_last", packet && !packet_first },
		{ "ports", ports },
		{ "inner", config->inner },
		{ "tcp_flags", sets[FILTER_TCP_FLAGS].given },
		{ "device", device },
		{ "everything", everything },
		{ "clock", config->record & RECORD_TIME || config->edited },
		/* What is added by hand may be in any member. */
		{ "short_record", !device && !everything && !(config->record & RECORD_STACK) &&
					  !fields && !config->edited },
		{ "stack", (config->record & RECORD_STACK) },
		{ "expression", config->expression },
		{ "device_only", device_only },
		/* The kprobes walk a list of packets; a key of names and addresses is large. */
		{ "scratch", (config->record & RECORD_STACK) || config->expression ||
				     (keys && device) || strstr(files[PROBE].text, "kprobe__") ||
				     device_only || fields ||
				     /* Room for columns that are added by hand. */
				     config->edited },
		{ "summary", keys },
		{ "key_location", keys & SUMMARY_LOCATION },
		{ "key_reason", keys & SUMMARY_REASON },
		{ "key_iface", keys & SUMMARY_IFACE },
		{ "key_proto", keys & SUMMARY_PROTO },
		{ "key_saddr", keys & SUMMARY_SADDR },
		{ "key_daddr", keys & SUMMARY_DADDR },
		{ "key_sport", keys & SUMMARY_SPORT },
		{ "key_dport", keys & SUMMARY_DPORT },
		{ "key_family", keys & (SUMMARY_SADDR | SUMMARY_DADDR) },
	};
	struct template_slot slots[SLOTS];
	char *texts[SLOT_EXPRESSION + 1] = { NULL };

	for (int slot = 0; slot < SLOTS; slot++)
		slots[slot].name = slot_names[slot];
	for (int slot = 0; slot <= SLOT_EXPRESSION && !result; slot++) {
		texts[slot] = slot_text(config, slot, facts);
		if (!texts[slot])
			result = error_nomem(err);
		slots[slot].file = (struct template_file){ NULL, texts[slot] };
	}
	slots[SLOT_EVENT].file = files[EVENT];
	slots[SLOT_READ].file = files[READ];
	slots[SLOT_FIELD].file = files[FIELD];
	slots[SLOT_FRAME].file = files[FRAME];
	slots[SLOT_PROBE].file = files[PROBE];
	if (!result)
		result = template_render(&program->source, &files[TEMPLATE], slots, SLOTS,
					 conditions, sizeof(conditions) / sizeof(*conditions), err);
	for (int slot = 0; slot <= SLOT_EXPRESSION; slot++)
		free(texts[slot]);
	return result;
}

/* A whole program of the user's. */
static int read_source(struct program *program, const char *path, bool force, struct error *err)
{
	struct template_file file;
	const char *slash = strrchr(path, '/');
	int length;
	int result;

	program->names[0] = strdup(path);
	program->path = program->names[0];
	result = read_file(program, 0, "--source", force, &file, err);
	if (result)
		return result;
	length = snprintf(program->layout.name, sizeof(program->layout.name), "%s",
			  slash ? slash + 1 : path);
	if (length > 2 && (size_t)length < sizeof(program->layout.name) &&
	    strcmp(program->layout.name + length - 2, ".c") == 0)
		program->layout.name[length - 2] = '\0';
	return source_from_file(&program->source, &file, err);
}

int generate_program(struct program *program, const struct generate_config *config,
		     const char *probe, const struct generate_facts *facts, struct error *err)
{
	int result;

	memset(program, 0, sizeof(*program));
	result = config->source_file ? read_source(program, config->source_file, config->force, err)
				     : fill_template(program, config, probe, facts, err);
	if (result)
		generate_free(program);
	return result;
}

/* FNV-1a, 32 bits. */
static uint32_t hash(uint32_t seed, const char *text)
{
	for (; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 16777619u;
	return seed;
}

static void set_id(struct layout *layout)
{
	layout->id = hash(2166136261u, layout->name);
	for (size_t i = 0; i < layout->field_count; i++) {
		const struct field *field = &layout->fields[i];
		char text[FIELD_NAME_SIZE + FIELD_FORMAT_SIZE + 64];

		snprintf(text, sizeof(text), "\n%s %s %d %u %zu", field->name, field->format,
			 field->kind, field->swap, field->size);
		layout->id = hash(layout->id, text);
	}
}

/* A definition for each reason of this kernel that the program names as DROP_REASON_NAME. */
static void write_reasons(const char *text, const struct reasons *reasons, FILE *out)
{
	static const char prefix[] = "DROP_REASON_";
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	char known[64][REASON_NAME_SIZE];
	size_t count = 0, seen;
	uint32_t number;

	for (const char *at = text; reasons && (at = strstr(at, prefix));
	     at += sizeof(prefix) - 1) {
		const char *name = at + sizeof(prefix) - 1;
		size_t length = strspn(name, letters);

		if (length == 0 || length >= REASON_NAME_SIZE ||
		    (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_')))
			continue;
		if (count == sizeof(known) / sizeof(*known))
			return;
		snprintf(known[count], REASON_NAME_SIZE, "%.*s", (int)length, name);
		for (seen = 0; strcmp(known[seen], known[count]) != 0; seen++)
			;
		if (seen < count || reasons_number(reasons, known[count], &number))
			continue;
		fprintf(out, "#define %s%s %u\n", prefix, known[count++], number);
	}
}

/* Refuses, when it is compiled, a record that is not the one that src/record/decode.c reads. */
static void write_record_check(const struct layout *layout, FILE *out)
{
#define MEMBER(name)                                                                               \
#name, offsetof(struct drop_event, name), sizeof(((struct drop_event *)0)->name)
	static const struct {
		const char *name;
		size_t offset, size;
	} members[] = {
		{ MEMBER(time) },   { MEMBER(location) },  { MEMBER(reason) },
		{ MEMBER(length) }, { MEMBER(netns) },	   { MEMBER(ifindex) },
		{ MEMBER(pid) },    { MEMBER(ethertype) }, { MEMBER(vlan) },
		{ MEMBER(sport) },  { MEMBER(dport) },	   { MEMBER(l4_protocol) },
		{ MEMBER(flags) },  { MEMBER(version) },   { MEMBER(stack_depth) },
		{ MEMBER(mark) },   { MEMBER(probe) },	   { MEMBER(saddr) },
		{ MEMBER(daddr) },  { MEMBER(ifname) },	   { MEMBER(comm) },
		{ MEMBER(tunnel) }, { MEMBER(detailed) },
	};
#undef MEMBER

	fputs("#ifndef DROP_EVENT_VERSION\n"
	      "#error \"the record is missing: the program has no DROP_EVENT_VERSION\"\n"
	      "#endif\n",
	      out);
	fprintf(out,
		"_Static_assert(DROP_EVENT_VERSION == %d, "
		"\"the record is of another version than this bytetrace reads, which is %d\");\n",
		DROP_EVENT_VERSION, DROP_EVENT_VERSION);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		fprintf(out,
			"_Static_assert(__builtin_offsetof(struct drop_event, %s) == %zu && "
			"sizeof(((struct drop_event *)0)->%s) == %zu, "
			"\"the record differs: %s has to be %zu bytes at %zu\");\n",
			members[i].name, members[i].offset, members[i].name, members[i].size,
			members[i].name, members[i].size, members[i].offset);
	fprintf(out,
		"_Static_assert(__builtin_offsetof(struct drop_event, stack) == %zu, "
		"\"the record differs: stack has to start at %zu; further members are made with "
		"DROP_FIELD\");\n",
		sizeof(struct drop_event) + layout->size, sizeof(struct drop_event) + layout->size);
}

/* Whether a line belongs to the probe, to a file that it includes, or to a program of --source. */
static bool is_own_line(const struct program *program, const char *file)
{
	if (!program->names[PROBE] || file == program->names[PROBE])
		return true;
	for (size_t i = 0; i < program->includes.count; i++)
		if (file == program->includes.list[i].path)
			return true;
	return false;
}

/* Refuse a program that reports nothing: its code calls neither drop() nor drop_device(). */
static int check_calls(const struct program *program, const char *code, struct error *err)
{
	const struct source *source = &program->source;
	const char *at = source->text;

	for (size_t i = 0; i < source->line_count; i++) {
		const char *line = code + (at - source->text);

		if (is_own_line(program, source->lines[i].file) &&
		    (code_line_calls(line, "drop") || code_line_calls(line, "drop_device")))
			return 0;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return error_set(err, STATUS_COMPILE, EINVAL,
			 "%s never calls drop(): no packet would be shown",
			 program->names[PROBE] ? program->names[PROBE] : program->names[0]);
}

/* Find what the program declares, and write the definitions that go in front of it. */
static int write_front(struct program *program, const struct generate_config *config,
		       const struct reasons *reasons, const struct filter_names *functions,
		       FILE *out, struct error *err)
{
	const struct source *source = &program->source;
	struct layout *layout = &program->layout;
	char *code = code_strip(source->text);
	int result;

	if (!code)
		return error_nomem(err);
	result = check_calls(program, code, err);
	if (result)
		goto out;
	result = functions_define(source, code, functions, out, err);
	if (result)
		goto out;
	result = columns_find(layout, source, code, err);
	if (result)
		goto out;
	result = keys_select(&program->keys, &config->keys, layout, err);
	if (result)
		goto out;
	set_id(layout);
	fprintf(out, "#define DROP_PROBE 0x%08xu\n", layout->id);
	columns_write_list(layout, "DROP_FIELDS", out);
	columns_write_list(&program->keys, "DROP_KEYS", out);
	columns_write_found(layout, out);
	write_reasons(source->text, reasons, out);
out:
	free(code);
	return result;
}

int generate_finish(struct program *program, const struct generate_config *config,
		    const struct reasons *reasons, const struct filter_names *functions,
		    struct error *err)
{
	char *front = NULL, *behind = NULL;
	size_t front_size, behind_size;
	FILE *out;
	int result = includes_expand(&program->includes, &program->source, config->force, err);

	if (result)
		return result;
	out = open_memstream(&front, &front_size);
	if (!out)
		return error_nomem(err);
	result = write_front(program, config, reasons, functions, out, err);
	if (fclose(out) && !result)
		result = error_nomem(err);
	if (result)
		goto out;
	out = open_memstream(&behind, &behind_size);
	if (!out) {
		result = error_nomem(err);
		goto out;
	}
	write_record_check(&program->layout, out);
	if (fclose(out) || source_surround(&program->source, front, behind))
		result = error_nomem(err);
out:
	free(front);
	free(behind);
	return result;
}

void generate_free(struct program *program)
{
	source_free(&program->source);
	includes_free(&program->includes);
	for (int i = 0; i < FILES; i++) {
		free(program->files[i]);
		free(program->names[i]);
	}
	memset(program, 0, sizeof(*program));
}
