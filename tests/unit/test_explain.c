// SPDX-License-Identifier: GPL-2.0-only
#include "explain/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain/counters.h"
#include "explain/list.h"
#include "explain/show.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "util/error.h"
#include "util/file.h"

static const char sample[] = "# no entry: [NONE]\n"
			     "hint: of nothing\n"
			     "\n"
			     "[FIRST OLD_FIRST]\n"
			     "hint: one line\n"
			     "# a comment within\n"
			     "fix: do this\n"
			     "meaning: words that\n"
			     "  go on\n"
			     "cause: a\n"
			     "cause: b\n"
			     "counter: nstat -az X # it moves\n"
			     "look: ls\n"
			     "[SECOND]\n"
			     "nonsense\n"
			     "meaning: x\n"
			     "[THIRD";

static void names(void **state)
{
	static const char *const found[] = {
		"FIRST",
		"first",
		"old_First",
		"SKB_DROP_REASON_FIRST",
		"skb_drop_reason_old_first",
		"FIRST+0x10/0x20 [module]",
		"first.isra.0",
		"SECOND",
		"THIRD",
	};
	static const char *const missing[] = {
		"",  "FIRS", "FIRSTS", "FIRST_",	  "NONE", "[", "]",
		".", " ",    "hint",   "SKB_DROP_REASON_"
	};
	struct explanation entry;

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++)
		assert_true(explain_find(sample, found[i], &entry));
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		assert_false(explain_find(sample, missing[i], &entry));
	assert_false(explain_find("", "FIRST", &entry));
}

/* What an entry looks like, printed. */
static char *print(const char *text, const char *name, const char *note, bool bold)
{
	struct explanation entry;
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_true(explain_find(text, name, &entry));
	explain_print(out, &entry, note, bold);
	fclose(out);
	return printed;
}

static void printed(void **state)
{
	static const struct {
		const char *name, *note;
		bool bold;
		const char *expected;
	} table[] = {
		{ "old_first", "A note.", false,
		  "OLD_FIRST: one line\n"
		  "Of FIRST OLD_FIRST\n"
		  "A note.\n"
		  "\nWhat it means\n  words that go on\n"
		  "\nUsual causes\n  - a\n  - b\n"
		  "\nWhat counts it\n  nstat -az X\n      it moves\n"
		  "\nWhere to look\n  ls\n"
		  "\nWhat helps\n  - do this\n" },
		{ "second", NULL, true,
		  "\033[1mSECOND\033[0m\n\n\033[1mWhat it means\033[0m\n  x\n" },
		{ "THIRD", NULL, false, "THIRD\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *text = print(sample, table[i].name, table[i].note, table[i].bold);

		assert_string_equal(text, table[i].expected);
		free(text);
	}
}

static void wrapped(void **state)
{
	const char *words = " \n a bb  ccc\td";
	const char *long_word = "0123456789012345678901234567890123456789"
				"0123456789012345678901234567890123456789x y";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	explain_wrap(out, 74, 3, words, strlen(words));
	explain_wrap(out, 0, 0, long_word, strlen(long_word));
	explain_wrap(out, 0, 0, "", 0);
	fclose(out);
	assert_string_equal(text, "a bb\n   ccc d\n"
				  "0123456789012345678901234567890123456789"
				  "0123456789012345678901234567890123456789x\ny\n\n");
	free(text);
}

/* Texts of a reason at a location. */
static void cases(void **state)
{
	static const char text[] = "[ONE]\nhint: no case\n"
				   "[ONE TWO @here @there]\nhint: a\n"
				   "[ONE @elsewhere]\nhint: b\n";
	static const struct {
		const char *reason, *location, *title;
	} found[] = {
		{ "ONE", "here", "ONE at here" },
		{ "skb_drop_reason_two", "There.isra.0+0x1/0x2 [m]", "TWO at there" },
		{ "ONE", "elsewhere", "ONE at elsewhere" },
		{ NULL, "there", "ONE at there" },
	};
	static const struct {
		const char *reason, *location;
	} missing[] = { { "ONE", "her" },   { "TWO", "elsewhere" }, { "here", "here" },
			{ "ONE", "@here" }, { "@here", NULL },	    { "THREE", NULL },
			{ "ONE", "" },	    { "", "here" } };
	char title[EXPLAIN_TITLE_SIZE];
	struct explanation entry;
	const char *at;

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		at = text;
		assert_true(explain_next_case(&at, found[i].reason, found[i].location, &entry));
		assert_int_equal(explain_title(title, &entry), strlen(found[i].title));
		assert_string_equal(title, found[i].title);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		at = text;
		assert_false(
			explain_next_case(&at, missing[i].reason, missing[i].location, &entry));
	}
	at = text;
	assert_true(explain_next_case(&at, "ONE", NULL, &entry));
	assert_true(explain_next_case(&at, "ONE", NULL, &entry));
	assert_int_equal(entry.location_length, strlen("elsewhere"));
	assert_false(explain_next_case(&at, "ONE", NULL, &entry));
}

