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
#include "generate/addresses.h"
#include "generate/check.h"
#include "generate/code.h"
#include "generate/columns.h"
#include "generate/functions.h"
#include "generate/probes.h"
#include "generate/user_file.h"
#include "record/columns.h"
#include "record/keys.h"
#include "util/error.h"

#define TEMPLATES "templates/" /* in front of their names */

/* src/embedded.S: all files that a program is generated from, but for the probe. */
extern const struct template_file embedded_templates[];

/* Slots that are filled from the options; the stages of the filter are the first ones. */
enum { SLOT_FUNCTIONS = FILTER_STAGES, SLOT_KEY_MEMBERS, SLOT_EXPRESSION, SLOT_PROBE, SLOTS };

static const char *const slot_names[SLOTS] = {
	[FILTER_STAGE_CALL] = "filter_call",
	[FILTER_STAGE_SKB] = "filter_skb",
	[FILTER_STAGE_VLAN] = "filter_vlan",
	[FILTER_STAGE_ETHERTYPE] = "filter_ethertype",
	[FILTER_STAGE_NETWORK] = "filter_network",
	[FILTER_STAGE_TRANSPORT] = "filter_transport",
	[FILTER_STAGE_TCP] = "filter_tcp",
	[FILTER_STAGE_LENGTH] = "filter_length",
	[FILTER_STAGE_SOCKET] = "filter_socket",
	[FILTER_STAGE_DEVICE] = "filter_device",
	[FILTER_STAGE_NETNS] = "filter_netns",
	[SLOT_FUNCTIONS] = "filter_functions",
	[SLOT_KEY_MEMBERS] = "key_members",
	[SLOT_EXPRESSION] = "expression",
	[SLOT_PROBE] = "probe",
};

/* Keep a text with its name as long as the program. Takes both, which may be NULL: out of memory.
 */
static int keep(struct program *program, char *name, char *text, struct template_file *file,
		struct error *err)
{
	struct user_text *grown =
		realloc(program->files, (program->file_count + 1) * sizeof(*grown));

	if (grown)
		program->files = grown;
	if (!grown || !name || !text) {
		free(name);
		free(text);
		return error_nomem(err);
	}
	grown[program->file_count++] = (struct user_text){ name, text };
	*file = (struct template_file){ name, text };
	return 0;
}

/* Read a file of the user's. -ENOENT: it does not exist; `file` stays as it is then. */
static int read_file(struct program *program, const char *path, const char *flag, bool force,
		     struct template_file *file, struct error *err)
{
	char *text;
	int result = user_file_read(flag, path, force, &text, err);

	return result ? result : keep(program, strdup(path), text, file, err);
}

/* A file of --templates in the place of one that is built in. -ENOENT: it has none of that name. */
static int read_template(struct program *program, const struct generate_config *config,
			 const char *name, const char *ending, struct template_file *file,
			 struct error *err)
{
	char *path;
	int result;

	if (asprintf(&path, "%s/%s%s", config->templates_dir, name, ending) < 0)
		return error_nomem(err);
	result = read_file(program, path, "--templates", config->force, file, err);
	free(path);
	return result;
}

/* The probe: one that was asked for, or that of the way to attach. */
static int find_probe(struct program *program, const struct generate_config *config,
		      const char *word, const struct generate_facts *facts,
		      struct template_file *file, struct error *err)
{
	struct probe probe;
	int result;

	/* The program has this name with any of the default probes. */
	snprintf(program->layout.name, sizeof(program->layout.name), "%s",
		 probe_default_name(ATTACH_RAW_TRACEPOINT));
	/* A folder of templates may have one, too. */
	if (config->templates_dir && !word) {
		result = read_template(program, config, probe_default_name(facts->attach), ".c",
				       file, err);
		if (result != -ENOENT)
			return result;
	}
	result = word ? probe_read(&probe, word, config->force, err)
		      : probe_default(&probe, facts->attach, err);
	if (result)
		return result;
	if (word)
		snprintf(program->layout.name, sizeof(program->layout.name), "%s", probe.name);
	program->path = probe.embedded ? NULL : probe.path;
	free(probe.name);
	return keep(program, probe.path, probe.text, file, err);
}

/* Whether --templates must have a file: what else it lacks is taken from those built in. */
static bool is_required(const char *name)
{
	return strcmp(name, "drop.c") == 0 || strcmp(name, "event.h") == 0;
}

