/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_BPF_SYSBPF_H
#define BYTETRACE_BPF_SYSBPF_H

#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct image_map;

/*
 * The bpf(2) calls that bytetrace makes, one function each. It does not use libbpf or libbcc for
 * them because their signatures changed between the releases in Debian; the system call's did not.
 * (The prefix keeps clear of libbpf's names.) All return a descriptor or 0, or -errno.
 */

/* `inner_fd`: for a map of maps, a map like the ones that it will contain; else 0. */
int sysbpf_map_create(const struct image_map *map, int inner_fd);
int sysbpf_map_set(int map_fd, const void *key, const void *value);
int sysbpf_map_get(int map_fd, const void *key, void *value);
/* Get the key after `key`, or the first one if that is NULL. -ENOENT: no more. */
int sysbpf_map_next(int map_fd, const void *key, void *next);

/*
 * Get the BTF that a map was created with; the caller frees *btf. -ENOENT: it has none. Needs
 * Linux 4.18 or later.
 */
int sysbpf_map_types(int map_fd, void **btf, size_t *size);

/*
 * `type_id`: for BPF_PROG_TYPE_TRACING the ID of a raw tracepoint in the kernel's BTF, else 0.
 * `log` (log_size bytes) receives the verifier's log, or is NULL; at level 1 it contains all
 * steps, at level 4 (since Linux 5.2) only counts.
 */
int sysbpf_program_load(uint32_t type, uint32_t type_id, const struct bpf_insn *instructions,
			size_t count, const char *name, char *log, size_t log_size,
			uint32_t log_level);

/* `tracepoint`: NULL for a program that was loaded with a `type_id`. */
int sysbpf_raw_tracepoint_attach(int program_fd, const char *tracepoint);

/*
 * How often the kernel skipped a program because it was already running on that CPU. 0 on
 * kernels before 5.12, which do not skip.
 */
int sysbpf_program_misses(int program_fd, uint64_t *misses);

#endif
