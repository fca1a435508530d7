// SPDX-License-Identifier: GPL-2.0-only
#include "generate/probes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/error.h"

static void assert_refused(const char *word, enum status status, const char *message)
{
	struct probe probe;
	struct error err;

	assert_true(probe_read(&probe, word, false, &err) < 0);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, status);
	assert_null(probe.text);
}

static void built_in(void **state)
{
	struct probe probe;
	struct error err;

	(void)state;
	for (int way = ATTACH_RAW_TRACEPOINT; way <= ATTACH_KPROBE; way++) {
		const char *name = probe_default_name((enum attach_way)way);

		assert_int_equal(probe_read(&probe, name, false, &err), 0);
		assert_string_equal(probe.name, name);
		assert_non_null(strstr(probe.path, name));
		assert_non_null(strstr(probe.text, "Attach point:"));
		probe_free(&probe);
	}
}

static void by_path(void **state)
{
	static const char text[] = "int raw_tracepoint__x(void *ctx)\n";
	char directory[] = "/tmp/test_probes.XXXXXX", path[64];
	struct probe probe;
	struct error err;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/kfree_skb", directory);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	/* A name with a / is never one of those that are built in. */
	assert_int_equal(probe_read(&probe, path, false, &err), 0);
	assert_string_equal(probe.name, "kfree_skb");
	assert_string_equal(probe.path, path);
	assert_string_equal(probe.text, text);
	probe_free(&probe);
	file = fopen(path, "w");
	fwrite("int\0", 1, 4, file);
	fclose(file);
	{
		char message[128];

		snprintf(message, sizeof(message),
			 "--probe: cannot read \"%s\": it contains a NUL byte", path);
		assert_refused(path, STATUS_ENVIRONMENT, message);
	}
	unlink(path);
	rmdir(directory);
	assert_refused("/nowhere/mine", STATUS_ENVIRONMENT,
		       "--probe: cannot read \"/nowhere/mine\": No such file or directory");
	assert_refused("nowhere.c", STATUS_ENVIRONMENT,
		       "--probe: cannot read \"nowhere.c\": No such file or directory");
	assert_refused("./kfree_skb", STATUS_ENVIRONMENT,
		       "--probe: cannot read \"./kfree_skb\": No such file or directory");
}

/* What the nearest ones are depends on what is installed; that the one meant is among them not. */
static void unknown_names(void **state)
{
	static const char *const words[][2] = {
		{ "kfree_sbk", "kfree_skb" },
		{ "KFREE_SKB", "kfree_skb" },
		{ "kfree_skb_kprob", "kfree_skb_kprobe" },
		{ "kfree_skb.", "kfree_skb" },
	};
	struct probe probe;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char start[128];
		const char *tail =
			"? (--list-probes lists them; a file needs a / or .c in its name)";

		assert_true(probe_read(&probe, words[i][0], false, &err) < 0);
		snprintf(start, sizeof(start), "--probe: unknown probe \"%s\"; did you mean %s",
			 words[i][0], words[i][1]);
		assert_int_equal(strncmp(err.text, start, strlen(start)), 0);
		assert_string_equal(err.text + strlen(err.text) - strlen(tail), tail);
		assert_int_equal(err.status, STATUS_USAGE);
	}
	/* What a terminal would obey is not printed. */
	assert_true(probe_read(&probe, "\033[2J", false, &err) < 0);
	assert_non_null(strstr(err.text, "\"\\x1b[2J\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in),
		cmocka_unit_test(by_path),
		cmocka_unit_test(unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
