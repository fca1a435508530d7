// SPDX-License-Identifier: GPL-2.0-only
#include "program/generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "filter/expression.h"
#include "filter/filter.h"
#include "stream/summary.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_FILE (1024 * 1024)

/* src/embedded.S */
extern const char embedded_drop_template[];
extern const char embedded_event_header[];
extern const char embedded_frame_header[];
extern const char embedded_kfree_skb_btf_probe[];
extern const char embedded_kfree_skb_probe[];
extern const char embedded_kfree_skb_tracepoint_probe[];
extern const char embedded_kfree_skb_kprobe_probe[];

enum { TEMPLATE, EVENT, FRAME, PROBE, FILES };

/* A file with its name in the repository; below --templates the last part of it. */
static const struct template_file drop_template = { "templates/drop.c", embedded_drop_template };
static const struct template_file event_header = { "templates/event.h", embedded_event_header };
static const struct template_file frame_header = { "templates/frame.h", embedded_frame_header };
static const struct template_file probes[] = {
	[ATTACH_TP_BTF] = { "probes/kfree_skb_btf.c", embedded_kfree_skb_btf_probe },
	[ATTACH_RAW_TRACEPOINT] = { "probes/kfree_skb.c", embedded_kfree_skb_probe },
	[ATTACH_TRACEPOINT] = { "probes/kfree_skb_tracepoint.c",
				embedded_kfree_skb_tracepoint_probe },
	[ATTACH_KPROBE] = { "probes/kfree_skb_kprobe.c", embedded_kfree_skb_kprobe_probe },
};

/* Slots that the options are written into; the stages of the filter are the first ones. */
enum { SLOT_FUNCTIONS = FILTER_STAGES, SLOT_EXPRESSION, SLOT_EVENT, SLOT_FRAME, SLOT_PROBE, SLOTS };

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
	[SLOT_EXPRESSION] = "expression",
	[SLOT_EVENT] = "event",
	[SLOT_FRAME] = "frame",
	[SLOT_PROBE] = "probe",
};

/* Read a file of the user's into program->files[index]. */
static int read_file(struct program *program, int index, const char *flag, const char *path,
		     struct template_file *file, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];
	int result = file_read_text(path, MAX_FILE, &program->files[index]);

	if (result)
		return error_set(err, STATUS_ENVIRONMENT, -result, "%s: cannot read %s: %s", flag,
				 error_quote(quoted, path),
				 result == -EINVAL ? "it holds a NUL byte" : strerror(-result));
	file->name = program->names[index];
	file->text = program->files[index];
	return 0;
}

/* The files that a generated program is made of; --templates may replace each of them. */
static int find_files(struct program *program, const char *directory, enum attach_way attach,
		      struct template_file *files, struct error *err)
{
	files[TEMPLATE] = drop_template;
	files[EVENT] = event_header;
	files[FRAME] = frame_header;
	files[PROBE] = probes[attach];
	for (int i = 0; i < FILES && directory; i++) {
		int result;

		if (asprintf(&program->names[i], "%s%s", directory, strchr(files[i].name, '/')) <
		    0) {
			program->names[i] = NULL;
			return error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		}
		result = read_file(program, i, "--templates", program->names[i], &files[i], err);
		/* Only the first two must be there; the others stay those built in. */
		if (result && !(i >= FRAME && result == -ENOENT))
			return result;
	}
	return 0;
}

/* The text of a slot that is written from the options; the caller frees it. NULL: out of memory. */
static char *slot_text(const struct options *options, int slot, const struct generate_facts *facts)
{
	const struct filter *filter = &options->filter;
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
	else if (options->expression)
		result = expression_emit(options->expression, out);
	if (fclose(out) || result) {
		free(text);
		text = NULL;
	}
	return text;
}

