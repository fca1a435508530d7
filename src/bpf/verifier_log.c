// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/verifier_log.h"

#include <stdlib.h>
#include <string.h>

const char *verifier_log_last_lines(char *log, int lines)
{
	size_t length = strlen(log);

	while (length > 0 && log[length - 1] == '\n')
		log[--length] = '\0';
	for (char *at = log + length; at > log; at--)
		if (at[-1] == '\n' && --lines == 0)
			return at;
	return log;
}

unsigned long verifier_log_number(const char *log, const char *words)
{
	unsigned long number = 0;

	while ((log = strstr(log, words))) {
		log += strlen(words);
		number = strtoul(log, NULL, 10);
	}
	return number;
}

unsigned long verifier_log_stack(const char *log)
{
	const char *at = strstr(log, "stack depth ");
	unsigned long sum = 0;
	char *rest;

	if (!at)
		return 0;
	at += strlen("stack depth ");
	do {
		sum += strtoul(at, &rest, 10);
		at = rest + 1;
	} while (*rest == '+');
	return sum;
}

bool verifier_log_instruction(const char *log, unsigned long *number)
{
	bool found = false;

	while (log) {
		char *rest;
		unsigned long value = strtoul(log, &rest, 10);

		if (rest > log && strncmp(rest, ": (", 3) == 0) {
			*number = value;
			found = true;
		}
		log = strchr(log, '\n');
		log = log ? log + 1 : NULL;
	}
	return found;
}

bool verifier_log_is_unchecked_read(const char *log)
{
	/* 'inv' is what kernels before 5.18 call a scalar. */
	static const char *const types[] = {
		"scalar'",	   "inv'", "untrusted_ptr_", "ptr_or_null_", "trusted_ptr_or_null_",
		"rcu_ptr_or_null_"
	};
	static const char words[] = "invalid mem access '";

	while ((log = strstr(log, words))) {
		log += strlen(words);
		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
			if (strncmp(log, types[i], strlen(types[i])) == 0)
				return true;
	}
	return false;
}