/* The files of the template, each from --templates if it is there. `files` has room for all. */
static int find_files(struct program *program, const struct generate_config *config,
		      struct template_part *files, struct error *err)
{
	int result = 0;

	for (size_t i = 0; embedded_templates[i].name && !result; i++) {
		const char *name = embedded_templates[i].name + strlen(TEMPLATES);

		files[i] = (struct template_part){ name, embedded_templates[i] };
		if (config->templates_dir)
			result = read_template(program, config, name, "", &files[i].file, err);
		if (result == -ENOENT && !is_required(name))
			result = 0;
	}
	return result;
}

/* The number of a template among embedded_templates, by its name up to '>'; -1: unknown. */
static int find_template(const char *name)
{
	for (int i = 0; embedded_templates[i].name; i++) {
		const char *known = embedded_templates[i].name + strlen(TEMPLATES);

		if (strncmp(name, known, strlen(known)) == 0 && name[strlen(known)] == '>')
			return i;
	}
	return -1;
}

/*
 * Put files in the place of the lines `#include <bytetrace/NAME>`. `files`: those of a template, of
 * which only the user's own are put there, which another program would not find; NULL: those built
 * in. A name that is unknown is left to the compiler.
 */
static int include_templates(struct source *source, const struct template_part *files,
			     struct error *err)
{
	static const char start[] = "#include <bytetrace/";
	const char *line = source->text;

