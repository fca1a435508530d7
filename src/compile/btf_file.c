// SPDX-License-Identifier: GPL-2.0-only
#include "compile/btf_file.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BTF (128 * 1024 * 1024)
#define MAX_NAMES (16 * 1024 * 1024) /* of the sections of an ELF file */

/* Kernels are ELF files of the machine's own kind. */
#if UINTPTR_MAX > UINT32_MAX
#define ELF_CLASS ELFCLASS64
typedef Elf64_Ehdr elf_header;
typedef Elf64_Shdr elf_section;
#else
#define ELF_CLASS ELFCLASS32
typedef Elf32_Ehdr elf_header;
typedef Elf32_Shdr elf_section;
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ELF_DATA ELFDATA2LSB
#else
#define ELF_DATA ELFDATA2MSB
#endif

static int refuse(char *why, size_t why_size, const char *reason)
{
	snprintf(why, why_size, "%s", reason);
	return -EINVAL;
}

/* Read a part of a file that must have all of it. The caller frees *bytes. */
static int read_part(int fd, uint64_t offset, uint64_t size, uint64_t file_size, void **bytes)
{
	size_t length = 0;

	if (offset > file_size || size > file_size - offset || size > MAX_BTF)
		return -EINVAL;
	*bytes = malloc(size + 1);
	if (!*bytes)
		return -ENOMEM;
	while (length < size) {
		ssize_t got =
			pread(fd, (char *)*bytes + length, size - length, (off_t)(offset + length));

		if (got <= 0) {
			int result = got < 0 ? -errno : -EINVAL;

			free(*bytes);
			*bytes = NULL;
			return result;
		}
		length += (size_t)got;
	}
	((char *)*bytes)[size] = '\0';
	return 0;
}

/* The section .BTF, or NULL. `names` are terminated by a NUL. */
static const elf_section *find_section(const elf_section *sections, size_t count, const char *names,
				       uint64_t names_size)
{
	for (size_t i = 0; i < count; i++)
		if (sections[i].sh_name < names_size &&
		    strcmp(names + sections[i].sh_name, ".BTF") == 0)
			return &sections[i];
	return NULL;
}

static int read_elf(int fd, const elf_header *elf, uint64_t file_size, void **bytes, size_t *size,
		    char *why, size_t why_size)
{
	void *sections = NULL, *names = NULL;
	const elf_section *names_section, *section;
	int result;

	if (elf->e_ident[EI_CLASS] != ELF_CLASS || elf->e_ident[EI_DATA] != ELF_DATA)
		return refuse(why, why_size, "it is an ELF file of another kind of machine");
	if (elf->e_shentsize != sizeof(elf_section) || elf->e_shstrndx >= elf->e_shnum ||
	    read_part(fd, elf->e_shoff, elf->e_shnum * sizeof(elf_section), file_size, &sections))
		return refuse(why, why_size, "the section headers of the ELF file are damaged");
	names_section = (const elf_section *)sections + elf->e_shstrndx;
	if (names_section->sh_size > MAX_NAMES ||
	    read_part(fd, names_section->sh_offset, names_section->sh_size, file_size, &names)) {
		result = refuse(why, why_size, "the section names of the ELF file are damaged");
		goto out;
	}
	section = find_section(sections, elf->e_shnum, names, names_section->sh_size);
	if (!section) {
		result = refuse(why, why_size, "the ELF file has no section .BTF");
		goto out;
	}
	*size = section->sh_size;
	result = section->sh_type == SHT_NOBITS || section->sh_flags & SHF_COMPRESSED
			 ? -EINVAL
			 : read_part(fd, section->sh_offset, section->sh_size, file_size, bytes);
	if (result == -EINVAL)
		refuse(why, why_size, "the section .BTF of the ELF file is damaged");
out:
	free(sections);
	free(names);
	return result;
}

int btf_file_read(int fd, void **bytes, size_t *size, char *why, size_t why_size)
{
	struct stat status;
	uint64_t file_size;
	elf_header elf;
	ssize_t length;
	int result;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return refuse(why, why_size, "it is not a regular file");
	file_size = (uint64_t)status.st_size;
	length = pread(fd, &elf, sizeof(elf), 0);
	if (length < 0) {
		result = -errno;
		snprintf(why, why_size, "%s", strerror(errno));
		return result;
	}
	if (length == sizeof(elf) && memcmp(elf.e_ident, ELFMAG, SELFMAG) == 0)
		return read_elf(fd, &elf, file_size, bytes, size, why, why_size);
	if (file_size > MAX_BTF)
		return refuse(why, why_size, "it is larger than any BTF");
	*size = file_size;
	result = read_part(fd, 0, file_size, file_size, bytes);
	return result == -EINVAL ? refuse(why, why_size, "it was cut off while it was read")
				 : result;
}
