// SPDX-License-Identifier: GPL-2.0-only
/* Tables on a terminal: no line is longer than it is wide, and nothing is lost. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/types.h>
#include <cmocka.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "output/cells.h"
#include "output/fit.h"
#include "output/names.h"
#include "output/output.h"
#include "record/decode.h"
#include "record/layout.h"
#include "stream/summary.h"
#include "util/error.h"
#include "util/file.h"
#include "util/terminal.h"

#define SHORT 0xffffffff81000110
#define CLONE 0xffffffff81000210 /* of the compiler's */
#define LONG 0xffffffff81000310
#define DAY (86400ull * 1000000000)

static const char kallsyms[] =
	"ffffffff81000100 T nft_do_chain\n"
	"ffffffff81000200 t __netif_receive_skb_core.constprop.0\n"
	"ffffffff81000300 T a_function_whose_name_has_neither_a_beginning_nor_an_end\n"
	"ffffffff81000400 T _etext\n";

static char symbols_path[] = "/tmp/bytetrace-test-XXXXXX";
static struct layout program = { .id = 1, .name = "kfree_skb" };
static struct layouts layouts = { .list = &program, .count = 1, .active = 1 };
static struct output_config config;
static struct terminal terminal = { .fd = -1 };
static struct output_context context = { .config = &config,
					 .layouts = &layouts,
					 .terminal = &terminal };
static void *table;
static char *text;
static size_t text_size;

static int set_up(void **state)
{
	const int fd = mkstemp(symbols_path);
	struct error err;
	char *format;

	(void)state;
	assert_int_equal(write(fd, kallsyms, strlen(kallsyms)), strlen(kallsyms));
	close(fd);
	context.symbols = symbols_create(symbols_path, "/nonexistent");
	assert_int_equal(file_read_text("tests/fixtures/format/6.18", 1 << 16, &format), 0);
	assert_int_equal(
		reasons_create(&context.reasons, format, &(struct reasons_source){ 0 }, &err), 0);
	free(format);
	terminal.fd = posix_openpt(O_RDWR | O_NOCTTY);
	return terminal.fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(terminal.fd);
	unlink(symbols_path);
	reasons_free(context.reasons);
	symbols_free(context.symbols);
	return 0;
}

static void resize(unsigned int width, unsigned int rows)
{
	const struct winsize size = { .ws_col = (unsigned short)width,
				      .ws_row = (unsigned short)rows };

	assert_int_equal(ioctl(terminal.fd, TIOCSWINSZ, &size), 0);
}

static void open_table(unsigned int width, unsigned int rows)
{
	resize(width, rows);
	context.file = open_memstream(&text, &text_size);
	table = output_table.create(&context);
	assert_non_null(table);
}

static void close_table(void)
{
	output_table.finish(table);
	fclose(context.file);
}

static void show(const struct drop_event *event, size_t stack_depth)
{
	static const uint64_t stack[] = { SHORT, LONG, 0x1234 };
	static const uint64_t own[] = { 42, 0x616263 };
	const struct drop drop = { .event = event,
				   .layout = &program,
				   .cpu = 1,
				   .fields = (const char *)own,
				   .stack = stack,
				   .stack_depth = stack_depth };

	output_table.drop(table, &drop);
}

static struct drop_event ping(void)
{
	struct drop_event event = {
		.location = SHORT,
		.reason = 12, /* NETFILTER_DROP in 6.18 */
		.ethertype = 0x0800,
		.l4_protocol = 1,
		.flags = DROP_HAS_ETHERTYPE | DROP_HAS_ADDRESSES | DROP_HAS_L4 | DROP_NO_PORTS |
			 DROP_HAS_DEVICE | DROP_HAS_NETNS,
		.netns = 4026531840,
		.detailed = 1,
		.pid = 4711,
		.ifname = "eth0",
		.comm = "ping",
	};

	inet_pton(AF_INET, "192.168.2.1", &event.saddr);
	inet_pton(AF_INET, "192.168.10.1", &event.daddr);
	return event;
}

static struct drop_event long_addresses(void)
{
	struct drop_event event = ping();

	event.location = LONG;
	event.ethertype = 0x86dd;
	inet_pton(AF_INET6, "2001:db8:1111:2222:3333:4444:5555:6666", &event.saddr);
	inet_pton(AF_INET6, "2001:db8:1111:2222:3333:4444:5555:7777", &event.daddr);
	return event;
}

/* Columns that a line of UTF-8 takes. */
static size_t columns_of(const char *line, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)line[i] & 0xc0) != 0x80;
	return count;
}

