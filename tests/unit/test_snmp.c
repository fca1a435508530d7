// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int take(void *context, const char *name, uint64_t first, uint64_t last)
{
	fprintf(context, "%s %d\n", name, (int)(first + last));
	return strcmp(name, "stop") == 0 ? 7 : 0;
}

static char *names(const char *dir, int expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(snmp_each(dir, take, out), expected);
	fclose(out);
	return text;
}

static void each(void **state)
{
	char dir[] = "/tmp/snmp-XXXXXX", path[128];
	char *text;

	(void)state;
	assert_non_null(mkdtemp(dir));
	text = names(dir, 0);
	assert_string_equal(text, "");
	free(text);
	/* Pairs of lines, broken ones too, and lines with a name each. */
	write_file(dir, "snmp", "Ip: Forwarding InReceives\nIp: 2 0\nUdp:\nUdp:\nTcp: A  B\n");
	write_file(dir, "netstat", "TcpExt: ListenDrops\nTcpExt: 5\n\n:\n: \n");
	write_file(dir, "snmp6", "Ip6InReceives  \t 12\nstop 1\nIp6InDiscards 1\n");
	text = names(dir, 7);
	assert_string_equal(text, "IpForwarding 0\nIpInReceives 0\nTcpA 0\nTcpB 0\n"
				  "TcpExtListenDrops 0\nIp6InReceives 0\nstop 0\n");
	free(text);
	for (size_t i = 0; i < 3; i++) {
		static const char *const files[] = { "snmp", "netstat", "snmp6" };

		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