/* Lines fit a terminal and have nothing invisible at their end. */
static void assert_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > EXPLAIN_WIDTH || (length > 0 && text[length - 1] == ' '))
			fail_msg("line: %.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* How many lines of an entry have this key. */
static size_t count_parts(const struct explanation *entry, const char *key)
{
	size_t count = 0;

	for (const char *line = entry->parts; line < entry->end; line = strchr(line, '\n') + 1)
		count += strncmp(line, key, strlen(key)) == 0;
	return count;
}

static bool is_known(const char *line)
{
	static const char *const starts[] = { "#",	 " ",	      "\n",	 "[",
					      "hint: ",	 "meaning: ", "cause: ", "counter: ",
					      "shown: ", "look: ",    "fix: " };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* A name is a word; that of a location begins with @, which only cases have. */
static void assert_names(const struct explanation *entry, bool is_case)
{
	static const char word[] = "0123456789_abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *name = NULL;
	size_t length = 0, reasons = 0, locations = 0;

	while (explain_next_name(entry, &name, &length)) {
		const bool is_location = *name == '@';

		if (length == is_location ||
		    strspn(name + is_location, word) + is_location != length)
			fail_msg("not a name: %.*s", (int)length, name);
		*(is_location ? &locations : &reasons) += 1;
	}
	if (reasons == 0 || (locations > 0) != is_case)
		fail_msg("[%.*s: %zu locations", (int)entry->names_length, entry->names, locations);
}

/* What --explain finds by a name is this entry, not an earlier one with the same name. */
static void assert_found(const char *text, const struct explanation *entry)
{
	const char *name = NULL;
	size_t length = 0;

	while (explain_next_name(entry, &name, &length)) {
		char copy[EXPLAIN_NAME_SIZE];
		struct explanation found;

		snprintf(copy, sizeof(copy), "%.*s", (int)length, name);
		assert_true(explain_find(text, copy, &found));
		if (found.names != entry->names)
			fail_msg("%s: has two texts", copy);
	}
}

/* The reasons of a case have texts, and each of them at each location is in this entry only. */
static void assert_case(const struct explanation *entry)
{
	const char *reason = NULL, *location;
	size_t length = 0, location_length;

	while (explain_next_name(entry, &reason, &length)) {
		char reason_name[EXPLAIN_NAME_SIZE], location_name[EXPLAIN_NAME_SIZE];
		struct explanation found;

		if (*reason == '@')
			continue;
		snprintf(reason_name, sizeof(reason_name), "%.*s", (int)length, reason);
		if (!explain_find(embedded_reasons, reason_name, &found))
			fail_msg("%s: a case, but not a reason", reason_name);
		location = NULL;
		location_length = 0;
		while (explain_next_name(entry, &location, &location_length)) {
			const char *at = embedded_cases;

			if (*location != '@')
				continue;
			snprintf(location_name, sizeof(location_name), "%.*s",
				 (int)location_length - 1, location + 1);
			assert_true(explain_next_case(&at, reason_name, location_name, &found));
			if (found.names != entry->names)
				fail_msg("%s at %s: has two texts", reason_name, location_name);
		}
	}
}

/* A counter is one of nstat, or its entry says how to read it. */
static void assert_counter(const struct explanation *entry)
{
	const char *name = NULL;
	size_t length = 0;

	while (explain_next_name(entry, &name, &length))
		if ((counters_plain_name(name) == name) != counters_has_command(entry))
			fail_msg("%.*s: nstat prints it, or it needs \"shown\"", (int)length, name);
}

static void check_entry(const char *text, const struct explanation *entry)
{
	const bool is_case = text == embedded_cases;
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);
	char name[EXPLAIN_TITLE_SIZE];

	explain_title(name, entry);
	explain_print(out, entry, NULL, false);
	fclose(out);
	assert_lines(printed);
	free(printed);
	assert_names(entry, is_case);
	if (is_case)
		assert_case(entry);
	else
		assert_found(text, entry);
	if (text == embedded_counters)
		assert_counter(entry);
	if (count_parts(entry, "hint: ") != 1 || count_parts(entry, "meaning: ") != 1)
		fail_msg("%s: must have one hint and one meaning", name);
	if (strcmp(name, "MAX") != 0 &&
	    (count_parts(entry, "cause: ") == 0 || count_parts(entry, "look: ") == 0 ||
	     count_parts(entry, "fix: ") == 0))
		fail_msg("%s: lacks causes, where to look, or what helps", name);
	if (count_parts(entry, "shown: ") > (text == embedded_counters))
		fail_msg("%s: has \"shown\"", name);
}

/* What is embedded is in the format that its first lines describe. */
static void texts(void **state)
{
	const char *const all[] = { embedded_reasons, embedded_locations, embedded_cases,
				    embedded_counters };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *at = all[i];
		struct explanation entry;
		size_t entries = 0;

		for (const char *line = all[i]; *line; line = strchr(line, '\n') + 1) {
			if (!is_known(line))
				fail_msg("unknown: %.40s", line);
			if (strncmp(line, "hint: ", 6) == 0 && strcspn(line, "\n") > 76)
				fail_msg("hint too long: %.100s", line);
		}
		for (; explain_next(&at, &entry); entries++)
			check_entry(all[i], &entry);
		assert_in_range(entries, 10, 1000);
	}
}