/* No line from `from` on is longer than `width`. */
static void assert_fits(const char *from, size_t width)
{
	for (const char *line = from; *line;) {
		const size_t length = strcspn(line, "\n");

		if (columns_of(line, length) > width)
			fail_msg("longer than %zu: %.*s", width, (int)length, line);
		line += length + 1;
	}
}

static size_t count(const char *of)
{
	size_t found = 0;

	for (const char *at = text; (at = strstr(at, of)); at++)
		found++;
	return found;
}

/* Whatever is shown, and whatever comes after what set the widths. */
static void every_width(void **state)
{
	struct drop_event events[] = { ping(), long_addresses(), ping(), long_addresses() };
	struct layout own = { .id = 1,
			      .name = "kfree_skb",
			      .fields = { { .name = "number", .format = "%llu" },
					  { .name = "text_with_a_long_name",
					    .format = "=====================%s",
					    .kind = FIELD_STRING,
					    .in_bytes = true,
					    .offset = 8,
					    .size = 8 } },
			      .field_count = 2 };
	struct layouts with_own = { .list = NULL };

	(void)state;
	assert_int_equal(layouts_add(&with_own, &own), 0);
	program = own;
	context.layouts = &with_own;
	events[3].location = CLONE;
	config = (struct output_config){ .stack = true, .hints = true };
	for (unsigned int width = 4; width <= 260; width++) {
		for (config.verbosity = 0; config.verbosity <= 2; config.verbosity++) {
			open_table(width, 24);
			for (size_t i = 0; i < 60; i++) {
				show(&events[i % 12 < 8 ? i % 2 : 2 + i % 2], i % 4);
				if (i % 5 == 2)
					output_table.flush(table);
			}
			close_table();
			assert_fits(text, width);
			free(text);
		}
	}
	layouts_free(&with_own);
	program = (struct layout){ .id = 1, .name = "kfree_skb" };
	context.layouts = &layouts;
	config = (struct output_config){ 0 };
}

static void assert_table(unsigned int width, const struct drop_event *event, const char *expected)
{
	open_table(width, 24);
	show(event, 0);
	close_table();
	assert_string_equal(text, expected);
	free(text);
}

/* The space goes first, then what is long is cut; the least important moves below the row. */
static void what_gives_way(void **state)
{
	const struct drop_event event = ping(), other = long_addresses();

	(void)state;
	assert_table(88, &event,
		     "+-------------+--------------+-------+-------+-------+--------------+--------"
		     "--------+\n"
		     "|   SOURCE    | DESTINATION  | PROTO | SPORT | DPORT |   LOCATION   |     "
		     "REASON     |\n"
		     "+-------------+--------------+-------+-------+-------+--------------+--------"
		     "--------+\n"
		     "| 192.168.2.1 | 192.168.10.1 | icmp  |     0 |     0 | nft_do_chain | "
		     "NETFILTER_DROP |\n"
		     "+-------------+--------------+-------+-------+-------+--------------+--------"
		     "--------+\n");
	assert_table(72, &event,
		     "+-----------+------------+-----+-----+-----+------------+--------------+\n"
		     "|  SOURCE   |DESTINATION |PROTO|SPORT|DPORT|  LOCATION  |    REASON    |\n"
		     "+-----------+------------+-----+-----+-----+------------+--------------+\n"
		     "|192.168.2.1|192.168.10.1|icmp |    0|    0|nft_do_chain|NETFILTER_DROP|\n"
		     "+-----------+------------+-----+-----+-----+------------+--------------+\n");
	assert_table(
		80, &other,
		"+---------------+---------------+-----+-----+-----+-------------+--------------+\n"
		"|    SOURCE     |  DESTINATION  |PROTO|SPORT|DPORT|  LOCATION   |    REASON    |\n"
		"+---------------+---------------+-----+-----+-----+-------------+--------------+\n"
		"|2001:db…55:6666|2001:db…55:7777|icmp |    0|    0|a_func…an_end|NETFILTER_DROP|\n"
		"+---------------+---------------+-----+-----+-----+-------------+--------------+"
		"\n");
	assert_table(40, &event,
		     "+--------------+----------------+\n"
		     "|   LOCATION   |     REASON     |\n"
		     "+--------------+----------------+\n"
		     "| nft_do_chain | NETFILTER_DROP |\n"
		     "  SOURCE 192.168.2.1\n"
		     "  DESTINATION 192.168.10.1\n"
		     "  PROTOCOL icmp  SPORT 0  DPORT 0\n"
		     "+--------------+----------------+\n");
	assert_table(20, &event,
		     "+----------------+\n"
		     "|     REASON     |\n"
		     "+----------------+\n"
		     "| NETFILTER_DROP |\n"
		     "  SOURCE 192.168.2.1\n"
		     "  DESTINATION\n"
		     "  192.168.10.1\n"
		     "  PROTOCOL icmp\n"
		     "  SPORT 0  DPORT 0\n"
		     "  LOCATION\n"
		     "  nft_do_chain\n"
		     "+----------------+\n");
	assert_table(10, &event,
		     "+--------+\n"
		     "| REASON |\n"
		     "+--------+\n"
		     "|NETF…ROP|\n"
		     "SOURCE\n"
		     "192.1….2.1\n"
		     "DESTINATIO\n"
		     "192.1…10.1\n"
		     "PROTOCOL\n"
		     "icmp\n"
		     "SPORT 0\n"
		     "DPORT 0\n"
		     "LOCATION\n"
		     "nft_d…hain\n"
		     "+--------+\n");
}

