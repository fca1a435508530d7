/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_COMPILE_BTF_FILE_H
#define BYTETRACE_COMPILE_BTF_FILE_H

#include <stddef.h>

/*
 * Read BTF from the start of an open file: the whole file, or the section .BTF of an ELF file. Does
 * not look at the BTF itself. Returns 0, -ENOMEM, or -errno with `why`, "it has no section .BTF".
 * The caller frees *bytes.
 */
int btf_file_read(int fd, void **bytes, size_t *size, char *why, size_t why_size);

#endif
