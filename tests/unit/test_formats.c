// SPDX-License-Identifier: GPL-2.0-only
/* Every column of record/columns.h in every format. */
#include "output/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/owners.h"
#include "kernel/symbols.h"
#include "record/columns.h"
#include "record/decode.h"
#include "record/layout.h"
#include "stream/summary.h"
#include "util/error.h"
#include "util/file.h"

#define MAX_CELLS (COLUMN_COUNT + 3)
#define NFT_DO_CHAIN 0xffffffff81000110 /* tests/fixtures/kallsyms/table */

static struct layout programs[] = { { .id = 1, .name = "one" }, { .id = 2, .name = "two" } };
static const struct layouts layouts = { .list = programs, .count = 2, .active = 2 };
static const uint64_t stack[] = { NFT_DO_CHAIN };
static struct drop_event event = {
	.time = 1,
	.location = NFT_DO_CHAIN,
	.reason = 12,
	.ethertype = 0x0800,
	.vlan = 7,
	.sport = 1024,
	.dport = 53,
	.l4_protocol = 17,
	.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_HAS_PORTS |
		 DROP_HAS_VLAN | DROP_HAS_DEVICE | DROP_HAS_NETNS | DROP_HAS_SOCKET | DROP_HAS_UID,
	.tunnel = DROP_TUNNEL_VXLAN,
	.detailed = 1,
	.netns = 4026531840,
	.ifindex = 2,
	.ifname = "eth0",
	.length = 84,
	.pid = 4711,
	.mark = 42,
	.socket = 4242,
	.uid = 1000,
	.comm = "ping",
};

static const struct owner owner = { "nginx", 712 };

/* Everything that a format can show. */
static const struct output_config config = { .verbosity = 2, .inner = true, .stack = true };
static struct output_context context = { .config = &config, .layouts = &layouts };

static int set_up(void **state)
{
	struct error err;
	char *format;

	(void)state;
	assert_int_equal(file_read_text("tests/fixtures/format/6.18", 1 << 16, &format), 0);
	assert_int_equal(
		reasons_create(&context.reasons, format, &(struct reasons_source){ 0 }, &err), 0);
	free(format);
	context.symbols = symbols_create("tests/fixtures/kallsyms/table", "/nonexistent");
	return context.symbols ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	reasons_free(context.reasons);
	symbols_free(context.symbols);
	return 0;
}

/* The drop in a format; the caller frees it. */
static char *show_drop(const struct output_format *format)
{
	const struct drop drop = {
		.event = &event,
		.layout = &programs[0],
		.owner = &owner,
		.stack = stack,
		.stack_depth = 1,
	};
	char *text = NULL;
	size_t size;
	void *output;

	context.file = open_memstream(&text, &size);
	output = format->create(&context);
	assert_non_null(output);
	format->drop(output, &drop);
	format->finish(output);
	fclose(context.file);
	return text;
}

/* A summary by all keys in a format; the caller frees it. */
static char *show_summary(const struct output_format *format)
{
	struct summary_row row = {
		.event = &event, .own = (const char *)&event, .owner = &owner, .count = 3
	};
	const struct summary summary = {
		.rows = &row, .row_count = 1, .other = 1, .total = 4, .time = 2
	};
	char *text = NULL;
	size_t size;

	context.file = open_memstream(&text, &size);
	format->summary(&context, &summary, BIT_OWN - 1);
	fclose(context.file);
	return text;
}

static void names_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < output_format_count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(output_formats[i]->name, output_formats[k]->name);
	assert_ptr_equal(output_formats[0], &output_table);
}

/* The program fills what a format shows: nothing less, and for a short table nothing at all. */
static void needs(void **state)
{
	const struct output_config table[] = { { .verbosity = 0, .inner = true },
					       { .verbosity = 1 },
					       { .verbosity = 2, .inner = true },
					       { .stack = true } };
	const unsigned int all = RECORD_DEVICE | RECORD_DETAILS | RECORD_SOCKET;

	(void)state;
	assert_int_equal(output_table.needs(&table[0]), 0);
	assert_int_equal(output_table.needs(&table[1]), RECORD_DEVICE);
	assert_int_equal(output_table.needs(&table[2]), all);
	assert_int_equal(output_table.needs(&table[3]), RECORD_STACK);
	assert_int_equal(output_json.needs(&table[0]), all);
	assert_int_equal(output_json.needs(&table[3]), all | RECORD_STACK);
}

/* No user's column can have a key of this object; keys of objects in it do not matter. */
static void assert_keys_taken(const char *object)
{
	int depth = 0;
	char key[64];

	for (const char *at = object; *at && *at != '\n'; at++) {
		depth += (*at == '{') - (*at == '}');
		if (depth > 1 || sscanf(at, "\"%63[a-z_]", key) != 1 ||
		    strncmp(at + 1 + strlen(key), "\":", 2) != 0)
			continue;
		if (!columns_taken(key, strlen(key)))
			fail_msg("a user's column can be \"%s\"", key);
	}
}

static void json_has_every_column(void **state)
{
	char *texts[] = { show_drop(&output_json), show_summary(&output_json) };
	char quoted[64];

	(void)state;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		const char *value;

		snprintf(quoted, sizeof(quoted), "\"%s\":", columns[i].json);
		value = strstr(texts[0], quoted);
		if (!value || strncmp(value + strlen(quoted), "null", 4) == 0)
			fail_msg("%s: %s", columns[i].json, texts[0]);
		if (columns[i].keys && !strstr(texts[1], quoted))
			fail_msg("%s: %s", columns[i].json, texts[1]);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_keys_taken(texts[i]);
		free(texts[i]);
	}
}

/* Split a line of a table at its borders. Returns the number of cells. */
static size_t split(char *line, char *cells[MAX_CELLS])
{
	size_t count = 0;

	for (char *cell = strtok(line, "|"); cell; cell = strtok(NULL, "|")) {
		while (*cell == ' ')
			cell++;
		cell[strcspn(cell, " ")] = '\0';
		cells[count++] = cell;
	}
	return count;
}

static void table_has_every_column(void **state)
{
	char *texts[] = { show_drop(&output_table), show_summary(&output_table) };

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		char *titles[MAX_CELLS], *cells[MAX_CELLS];
		char *header = strchr(texts[t], '\n') + 1;
		char *row = strchr(strchr(header, '\n') + 1, '\n') + 1;
		size_t count, expected = 0;

		*strchr(header, '\n') = '\0';
		*strchr(row, '\n') = '\0';
		count = split(header, titles);
		assert_int_equal(split(row, cells), count);
		for (size_t i = 0; i < count; i++) {
			assert_true(columns_taken(titles[i], strlen(titles[i])));
			if (strcmp(cells[i], "-") == 0)
				fail_msg("%s is not shown", titles[i]);
		}
		for (size_t i = 0; i < COLUMN_COUNT; i++)
			expected += columns[i].title && (t == 0 || columns[i].keys);
		assert_int_equal(count, expected + (t == 0 ? 0 : 3));
		if (t == 0)
			assert_string_equal(titles[0], "PROBE");
		free(texts[t]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_differ),
		cmocka_unit_test(needs),
		cmocka_unit_test(json_has_every_column),
		cmocka_unit_test(table_has_every_column),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
