// SPDX-License-Identifier: GPL-2.0-only
#include "filter/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/filter.h>

#include "filter/cbpf.h"
#include "util/error.h"

/* The message, the expression and the caret, the column of which is that of '^' in the case. */
static void places_of_errors(void **state)
{
	static const struct {
		const char *text, *caret, *message;
	} cases[] = {
		{ "tcp port", "        ^", "syntax error" },
		{ "tcp port 80 and", "               ^", "syntax error" },
		{ "tcp prot 80", "    ^", "syntax error" },
		{ "tcp ; udp", "    ^", "syntax error" },
		{ "(tcp", "    ^", "syntax error" },
		{ "tcp)", "   ^", "syntax error" },
		{ "tcp[0", "     ^", "syntax error" },
		{ "tcp[tcpflags] & tcp-syn", "                       ^", "syntax error" },
		{ "(tcp[13 & 2 != 0 and udp)", "            ^", "syntax error" },
		{ "ip[(2+3] = 1", "       ^", "syntax error" },
		{ "udp and (ip[2:2] - (ip[0] & 0xf) <) 7", "                                  ^",
		  "syntax error" },
		{ "inbound", "^", "not supported on Ethernet" },
		{ "tcp and ifindex 3 or udp", "                ^", "not supported on Ethernet" },
		{ "gateway 10.0.0.1", "        ^", "'gateway' " },
		{ "udp and ip broadcast and ip", "           ^", "netmask not known" },
		{ "port nosuch", "     ^", "unknown port 'nosuch'" },
		{ "vlan 5000 and ip", "     ^", "greater than maximum 4095" },
		{ "port 70000", "     ^", "illegal port number 70000" },
		{ "net 10.0.0.1/8", "             ^", "non-network bits set" },
		{ "ip[0:3]=1 or tcp", "   ^", "data size must be 1, 2, or 4" },
		{ "tcp and udp", "        ^", "expression rejects all packets" },
		{ "wlan type mgt", "          ^", "802.11" },
		{ "tcp\x1b[31m foo", "   ^", "syntax error" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct expression *expression = NULL;
		struct error err = { .status = STATUS_OK };
		const char *line;

		if (expression_compile(&expression, cases[i].text, &err) == 0)
			fail_msg("%s is accepted", cases[i].text);
		assert_null(expression);
		assert_int_equal(err.status, STATUS_USAGE);
		if (!strstr(err.text, cases[i].message))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_null(strchr(err.text, '\x1b'));
		line = strrchr(err.text, '\n');
		if (!line || strncmp(line, "\n  ", 3) != 0 || strcmp(line + 3, cases[i].caret) != 0)
			fail_msg("the caret is elsewhere: %s", err.text);
	}
}

/* A long expression is shown around the place. */
static void long_expressions(void **state)
{
	char text[4000] = "tcp";
	struct expression *expression;
	struct error err;

	(void)state;
	while (strlen(text) < 2000)
		strcat(text, " or port 1000");
	strcat(text, " or prt 7");
	while (strlen(text) < 3900)
		strcat(text, " or port 1000");
	assert_int_not_equal(expression_compile(&expression, text, &err), 0);
	assert_non_null(strstr(err.text, "or prt 7 or"));
	assert_true(strlen(err.text) < 600);
	assert_int_equal(strrchr(err.text, '\n')[3 + 60], '^');
}

static void loops_are_refused(void **state)
{
	struct expression *expression;
	struct error err;

	(void)state;
	assert_int_not_equal(expression_compile(&expression, "ip6 protochain 6", &err), 0);
	assert_non_null(strstr(err.text, "protochain"));
}

/* The C that becomes of an expression. */
static char *emitted(const char *text)
{
	struct expression *expression;
	struct error err;
	size_t size;
	char *c = NULL;
	FILE *out;

	if (expression_compile(&expression, text, &err))
		fail_msg("%s", err.text);
	out = open_memstream(&c, &size);
	assert_int_equal(expression_emit(expression, out), 0);
	fclose(out);
	expression_free(expression);
	return c;
}

/* How far into a frame is looked, by the largest numbers that registers can hold. */
static void windows(void **state)
{
	static const struct {
		const char *text;
		unsigned int window, far;
	} cases[] = {
		{ "len > 100", 0, 0 },
		{ "ip", 14, 0 },
		{ "ip6 and tcp", 55, 0 },
		{ "ip and tcp port 443", 14 + 60 + 4, 0 },
		{ "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 1", 14 + 60 + 60 + 4, 0 },
		{ "ip[ip[0] & 0xf] = 1", 14 + 15 + 1, 0 },
		{ "ip[ip[9] % 7] = 1", 14 + 10, 0 },
		{ "ip[ip[9] / 2] = 1", 14 + 127 + 1, 0 },
		{ "ip[(ip[9] | 5) ^ 3] = 1", 14 + 255 + 1, 0 },
		{ "ip[(ip[9] + 10) * 1] = 1", 14 + 265 + 1, 0 },
		{ "ip[-ip[9]] = 1", 24, 1 },
		{ "ip[ip[2:2] - 4] = 7", 18, 1 },
		{ "ip[ip[9] << 8] = 7", 24, 1 },
		{ "ether[510] = 1", 511, 0 },
		{ "ether[511] = 1", 0, 1 },
		{ "ether[len - 1] = 1 or ether[len - 2] = 3", 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *c = emitted(cases[i].text);
		unsigned int window = 0, far = 0;

		sscanf(strstr(c, "#define EXPRESSION_WINDOW "), "#define EXPRESSION_WINDOW %u",
		       &window);
		for (const char *at = c; (at = strstr(at, "frame_load_far(")); at++)
			far++;
		if (window != cases[i].window || far != cases[i].far)
			fail_msg("%s: window %u, %u far loads\n%s", cases[i].text, window, far, c);
		free(c);
	}
}

static void too_many_far_loads(void **state)
{
	char text[1024] = "ether[len - 1] = 1";
	struct expression *expression;
	struct error err;

	(void)state;
	for (int i = 2; i < 12; i++)
		sprintf(text + strlen(text), " or ether[len - %d] = %d", i, i);
	assert_int_not_equal(expression_compile(&expression, text, &err), 0);
	assert_non_null(strstr(err.text, "too many places"));
}

/* Programs that libpcap does not make, but could. */
static void strange_programs(void **state)
{
	static const struct {
		struct sock_filter code[3];
		size_t count;
		bool refused;
	} cases[] = {
		{ { BPF_STMT(BPF_RET | BPF_K, 0) }, 1, false },
		{ { BPF_STMT(BPF_RET | BPF_A, 0) }, 1, false },
		{ { BPF_STMT(BPF_LD | BPF_IMM, 0) }, 1, true },
		{ { BPF_STMT(BPF_LD | BPF_IMM, 0) }, 0, true },
		{ { BPF_STMT(0xffff, 0), BPF_STMT(BPF_RET | BPF_K, 0) }, 2, true },
		{ { BPF_STMT(BPF_LD | BPF_MEM, 16), BPF_STMT(BPF_RET | BPF_K, 0) }, 2, true },
		{ { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_AD_OFF), BPF_STMT(BPF_RET | BPF_K, 0) },
		  2,
		  true },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0) }, 2, true },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, 0) },
		  2,
		  true },
		{ { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2), BPF_STMT(BPF_RET | BPF_K, 0) },
		  2,
		  true },
		{ { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_A, 0) },
		  2,
		  false },
		{ { BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 40), BPF_STMT(BPF_RET | BPF_A, 0) },
		  2,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if ((cbpf_refusal(cases[i].code, cases[i].count) != NULL) != cases[i].refused)
			fail_msg("case %zu: %s", i,
				 cases[i].refused ? "accepted"
						  : cbpf_refusal(cases[i].code, cases[i].count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_of_errors),   cmocka_unit_test(long_expressions),
		cmocka_unit_test(loops_are_refused),  cmocka_unit_test(windows),
		cmocka_unit_test(too_many_far_loads), cmocka_unit_test(strange_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
