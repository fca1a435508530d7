// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/release.h"
#include "kernel/tracefs.h"
#include "bpf/sysbpf.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#define KPROBE_TYPE "/sys/bus/event_source/devices/kprobe/type"
#define KPROBE_CONFIG_RETURN 1 /* .../kprobe/format/retprobe says so on all kernels */

static const struct {
	const char *prefix; /* of a function's name */
	const char *words;
	uint32_t program_type;
} ways[] = {
	[ATTACH_TP_BTF] = { ATTACH_TP_BTF_PREFIX, "tp_btf", BPF_PROG_TYPE_TRACING },
	[ATTACH_RAW_TRACEPOINT] = { "raw_tracepoint__", "raw tracepoint",
				    BPF_PROG_TYPE_RAW_TRACEPOINT },
	[ATTACH_TRACEPOINT] = { "tracepoint__", "tracepoint", BPF_PROG_TYPE_TRACEPOINT },
	[ATTACH_KPROBE] = { "kprobe__", "kprobe", BPF_PROG_TYPE_KPROBE },
	[ATTACH_KRETPROBE] = { "kretprobe__", "kretprobe", BPF_PROG_TYPE_KPROBE },
};

int attach_parse(struct attach_point *point, const char *function, struct error *err)
{
	char quoted[ERROR_QUOTE_SIZE];

	memset(point, 0, sizeof(*point));
	for (int way = ATTACH_TP_BTF; way <= ATTACH_KRETPROBE; way++) {
		size_t length = strlen(ways[way].prefix);
		const char *name = function + length;

		if (strncmp(function, ways[way].prefix, length) != 0)
			continue;
		if (way == ATTACH_TRACEPOINT) {
			const char *end = strstr(name, "__");

			if (!end)
				break;
			snprintf(point->system, sizeof(point->system), "%.*s", (int)(end - name),
				 name);
			name = end + 2;
		}
		snprintf(point->name, sizeof(point->name), "%s", name);
		point->way = (enum attach_way)way;
		point->program_type = ways[way].program_type;
		return 0;
	}
	return error_set(err, STATUS_ATTACH, EINVAL,
			 "the name of the function %s does not say where to attach it; name "
			 "it " ATTACH_TP_BTF_PREFIX
			 "NAME, raw_tracepoint__NAME, tracepoint__SYSTEM__NAME, "
			 "kprobe__FUNCTION or kretprobe__FUNCTION, or declare it inline",
			 error_quote(quoted, function));
}

bool attach_is_kprobe(const struct attach_point *point)
{
	return point->way == ATTACH_KPROBE || point->way == ATTACH_KRETPROBE;
}

void attach_print_place(const struct attach_point *point, FILE *out)
{
	fprintf(out, "%s%s%s", point->system, *point->system ? ":" : "", point->name);
}

void attach_print(const struct attach_point *point, FILE *out)
{
	if (point->way != ATTACH_TP_BTF)
		fprintf(out, "%s ", ways[point->way].words);
	attach_print_place(point, out);
}

/* Parse a file that contains only a number. */
static int parse_file_number(const char *text, uint64_t *number)
{
	return text_number(text, strcspn(text, "\n"), UINT32_MAX, number) ? 0 : -EINVAL;
}

/* The type of the perf event source for kprobes. */
static int kprobe_type(uint64_t *type)
{
	char text[32];
	int result = file_read_string(AT_FDCWD, KPROBE_TYPE, text, sizeof(text));

	return result ? result : parse_file_number(text, type);
}

static int tracepoint_id(const char *system, const char *name, uint64_t *id, struct error *err)
{
	char *text;
	int result = tracefs_read_event(system, name, "id", &text, err);

	if (result)
		return result;
	if (parse_file_number(text, id))
		result = error_set(err, STATUS_ATTACH, EINVAL,
				   "the ID of the tracepoint %s:%s is not a number", system, name);
	free(text);
	return result;
}