static int check_known(void *release, const char *name, uint64_t first, uint64_t last)
{
	struct explanation entry;

	(void)first;
	(void)last;
	if (!explain_find(embedded_reasons, name, &entry))
		fail_msg("%s of %s has no text", name, (const char *)release);
	return 0;
}

static struct reasons *read_reasons(const char *release, const struct reasons_source *source)
{
	struct reasons *reasons;
	struct error err;
	char path[64], *format;

	snprintf(path, sizeof(path), "tests/fixtures/format/%s", release);
	assert_int_equal(file_read_text(path, 1 << 16, &format), 0);
	assert_int_equal(reasons_create(&reasons, format, source, &err), 0);
	free(format);
	return reasons;
}

/* Each reason of each kernel that there is a format file of, and its subsystems' by headers. */
static void kernels(void **state)
{
	static char releases[][5] = { "6.1", "6.12", "6.18", "7.2" };
	const struct reasons_source source = { .include_dir = "tests/fixtures/headers/7.2" };

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		struct reasons *reasons = read_reasons(releases[i], &source);

		assert_int_equal(reasons_each(reasons, check_known, releases[i]), 0);
		reasons_free(reasons);
	}
}

/* The subsystems' reasons, which no format file has, and names of kernels in between. */
static void subsystems(void **state)
{
	static char origin[] = "tests/fixtures/reasons";
	char *list, *rest;

	(void)state;
	assert_int_equal(file_read_text(origin, 1 << 16, &list), 0);
	for (char *line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (line[0] != '#')
			check_known(origin, line, 0, 0);
	free(list);
}

/* What --explain prints for names; the status that it ends with is returned. */
static int show(const char *const *shown, size_t count, struct reasons *reasons, char **text,
		struct error *err)
{
	struct symbols *symbols = symbols_create("tests/fixtures/kallsyms/table", "/nonexistent");
	struct show_config config = { .reasons = reasons, .symbols = symbols };
	size_t size;
	int result;

	config.file = open_memstream(text, &size);
	result = count ? show_names(&config, shown, count, err) : list_reasons(&config, err);
	fclose(config.file);
	symbols_free(symbols);
	return result;
}

static void shown_names(void **state)
{
	const struct reasons_source nowhere = { 0 };
	struct reasons *reasons = read_reasons("6.1", &nowhere);
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show((const char *[]){ "skb_drop_reason_xdp", "nft_do_chain" }, 2, reasons,
			      &text, &err),
			 0);
	assert_int_equal(strncmp(text, "XDP: ", 5), 0);
	assert_non_null(strstr(text, "\n\nnft_do_chain: "));
	assert_null(strstr(text, "do not have this reason"));
	free(text);
	assert_int_equal(show((const char *[]){ "PSP_INPUT" }, 1, reasons, &text, &err), 0);
	assert_non_null(
		strstr(text, "\nThis kernel and its loaded subsystems do not have this reason"));
	free(text);
	assert_int_equal(show((const char *[]){ "PSP_INPUT" }, 1, NULL, &text, &err), 0);
	assert_null(strstr(text, "do not have this reason"));
	free(text);
	reasons_free(reasons);
}