/* A page has a header at its top, and rows to its bottom. */
static void header_on_each_page(void **state)
{
	const struct drop_event event = ping();

	(void)state;
	open_table(100, 24);
	for (size_t i = 0; i < 100; i++) {
		show(&event, 0);
		output_table.flush(table);
	}
	close_table();
	assert_int_equal(count("SOURCE"), 5);
	assert_int_equal(count("\n|"), 105);
	free(text);
	/* Not where there is hardly more room than for it, or none is known. */
	for (unsigned int rows = 0; rows < 10; rows++) {
		open_table(100, rows);
		for (size_t i = 0; i < 100; i++)
			show(&event, 0);
		close_table();
		assert_int_equal(count("SOURCE"), 1);
		free(text);
	}
}

static void header_after_a_resize(void **state)
{
	const struct drop_event event = ping();
	size_t before;

	(void)state;
	open_table(120, 50);
	resize(100, 50); /* before the first one */
	output_table.flush(table);
	show(&event, 0);
	output_table.flush(table);
	resize(60, 50);
	output_table.flush(table);
	fflush(context.file);
	before = strlen(text);
	show(&event, 0);
	output_table.flush(table);
	fflush(context.file);
	assert_int_equal(count("SOURCE"), 2);
	assert_fits(text + before, 60);
	/* Without a row, there is no need for a header. */
	resize(30, 50);
	fflush(context.file);
	before = strlen(text);
	close_table();
	assert_int_equal(count("SOURCE"), 2);
	assert_fits(text + before, 30);
	free(text);
}

/* One long value does not keep a column wide for ever, and one that comes later finds room. */
static void widths_follow_the_values(void **state)
{
	const struct drop_event event = ping(), other = long_addresses();

	(void)state;
	open_table(150, 24);
	show(&other, 0);
	output_table.flush(table);
	for (size_t i = 0; i < 65; i++)
		show(&event, 0);
	close_table();
	assert_non_null(strstr(text, "2001:db8:1111:22"));
	assert_non_null(strstr(text, "| 192.168.2.1 | 192.168.10.1 | icmp "));
	free(text);

	open_table(200, 24);
	for (size_t i = 0; i < 8; i++) {
		show(&event, 0);
		output_table.flush(table);
	}
	show(&other, 0);
	close_table();
	assert_non_null(strstr(text, "2001:db8:1111:2222:3333:4444:5555:6666"));
	assert_non_null(strstr(text, "2001:db8:1111:2222:3333:4444:5555:7777"));
	free(text);
}

/* What the compiler added to a function's name is left out, but not in a pipe. */
static void names_of_functions(void **state)
{
	struct drop_event event = ping();

	(void)state;
	event.location = CLONE;
	open_table(300, 24);
	show(&event, 0);
	close_table();
	assert_non_null(strstr(text, "| __netif_receive_skb_core |"));
	free(text);
	config.verbosity = 2;
	open_table(300, 24);
	show(&event, 0);
	close_table();
	assert_non_null(strstr(text, "| __netif_receive_skb_core+0x10 |"));
	free(text);
	config.verbosity = 0;
	context.terminal = NULL;
	open_table(20, 24);
	show(&event, 0);
	close_table();
	assert_non_null(strstr(text, "| __netif_receive_skb_core.constprop.0 |"));
	free(text);
	context.terminal = &terminal;
}

