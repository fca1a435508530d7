// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GIGABYTE (UINT64_C(1) << 30)

uint64_t memory_gigabytes(const char *iomem)
{
	uint64_t end = 0;
#ifdef __x86_64__
	FILE *file = fopen(iomem, "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		uint64_t first, last;

		if (strstr(line, " : System RAM") &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &first, &last) == 2 && last > end)
			end = last;
	}
	if (file)
		fclose(file);
#else
	(void)iomem;
#endif
	return (end + GIGABYTE - 1) / GIGABYTE;
}