/* Names that are not in the texts, from a kernel that is newer than they are. */
static void unknown_names(void **state)
{
	static const char format[] =
		"name: kfree_skb\n\tfield:enum skb_drop_reason reason;\toffset:36;\n\n"
		"print fmt: \"%s\", __print_symbolic(REC->reason, { 2, \"NOT_SPECIFIED\" }, "
		"{ 3, \"SOLAR_FLARE\" })\n";
	const struct reasons_source nowhere = { 0 };
	struct reasons *reasons;
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(reasons_create(&reasons, format, &nowhere, &err), 0);
	assert_int_equal(
		show((const char *[]){ "SKB_DROP_REASON_solar_flare" }, 1, reasons, &text, &err),
		0);
	assert_int_equal(strncmp(text, "solar_flare: no text yet\n", 25), 0);
	assert_lines(text);
	free(text);
	assert_int_equal(show(NULL, 0, reasons, &text, &err), 0);
	assert_non_null(strstr(text, "NOT_SPECIFIED  "));
	assert_non_null(strstr(text, "\nSOLAR_FLARE                 no text yet\n"));
	free(text);
	assert_int_equal(show((const char *[]){ "sollar_flare" }, 1, reasons, &text, &err),
			 -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_non_null(
		strstr(err.text, "unknown drop reason, function or counter \"sollar_flare\""));
	assert_non_null(strstr(err.text, "did you mean SOLAR_FLARE, "));
	free(text);
	reasons_free(reasons);
}

/* What --explain prints for one name, or for two. */
static char *explain(const char *name, const char *second)
{
	struct error err;
	char *text;

	assert_int_equal(show((const char *[]){ name, second }, second ? 2 : 1, NULL, &text, &err),
			 0);
	assert_lines(text);
	return text;
}

static void assert_explained(const char *name, const char *second, const char *start,
			     const char *within)
{
	char *text = explain(name, second);

	if (strncmp(text, start, strlen(start)) != 0 || !strstr(text, within))
		fail_msg("%s %s: %s", name, second ? second : "", text);
	free(text);
}

/* By reason and location; and each lists what is special about the other. */
static void shown_cases(void **state)
{
	const char *at = embedded_cases;
	struct explanation entry;

	(void)state;
	while (explain_next(&at, &entry)) {
		char reason[EXPLAIN_NAME_SIZE], location[EXPLAIN_NAME_SIZE];

		snprintf(reason, sizeof(reason), "%.*s", (int)entry.name_length, entry.name);
		snprintf(location, sizeof(location), "%.*s", (int)entry.location_length,
			 entry.location);
		free(explain(reason, NULL));
		free(explain(location, NULL));
		free(explain(reason, location));
	}
	assert_explained("tcp_flags", "tcp_v4_do_rcv+0x7c/0x200", "TCP_FLAGS at tcp_v4_do_rcv: ",
			 "\nElsewhere: bytetrace --explain TCP_FLAGS\n");
	assert_explained("NO_SOCKET@ping_rcv", NULL, "NO_SOCKET at ping_rcv: normal",
			 "\nElsewhere: bytetrace --explain NO_SOCKET\n");
	/* Nothing special: both. */
	assert_explained("NETFILTER_DROP", "nft_do_chain+0x4e8/0x5a0 [nf_tables]",
			 "NETFILTER_DROP: ", "\n\nnft_do_chain: ");
	assert_explained("NETFILTER_DROP@nft_do_chain", NULL,
			 "NETFILTER_DROP: ", "\n\nnft_do_chain: ");
	assert_explained(
		"TCP_FLAGS", NULL, "TCP_FLAGS: ",
		"\nAt certain locations\n  tcp_v4_do_rcv, tcp_v6_do_rcv\n      ACK for a ");
	assert_explained("nf_hook_slow", NULL, "nf_hook_slow: ",
			 "\nWith certain reasons\n  NETFILTER_DROP\n      iptables-legacy ");
	assert_explained("ip6_tlvopt_unknown", NULL,
			 "ip6_tlvopt_unknown: ", "\n  UNHANDLED_PROTO\n      unknown IPv6 option");
}

static void counter_names(void **state)
{
	static const struct {
		const char *counter, *name;
		bool same;
	} table[] = {
		{ "TcpExtListenDrops", "TcpExtListenDrops", true },
		{ "TcpExtListenDrops", "tcpextlistendrops", true },
		{ "TcpExtListenDrops", "LISTENDROPS", true },
		{ "TcpExtListenDrops", "Drops", false },
		{ "TcpExtListenDrops", "TcpListenDrops", false },
		{ "TcpExtListenDrops", "", false },
		{ "Udp6RcvbufErrors", "RcvbufErrors", true },
		{ "Udp6RcvbufErrors", "6RcvbufErrors", false },
		{ "UdpLiteInErrors", "InErrors", true },
		{ "Ip6InDiscards", "InDiscards", true },
		{ "IpExtInNoRoutes", "InNoRoutes", true },
		{ "insert_failed", "failed", false },
		{ "Tcp", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (counters_same(table[i].counter, table[i].name) != table[i].same)
			fail_msg("%s %s", table[i].counter, table[i].name);
}

static void shown_counters(void **state)
{
	char *text;

	(void)state;
	assert_explained("listendrops", NULL, "TcpExtListenDrops: ",
			 "\nDrops that increase it\n  TCP_LISTEN_OVERFLOW: accept queue full");
	/* Of two protocols, explained once. */
	text = explain("RcvbufErrors", NULL);
	assert_non_null(strstr(text, "UdpRcvbufErrors: "));
	assert_null(strstr(text, "\nUdp6RcvbufErrors: "));
	assert_non_null(strstr(text, "\n  SOCKET_RCVBUFF: "));
	free(text);
	/* Without a text of its own. */
	assert_explained("TcpMinTTLDrop", NULL, "TcpExtTCPMinTTLDrop: ",
			 "\nHow to read it\n  nstat -az TcpExtTCPMinTTLDrop\n"
			 "\nDrops that increase it\n  TCP_MINTTL: ");
	/* The counters of devices are told apart by the notes of the texts. */
	text = explain("rx_dropped", NULL);
	assert_non_null(strstr(text, "\n  UNHANDLED_PROTO: "));
	assert_null(strstr(text, "\n  FULL_RING: "));
	free(text);
	assert_explained("tx_dropped", NULL, "tx_dropped: ", "\n  FULL_RING: ");
	/* A case, by both names. */
	assert_explained("OutRsts", NULL, "TcpOutRsts: ", "\n  TCP_FLAGS at tcp_v4_do_rcv: ");
	/* What the kernel never saw. */
	assert_explained("rx_missed_errors", NULL,
			 "rx_missed_errors: ", "\nDrops that increase it\n  None: ");
	assert_explained("TcpExtTCPReqQFullDrop", NULL,
			 "TcpExtTCPReqQFullDrop: ", "\nDrops that increase it\n  None: ");
}

/* One line for each of several matches, the whole text of a single one. */
static void patterns(void **state)
{
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show((const char *[]){ "tcp_f*" }, 1, NULL, &text, &err), 0);
	assert_string_equal(
		text, "TCP_FLAGS: the TCP flags are not valid in this connection state\n"
		      "TCP_FASTOPEN: segment not acceptable for a TCP Fast Open connection\n");
	free(text);
	/* Reasons, locations and counters, with and without their prefix. */
	assert_int_equal(show((const char *[]){ "SKB_DROP_REASON_TCP_LISTEN*", "listen*" }, 2, NULL,
			      &text, &err),
			 0);
	assert_int_equal(strncmp(text, "TCP_LISTEN_OVERFLOW: ", 21), 0);
	assert_non_null(strstr(text, "\nWhat it means\n"));
	assert_non_null(strstr(text, "\nTcpExtListenOverflows: "));
	free(text);
	assert_int_equal(show((const char *[]){ "ip6_tlv*", "*MinTTL*" }, 2, NULL, &text, &err), 0);
	assert_non_null(strstr(text, "ip6_tlvopt_unknown: "));
	assert_non_null(strstr(text, "\nTCP_MINTTL: "));
	assert_non_null(strstr(text, "\nTcpExtTCPMinTTLDrop: counts TCP_MINTTL\n"));
	free(text);
	/* Not a pair. */
	assert_int_equal(show((const char *[]){ "TCP_FLAGS@" }, 1, NULL, &text, &err), -EINVAL);
	assert_non_null(
		strstr(err.text, "unknown drop reason, function or counter \"TCP_FLAGS@\""));
	free(text);
	assert_int_equal(show((const char *[]){ "@" }, 1, NULL, &text, &err), -EINVAL);
	assert_non_null(strstr(err.text, "unknown drop reason, function or counter \"@\""));
	free(text);
	assert_int_equal(show((const char *[]){ "ListenDrps" }, 1, NULL, &text, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean ListenDrops, "));
	free(text);
	assert_int_equal(show((const char *[]){ "netfilter_drp*" }, 1, NULL, &text, &err), -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_non_null(strstr(err.text, "no drop reason, location or counter"));
	assert_non_null(strstr(err.text, "\"netfilter_drp*\""));
	assert_non_null(strstr(err.text, "did you mean NETFILTER_DROP, "));
	free(text);
}

/* A function of the kernel without a text: where it is. */
static void functions(void **state)
{
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show((const char *[]){ "in_module+0x1/0x40" }, 1, NULL, &text, &err), 0);
	assert_string_equal(text,
			    "in_module: a function of this kernel, no text yet\n\n"
			    "  0xffffffffc0000000 to 0xffffffffc000003f in the module "
			    "nf_tables\n\n"
			    "To see its callers when it drops, and to find it in the source:\n\n"
			    "  bytetrace --stack --location in_module\n"
			    "  grep -rnw in_module net drivers/net   # in the kernel's source\n");
	free(text);
}

/* Without the kernel's reasons: all that have a text, within 80 columns. */
static void listed(void **state)
{
	struct error err;
	char *text;

	(void)state;
	assert_int_equal(show(NULL, 0, NULL, &text, &err), 0);
	assert_lines(text);
	assert_null(strstr(text, "no text yet"));
	assert_non_null(strstr(text, "\nNETFILTER_DROP  "));
	assert_non_null(strstr(text, "\nOVS_DROP_METER  "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),	 cmocka_unit_test(printed),
		cmocka_unit_test(wrapped),	 cmocka_unit_test(texts),
		cmocka_unit_test(kernels),	 cmocka_unit_test(subsystems),
		cmocka_unit_test(shown_names),	 cmocka_unit_test(unknown_names),
		cmocka_unit_test(functions),	 cmocka_unit_test(listed),
		cmocka_unit_test(cases),	 cmocka_unit_test(shown_cases),
		cmocka_unit_test(patterns),	 cmocka_unit_test(shown_counters),
		cmocka_unit_test(counter_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
