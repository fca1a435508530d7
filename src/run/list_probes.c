// SPDX-License-Identifier: GPL-2.0-only
#include "run/list_probes.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "bpf/attach.h"
#include "bpf/sysbpf.h"
#include "generate/probes.h"
#include "kernel/privileges.h"
#include "run/print.h"
#include "util/error.h"

#define MAX_POINTS 16 /* attach points of a probe that are listed */

/* Find the functions in a probe's text that are named after an attach point, each once. */
static size_t find_points(const char *text, struct attach_point *points)
{
	struct error ignored;
	size_t count = 0;

	while (*text && count < MAX_POINTS) {
		size_t length = 0;
		char name[2 * ATTACH_NAME_SIZE];
		size_t known = 0;

		while (isalnum((unsigned char)text[length]) || text[length] == '_')
			length++;
		snprintf(name, sizeof(name), "%.*s", (int)length, text);
		if (length > 0 && text[length] == '(' &&
		    attach_parse(&points[count], name, &ignored) == 0) {
			while (memcmp(&points[known], &points[count], sizeof(*points)) != 0)
				known++;
			count += known == count;
		}
		text += length + (text[length] != '\0');
	}
	return count;
}

/* Try to attach a program that does nothing. */
static int try_point(const struct attach_point *point, struct error *err)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	enum attach_way way = point->way;
	int program_fd, fd;

	/* Such a program loads only with the ID of its tracepoint. */
	if (way == ATTACH_TP_BTF)
		return attach_choose(&way, true, err);
	program_fd =
		sysbpf_program_load(point->program_type, 0, nothing, 2, "bytetrace", NULL, 0, 0);
	if (program_fd < 0)
		return error_set(err, STATUS_LOAD, -program_fd, "cannot load a test program: %s",
				 strerror(-program_fd));
	fd = attach_program(point, program_fd, err);
	close(program_fd);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Whether load_attach() would attach a probe. Otherwise `err` says why not. */
static bool probe_works(const struct attach_point *points, size_t count, struct error *err)
{
	size_t kprobes = 0, attached = 0;
	struct error why;

	if (count == 0)
		error_set(err, STATUS_ATTACH, ENOENT, "the probe has no function to attach");
	for (size_t i = 0; i < count; i++) {
		const bool failed = try_point(&points[i], &why) != 0;
		const bool kprobe = attach_is_kprobe(&points[i]);

		if (failed && (!kprobe || kprobes == 0))
			*err = why;
		if (failed && !kprobe)
			return false;
		kprobes += kprobe;
		attached += kprobe && !failed;
	}
	return count > 0 && (kprobes == 0 || attached > 0);
}

static int list_probe(void *context, const char *name, struct error *err)
{
	FILE *out = context;
	struct attach_point points[MAX_POINTS];
	struct error why = { .status = STATUS_OK };
	struct probe probe;
	char *where = NULL;
	size_t size, count;
	FILE *text;

	if (probe_read(&probe, name, false, &why)) {
		fprintf(out, "%-20s %-50s no: %s\n", name, "-", why.text);
		return 0;
	}
	text = open_memstream(&where, &size);
	if (!text) {
		probe_free(&probe);
		return error_nomem(err);
	}
	count = find_points(probe.text, points);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", text);
		if (points[i].way == ATTACH_TP_BTF)
			fputs("tp_btf ", text);
		if (i > 0 && points[i].way == points[i - 1].way)
			attach_print_place(&points[i], text);
		else
			attach_print(&points[i], text);
	}
	fclose(text);
	if (probe_works(points, count, &why))
		fprintf(out, "%-20s %-50s yes\n", name, where);
	else
		fprintf(out, "%-20s %-50s no: %s\n", name, where, why.text);
	free(where);
	probe_free(&probe);
	return 0;
}

int list_probes(struct options *options, struct error *err)
{
	int result = privileges_check(err);

	(void)options;
	if (result)
		return result;
	result = probes_each(list_probe, stdout, err);
	if (result)
		return result;
	return print_finish(err);
}
