// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/snmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/file.h"

#define MAX_FILE (1 << 20)
#define NAME_SIZE 128 /* longer names are cut */

/* Two lines a protocol: "Tcp: RtoAlgorithm RtoMin ...", and "Tcp: 1 200 ...". */
static int each_of_pairs(char *text,
			 int (*take)(void *context, const char *name, uint64_t first,
				     uint64_t last),
			 void *context)
{
	bool names = true;
	char *rest = NULL;
	int result = 0;

	for (char *line = strtok_r(text, "\n", &rest); line && !result;
	     line = strtok_r(NULL, "\n", &rest), names = !names) {
		char *words, *prefix = strtok_r(line, ": ", &words);

		while (names && prefix && !result) {
			const char *word = strtok_r(NULL, " ", &words);
			char name[NAME_SIZE];

			if (!word)
				break;
			word += *word == ':';
			if (!*word)
				continue;
			snprintf(name, sizeof(name), "%s%s", prefix, word);
			result = take(context, name, 0, 0);
		}
	}
	return result;
}

/* A line a counter: "Ip6InReceives   15". */
static int each_of_lines(char *text,
			 int (*take)(void *context, const char *name, uint64_t first,
				     uint64_t last),
			 void *context)
{
	char *rest = NULL;
	int result = 0;

	for (char *line = strtok_r(text, "\n", &rest); line && !result;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		result = take(context, line, 0, 0);
	}
	return result;
}

int snmp_each(const char *dir,
	      int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
	      void *context)
{
	static const struct {
		const char *name;
		bool has_pairs;
	} files[] = { { "snmp", true }, { "netstat", true }, { "snmp6", false } };
	int result = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !result; i++) {
		char path[4096], *text;

		snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
		if (file_read_text(path, MAX_FILE, &text) != 0)
			continue;
		result = files[i].has_pairs ? each_of_pairs(text, take, context)
					    : each_of_lines(text, take, context);
		free(text);
	}
	return result;
}