	for (size_t i = 0; i < source->line_count; i++) {
		const size_t offset = (size_t)(line - source->text), before = source->line_count;
		int found = -1;

		if (strncmp(line, start, strlen(start)) == 0)
			found = find_template(line + strlen(start));
		if (found >= 0 && files && files[found].file.text == embedded_templates[found].text)
			found = -1;
		if (found >= 0) {
			if (source_replace_line(source, i,
						files ? &files[found].file
						      : &embedded_templates[found]))
				return error_nomem(err);
			line = source->text + offset;
		}
		/* What was put there is not looked at: it could include itself. */
		for (size_t added = source->line_count - before + 1; added > 0; added--)
			line = strchr(line, '\n') + 1;
		i += source->line_count - before;
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

/* What a program needs for the flags and its probe, in the words of templates/README.md. */
struct needs {
	bool details, columns, packet, packet_first, ports, device, socket, skb, skb_front, stack;
	bool probe_in_scratch, drop_device;
};

static struct needs find_needs(const struct generate_config *config, const char *probe)
{
	const struct filter *filter = &config->filter;
	const unsigned int keys = config->keys.set;
	const unsigned int record = keys ? 0 : config->record;
	struct needs needs = {
		.details = record & RECORD_DETAILS,
		.stack = record & RECORD_STACK,
		.columns = strstr(probe, "DROP_FIELD("),
		.drop_device = strstr(probe, "drop_device("),
		/* The kprobes walk a list of packets. */
		.probe_in_scratch = strstr(probe, "kprobe__"),
		.ports = !keys || keys & (BIT_SPORT | BIT_DPORT) ||
			 filter_tests(filter, FILTER_STAGE_TRANSPORT),
		.device = record & RECORD_DEVICE || keys & BIT_IFACE ||
			  filter_tests(filter, FILTER_STAGE_DEVICE) ||
			  filter_tests(filter, FILTER_STAGE_NETNS),
		.socket = record & RECORD_SOCKET || keys & (BIT_SOCKET | BIT_UID | BIT_PROGRAM) ||
			  filter_tests(filter, FILTER_STAGE_SOCKET),
		/* An expression looks at the packet inside, so that must be found before. */
		.packet_first =
			filter_reads_packet(filter) || (config->inner && config->expression),
	};

	needs.packet =
		needs.packet_first || needs.ports || keys & (BIT_PROTO | BIT_SADDR | BIT_DADDR);
	needs.skb_front = needs.device || needs.socket || needs.details || config->expression ||
			  filter_tests(filter, FILTER_STAGE_LENGTH);
	needs.skb = needs.packet || needs.skb_front || filter_tests(filter, FILTER_STAGE_SKB);
	return needs;
}

/* Fill the template, whose files are `files`, with the probe and what the options say. */
static int render(struct program *program, const struct generate_config *config,
		  const struct template_part *files, size_t file_count,
		  const struct template_file *probe, const struct generate_facts *facts,
		  struct error *err)
{
	const struct filter_set *sets = config->filter.sets;
	const unsigned int keys = config->keys.set;
	const bool direct = facts->attach == ATTACH_TP_BTF;
	const struct needs needs = find_needs(config, probe->text);
	const struct template_condition conditions[] = {
		{ "template", false },
		{ "direct", direct },
		{ "headers", needs.packet || config->expression },
		{ "copy", needs.skb && !direct },
		{ "skb_front", needs.skb_front },
		{ "packet", needs.packet },
		{ "packet_first", needs.packet_first },
		{ "packet_last", needs.packet && !needs.packet_first },
		{ "addresses", sets[FILTER_SADDR].given || sets[FILTER_DADDR].given },
		{ "ports", needs.ports },
		{ "tcp_flags", filter_tests(&config->filter, FILTER_STAGE_TCP) },
		{ "inner", config->inner },
		{ "expression", config->expression },
		{ "device", needs.device },
		{ "socket", needs.socket },
		{ "details", needs.details },
		{ "stack", needs.stack },
		{ "short_record", !needs.device && !needs.socket && !needs.details &&
					  !needs.stack && !needs.columns },
		/* A key with the interface is large. */
		{ "scratch", needs.stack || config->expression ||
				     (keys && (needs.device || needs.socket)) ||
				     needs.probe_in_scratch || needs.drop_device || needs.columns },
		{ "device_only", needs.drop_device },
		{ "summary", keys },
		{ "key_location", keys & BIT_LOCATION },
		{ "key_reason", keys & BIT_REASON },
		{ "key_iface", keys & BIT_IFACE },
		{ "key_proto", keys & BIT_PROTO },
		{ "key_socket", keys & (BIT_SOCKET | BIT_PROGRAM) },
		{ "key_uid", keys & BIT_UID },
		{ "key_saddr", keys & BIT_SADDR },
		{ "key_daddr", keys & BIT_DADDR },
		{ "key_sport", keys & BIT_SPORT },
		{ "key_dport", keys & BIT_DPORT },
		{ "key_family", keys & (BIT_SADDR | BIT_DADDR) },
	};
	struct template_part slots[SLOTS];
	const struct template template = { files,      file_count,
					   slots,      SLOTS,
					   conditions, sizeof(conditions) / sizeof(*conditions) };
	char *texts[SLOTS] = { NULL };
	int result = 0;

	for (int slot = 0; slot < SLOTS && !result; slot++) {
		slots[slot].name = slot_names[slot];
		slots[slot].file = *probe;
		if (slot == SLOT_PROBE)
			continue;
		texts[slot] = slot_text(config, slot, facts);
		if (!texts[slot])
			result = error_nomem(err);
		slots[slot].file = (struct template_file){ NULL, texts[slot] };
	}
	if (!result)
		result = template_render(&program->source, &template, "drop.c", err);
	for (int slot = 0; slot < SLOTS; slot++)
		free(texts[slot]);
	return result;
}

static int fill_template(struct program *program, const struct generate_config *config,
			 const char *probe, const struct generate_facts *facts, struct error *err)
{
	struct template_file probe_file = { NULL, NULL };
	struct template_part *files;
	size_t count = 0;
	int result;

	while (embedded_templates[count].name)
		count++;
	files = calloc(count + 1, sizeof(*files));
	if (!files)
		return error_nomem(err);
	result = find_files(program, config, files, err);
	if (!result)
		result = find_probe(program, config, probe, facts, &probe_file, err);
	if (!result) {
		program->probe = probe_file.name;
		result = render(program, config, files, count, &probe_file, facts, err);
	}
	if (!result)
		result = include_templates(&program->source, files, err);
	free(files);
	return result;
}

/* A whole program of the user's. */
static int read_source(struct program *program, const char *path, bool force, struct error *err)
{
	struct template_file file = { NULL, NULL };
	const char *slash = strrchr(path, '/');
	int length;
	int result;

	result = read_file(program, path, "--source", force, &file, err);
	if (result)
		return result;
	program->path = file.name;
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
	addresses_define(source->text, "/proc/kallsyms", out);
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

	if (!result)
		result = include_templates(&program->source, NULL, err);
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
	check_write_record(&program->layout, out);
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
	for (size_t i = 0; i < program->file_count; i++) {
		free(program->files[i].name);
		free(program->files[i].text);
	}
	free(program->files);
	memset(program, 0, sizeof(*program));
}
