// SPDX-License-Identifier: GPL-2.0-only
#include "generate/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "generate/code.h"
#include "generate/generate.h"
#include "record/layout.h"
#include "util/error.h"

void check_write_record(const struct layout *layout, FILE *out)
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
		{ MEMBER(tunnel) }, { MEMBER(detailed) },  { MEMBER(socket) },
		{ MEMBER(uid) },
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
	if (!program->probe || file == program->probe)
		return true;
	for (size_t i = 0; i < program->includes.count; i++)
		if (file == program->includes.list[i].path)
			return true;
	return false;
}

/* Refuse a program that reports nothing: it calls none of the functions by which drops are
 * reported. */
int check_calls(const struct program *program, const char *code, struct error *err)
{
	static const char *const functions[] = { "drop", "drop_socket", "drop_device" };
	const struct source *source = &program->source;
	const char *at = source->text;
	bool inside = false; /* of one of them: that it calls another one reports nothing yet */

	for (size_t i = 0; i < source->line_count; i++) {
		const char *line = code + (at - source->text);

		for (size_t f = 0; f < sizeof(functions) / sizeof(*functions); f++) {
			inside |= code_line_defines(line, functions[f]);
			if (!inside && is_own_line(program, source->lines[i].file) &&
			    code_line_calls(line, functions[f]))
				return 0;
		}
		inside &= *line != '}';
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return error_set(err, STATUS_COMPILE, EINVAL,
			 "%s never calls drop(): no packet would be shown",
			 program->probe ? program->probe : program->path);
}