static int check_supported(enum attach_way way, struct error *err)
{
	uint64_t number;

	switch (way) {
	case ATTACH_TP_BTF:
		/* Packets are read with bpf_rdonly_cast, which was added in 6.2. */
		if (!release_runs_since(6, 2) || access(ATTACH_KERNEL_BTF, R_OK))
			return error_set(
				err, STATUS_ATTACH, EOPNOTSUPP,
				"this kernel does not support tp_btf, which needs Linux 6.2 or "
				"later and " ATTACH_KERNEL_BTF);
		return check_supported(ATTACH_RAW_TRACEPOINT, err);
	case ATTACH_RAW_TRACEPOINT:
		/* It always fails without a program, but with EINVAL only if the call is unknown.
		 */
		if (sysbpf_raw_tracepoint_attach(-1, "kfree_skb") == -EINVAL)
			return error_set(err, STATUS_ATTACH, EOPNOTSUPP,
					 "this kernel does not support raw tracepoints, which need "
					 "Linux 4.17 or later");
		return 0;
	case ATTACH_TRACEPOINT:
		return tracepoint_id("skb", "kfree_skb", &number, err);
	case ATTACH_KPROBE:
		if (kprobe_type(&number))
			return error_set(
				err, STATUS_ATTACH, EOPNOTSUPP,
				"this kernel does not support kprobes, which need Linux 4.17 or "
				"later and CONFIG_KPROBE_EVENTS: " KPROBE_TYPE " is missing");
		return 0;
	default:
		return -EINVAL;
	}
}

int attach_choose(enum attach_way *way, bool directly, struct error *err)
{
	if (*way != ATTACH_ANY)
		return check_supported(*way, err);
	for (*way = directly ? ATTACH_TP_BTF : ATTACH_RAW_TRACEPOINT; *way < ATTACH_KPROBE; ++*way)
		if (check_supported(*way, err) == 0)
			return 0;
	return check_supported(*way, err);
}

/* One event is enough for all CPUs: it attaches the program to the whole tracepoint or kprobe. */
static int attach_event(struct perf_event_attr *attr, int program_fd)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) == 0 &&
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0)
		return fd;
	result = -errno;
	close(fd);
	return result;
}

int attach_program(const struct attach_point *point, int program_fd, struct error *err)
{
	struct perf_event_attr attr;
	char quoted[ERROR_QUOTE_SIZE];
	uint64_t number = 0;
	int fd = -EINVAL;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	switch (point->way) {
	case ATTACH_TP_BTF:
		/* The program was loaded for a tracepoint. */
		fd = sysbpf_raw_tracepoint_attach(program_fd, NULL);
		break;
	case ATTACH_RAW_TRACEPOINT:
		fd = sysbpf_raw_tracepoint_attach(program_fd, point->name);
		break;
	case ATTACH_TRACEPOINT:
		if (tracepoint_id(point->system, point->name, &number, err))
			return -ENOENT;
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = number;
		fd = attach_event(&attr, program_fd);
		break;
	case ATTACH_KPROBE:
	case ATTACH_KRETPROBE:
		if (check_supported(ATTACH_KPROBE, err))
			return -EOPNOTSUPP;
		kprobe_type(&number);
		attr.type = (uint32_t)number;
		attr.config = point->way == ATTACH_KRETPROBE ? KPROBE_CONFIG_RETURN : 0;
		attr.kprobe_func = (uint64_t)(uintptr_t)point->name;
		fd = attach_event(&attr, program_fd);
		break;
	case ATTACH_ANY:
		break;
	}
	if (fd >= 0)
		return fd;
	return error_set(err, STATUS_ATTACH, -fd, "cannot attach to the %s %s%s%s: %s",
			 ways[point->way].words, point->system, *point->system ? ":" : "",
			 error_quote(quoted, point->name), strerror(-fd));
}
