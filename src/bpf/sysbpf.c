// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/sysbpf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/image.h"

static int sysbpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long result = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : (int)result;
}

static uint64_t pointer(const void *address)
{
	return (uint64_t)(uintptr_t)address;
}

/*
 * Before 5.11 maps and programs count against the limit of locked memory, which is low by default.
 * If it cannot be raised, the caller reports the refused call.
 */
static bool raise_limit(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
}

/*
 * A call that names the object it creates. A name has at most 15 letters, digits, '_' and '.';
 * kernels before 4.15 refuse names as an unknown field.
 */
static int sysbpf_named(enum bpf_cmd command, union bpf_attr *attr, char *to, const char *name)
{
	int result;

	memcpy(to, name, strnlen(name, BPF_OBJ_NAME_LEN - 1));
	result = sysbpf(command, attr);
	if (result == -EINVAL || result == -E2BIG) {
		memset(to, 0, BPF_OBJ_NAME_LEN);
		result = sysbpf(command, attr);
	}
	if (result == -EPERM && raise_limit())
		result = sysbpf(command, attr);
	return result;
}

int sysbpf_map_create(const struct image_map *map, int inner_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = map->type;
	attr.key_size = map->key_size;
	attr.value_size = map->value_size;
	attr.max_entries = map->max_entries;
	attr.map_flags = map->flags;
	attr.inner_map_fd = (uint32_t)inner_fd;
	return sysbpf_named(BPF_MAP_CREATE, &attr, attr.map_name, map->name);
}

static int map_element(enum bpf_cmd command, int map_fd, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map_fd;
	attr.key = pointer(key);
	attr.value = pointer(value);
	return sysbpf(command, &attr);
}

int sysbpf_map_set(int map_fd, const void *key, const void *value)
{
	return map_element(BPF_MAP_UPDATE_ELEM, map_fd, key, value);
}

int sysbpf_map_get(int map_fd, const void *key, void *value)
{
	return map_element(BPF_MAP_LOOKUP_ELEM, map_fd, key, value);
}

int sysbpf_map_next(int map_fd, const void *key, void *next)
{
	/* next_key and value are a union. */
	return map_element(BPF_MAP_GET_NEXT_KEY, map_fd, key, next);
}

int sysbpf_program_load(uint32_t type, uint32_t type_id, const struct bpf_insn *instructions,
			size_t count, const char *name, char *log, size_t log_size,
			uint32_t log_level)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	if (type_id) {
		attr.expected_attach_type = BPF_TRACE_RAW_TP;
		attr.attach_btf_id = type_id;
	}
	attr.insns = pointer(instructions);
	attr.insn_cnt = (uint32_t)count;
	attr.license = pointer("GPL");
	if (log) {
		attr.log_buf = pointer(log);
		attr.log_size = (uint32_t)log_size;
		attr.log_level = log_level;
	}
	return sysbpf_named(BPF_PROG_LOAD, &attr, attr.prog_name, name);
}

int sysbpf_raw_tracepoint_attach(int program_fd, const char *tracepoint)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = pointer(tracepoint);
	attr.raw_tracepoint.prog_fd = (uint32_t)program_fd;
	return sysbpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

static int object_info(int fd, void *info, uint32_t *size)
{
	union bpf_attr attr;
	int result;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = *size;
	attr.info.info = pointer(info);
	result = sysbpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (!result)
		*size = attr.info.info_len;
	return result;
}

int sysbpf_map_types(int map_fd, void **btf, size_t *size)
{
	struct bpf_map_info map;
	struct bpf_btf_info info;
	union bpf_attr attr;
	uint32_t length = sizeof(map);
	int btf_fd;
	int result;

	memset(&map, 0, sizeof(map));
	result = object_info(map_fd, &map, &length);
	if (result)
		return result;
	if (map.btf_id == 0)
		return -ENOENT;
	memset(&attr, 0, sizeof(attr));
	attr.btf_id = map.btf_id;
	btf_fd = sysbpf(BPF_BTF_GET_FD_BY_ID, &attr);
	if (btf_fd < 0)
		return btf_fd;

	/* Ask once for the size, and once for the bytes. */
	memset(&info, 0, sizeof(info));
	length = sizeof(info);
	result = object_info(btf_fd, &info, &length);
	if (result)
		goto out;
	*size = info.btf_size;
	*btf = malloc(*size);
	if (!*btf) {
		result = -ENOMEM;
		goto out;
	}
	memset(&info, 0, sizeof(info));
	info.btf = pointer(*btf);
	info.btf_size = (uint32_t)*size;
	length = sizeof(info);
	result = object_info(btf_fd, &info, &length);
	if (result) {
		free(*btf);
		*btf = NULL;
	}
out:
	close(btf_fd);
	return result;
}

int sysbpf_program_misses(int program_fd, uint64_t *misses)
{
	/*
	 * In struct bpf_prog_info, recursion_misses is at byte 208 since Linux 5.12. The struct is
	 * not used here because system headers may be older than the kernel.
	 */
	struct {
		uint64_t before[26];
		uint64_t recursion_misses;
	} info;
	uint32_t length = sizeof(info);
	int result;

	memset(&info, 0, sizeof(info));
	result = object_info(program_fd, &info, &length);
	if (!result)
		*misses = length >= sizeof(info) ? info.recursion_misses : 0;
	return result;
}