static int fill_template(struct program *program, const struct options *options,
			 const struct generate_facts *facts, struct error *err)
{
	const struct filter_set *sets = options->filter.sets;
	const unsigned int keys = options->summary;
	const bool everything =
		!keys && (options->verbosity >= 2 || options->output == OUTPUT_JSON);
	/* An expression looks at the packet inside, so that must be found before. */
	const bool packet_first =
		filter_reads_packet(&options->filter) || (options->inner && options->expression);
	const bool ports = !keys || keys & (SUMMARY_SPORT | SUMMARY_DPORT) ||
			   sets[FILTER_SPORT].given || sets[FILTER_DPORT].given;
	const bool packet =
		packet_first || ports || keys & (SUMMARY_PROTO | SUMMARY_SADDR | SUMMARY_DADDR);
	const bool device = everything || options->verbosity >= 1 || keys & SUMMARY_IFACE ||
			    sets[FILTER_INTERFACE].given || sets[FILTER_NETNS].given;
	const bool skb_front =
		device || everything || options->expression || sets[FILTER_LEN].given;
	const struct template_condition conditions[] = {
		{ "skb", packet || skb_front || sets[FILTER_MARK].given },
		{ "skb_front", skb_front },
		{ "direct", facts->attach == ATTACH_TP_BTF },
		{ "packet", packet },
		{ "packet_first", packet_first },
		{ "packet_last", packet && !packet_first },
		{ "ports", ports },
		{ "inner", options->inner },
		{ "tcp_flags", sets[FILTER_TCP_FLAGS].given },
		{ "device", device },
		{ "everything", everything },
		{ "stack", options->stack },
		{ "expression", options->expression },
		/* The kprobes walk a list of packets; a key of names and addresses is large. */
		{ "scratch", options->stack || options->expression || (keys && device) ||
				     facts->attach == ATTACH_KPROBE },
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
		{ "key_ethertype", keys & (SUMMARY_PROTO | SUMMARY_SADDR | SUMMARY_DADDR) },
		{ "key_flags", keys & ~(unsigned int)(SUMMARY_REASON | SUMMARY_LOCATION) },
	};
	struct template_file files[FILES];
	struct template_slot slots[SLOTS];
	char *texts[SLOT_EXPRESSION + 1] = { NULL };
	int result = find_files(program, options->templates_dir, facts->attach, files, err);

	for (int slot = 0; slot < SLOTS; slot++)
		slots[slot].name = slot_names[slot];
	for (int slot = 0; slot <= SLOT_EXPRESSION && !result; slot++) {
		texts[slot] = slot_text(options, slot, facts);
		if (!texts[slot])
			result = error_set(err, STATUS_ENVIRONMENT, ENOMEM, "out of memory");
		slots[slot].file = (struct template_file){ NULL, texts[slot] };
	}
	slots[SLOT_EVENT].file = files[EVENT];
	slots[SLOT_FRAME].file = files[FRAME];
	slots[SLOT_PROBE].file = files[PROBE];
	if (!result)
		result = template_render(&program->source, &files[TEMPLATE], slots, SLOTS,
					 conditions, sizeof(conditions) / sizeof(*conditions), err);
	for (int slot = 0; slot <= SLOT_EXPRESSION; slot++)
		free(texts[slot]);
	return result;
}

int generate_program(struct program *program, const struct options *options,
		     const struct generate_facts *facts, struct error *err)
{
	struct template_file file;
	int result;

	memset(program, 0, sizeof(*program));
	if (!options->source_file) {
		result = fill_template(program, options, facts, err);
	} else {
		program->names[0] = strdup(options->source_file);
		result = read_file(program, 0, "--source", options->source_file, &file, err);
		if (!result)
			result = source_from_file(&program->source, &file, err);
	}
	if (result)
		generate_free(program);
	return result;
}

void generate_free(struct program *program)
{
	source_free(&program->source);
	for (int i = 0; i < FILES; i++) {
		free(program->files[i]);
		free(program->names[i]);
	}
	memset(program, 0, sizeof(*program));
}