static void stems(void **state)
{
	static const struct {
		const char *name, *stem, *with_cold;
	} names[] = {
		{ "f", "f", "f" },
		{ "", "", "" },
		{ "f.constprop.0", "f", "f" },
		{ "f.isra.12", "f", "f" },
		{ "f.part.0", "f", "f" },
		{ "f.cold", "f", "f.cold" },
		{ "f.constprop.0.isra.0.cold", "f", "f.constprop.0.isra.0.cold" },
		{ "f.isra.0.part.0", "f", "f" },
		{ "f.part", "f", "f" },
		{ "f.0", "f.0", "f.0" },
		{ "f.other.0", "f.other.0", "f.other.0" },
		{ "f0", "f0", "f0" },
		{ "part.0", "part.0", "part.0" },
		{ ".part.0", ".part.0", ".part.0" },
		{ "0", "0", "0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const size_t length = strlen(names[i].name);

		assert_int_equal(names_stem(names[i].name, length, false), strlen(names[i].stem));
		assert_int_equal(names_stem(names[i].name, length, true),
				 strlen(names[i].with_cold));
	}
}

static void assert_cut(const char *from, size_t width, size_t slack, const char *expected)
{
	char to[64];
	size_t taken;
	const size_t length = fit_cut(to, &taken, from, strlen(from), width, slack);

	assert_int_equal(length, strlen(expected));
	assert_memory_equal(to, expected, length);
	assert_int_equal(taken, columns_of(expected, length));
}

static void cut_texts(void **state)
{
	(void)state;
	assert_cut("abcdef", 7, 0, "abcdef");
	assert_cut("abcdef", 6, 0, "abcdef");
	assert_cut("abcdef", 5, 0, "ab…ef");
	assert_cut("abcdef", 4, 0, "ab…f");
	assert_cut("abcdef", 2, 0, "a…");
	assert_cut("abcdef", 1, 0, "…");
	assert_cut("abcdef", 0, 0, "");
	assert_cut("", 0, 0, "");
	assert_cut("12:34:56.123456", 12, 7, "12:34:56.123");
	assert_cut("12:34:56.123456", 9, 7, "12:34:56");
	assert_cut("12:34:56.123456", 8, 7, "12:34:56");
	assert_cut("12:34:56.123456", 7, 7, "12:…456");
}

static void assert_words(const char *from, size_t limit, const char *expected)
{
	context.file = open_memstream(&text, &text_size);
	fit_words(context.file, "  ^ ", from, strlen(from), limit);
	fclose(context.file);
	assert_string_equal(text, expected);
	free(text);
}

static void words(void **state)
{
	(void)state;
	assert_words("one two three four five", 0, "  ^ one two three four five\n");
	assert_words("one two three four five", 27, "  ^ one two three four five\n");
	assert_words("one two three four five", 26, "  ^ one two three four\n    five\n");
	assert_words("one two three four five", 17, "  ^ one two three\n    four five\n");
	assert_words("one two three four five", 16, "  ^ one two\n    three four\n    five\n");
	assert_words("one two", 4, "one\ntwo\n");
	assert_words("onetwothree", 4, "onet\nwoth\nree\n");
	assert_words("öäüß öäüß", 4, "öäüß\nöäüß\n");
	assert_words("a longwordwithoutend", 5, "a\nlongw\nordwi\nthout\nend\n");
}

/* Counts stay in the row. */
static void summaries(void **state)
{
	struct drop_event events[] = { ping(), long_addresses() };
	struct summary_row rows[50];
	const struct summary summary = { .rows = rows,
					 .row_count = 50,
					 .other = 1234567,
					 .total = 7654321,
					 .time = 2000000000,
					 .time_before = 1 };

	(void)state;
	for (size_t i = 0; i < 50; i++)
		rows[i] = (struct summary_row){ .event = &events[i % 2],
						.own = (const char *)events,
						.count = 1000000 };
	for (unsigned int width = 4; width <= 260; width++) {
		resize(width, 24);
		context.file = open_memstream(&text, &text_size);
		output_table.summary(&context, &summary, BIT_OWN - 1);
		fclose(context.file);
		assert_fits(text, width);
		assert_true(width < 9 || count("1000000") == 50);
		assert_true(count("COUNT") > 2 || width < 9);
		free(text);
	}
}

/* A row of another day than that on which the run began shows its date. */
static void days(void **state)
{
	struct drop_event event = ping();

	(void)state;
	setenv("TZ", "UTC", 1);
	config.verbosity = 2;
	context.terminal = NULL;
	for (size_t day = 0; day < 3; day++) {
		context.start = event.time = 12345;
		open_table(80, 24);
		event.time += day * DAY;
		show(&event, 0);
		close_table();
		assert_int_equal(strstr(text, "| 20") != NULL, day > 0);
		free(text);
	}
	context.terminal = &terminal;
	config.verbosity = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_width),
		cmocka_unit_test(what_gives_way),
		cmocka_unit_test(header_on_each_page),
		cmocka_unit_test(header_after_a_resize),
		cmocka_unit_test(widths_follow_the_values),
		cmocka_unit_test(names_of_functions),
		cmocka_unit_test(stems),
		cmocka_unit_test(cut_texts),
		cmocka_unit_test(words),
		cmocka_unit_test(summaries),
		cmocka_unit_test(days),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
