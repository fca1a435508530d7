// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/verifier_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void last_lines(void **state)
{
	char log[] = "one\ntwo\nthree\n\n", one[] = "one", empty[] = "";

	(void)state;
	assert_string_equal(verifier_log_last_lines(log, 2), "two\nthree");
	assert_string_equal(verifier_log_last_lines(log, 9), "one\ntwo\nthree");
	assert_string_equal(verifier_log_last_lines(one, 1), "one");
	assert_string_equal(verifier_log_last_lines(empty, 1), "");
}

static void counts(void **state)
{
	static const char log[] =
		"stack depth 96+32+8\nprocessed 1\nprocessed 2602 insns (limit 9)\n";

	(void)state;
	assert_int_equal(verifier_log_number(log, "processed "), 2602);
	assert_int_equal(verifier_log_number(log, "loaded "), 0);
	assert_int_equal(verifier_log_stack(log), 136);
	assert_int_equal(verifier_log_stack("stack depth 24"), 24);
	assert_int_equal(verifier_log_stack("processed 1"), 0);
}

static void instruction(void **state)
{
	unsigned long number = 7;

	(void)state;
	assert_false(verifier_log_instruction("", &number));
	assert_false(verifier_log_instruction("9: R1=ctx\nof 5: (18) r4\n", &number));
	assert_int_equal(number, 7);
	assert_true(verifier_log_instruction(
		"4: (18) r4 = 0x2\n5: R1=ctx\n548: (85) call x#160\nno\n", &number));
	assert_int_equal(number, 548);
}

static void unchecked_read(void **state)
{
	static const struct {
		const char *log;
		bool wanted;
	} cases[] = {
		{ "5: (61) r1 = *(u32 *)(r6 +112)\nR6 invalid mem access 'scalar'\nprocessed 5",
		  true },
		{ "R6 invalid mem access 'inv'", true }, /* before 5.18 */
		{ "R1 invalid mem access 'untrusted_ptr_sk_buff'", true },
		{ "R1 invalid mem access 'ptr_or_null_sock'", true },
		{ "R1 invalid mem access 'trusted_ptr_or_null_sock'", true },
		{ "R0 invalid mem access 'map_value_or_null'", false },
		{ "R0 invalid mem access 'scalar", false },
		{ "R1 invalid mem access 'x'\nR1 invalid mem access 'inv'", true },
		{ "R6=scalar(id=1)", false },
		{ "infinite loop detected at insn 3", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (verifier_log_is_unchecked_read(cases[i].log) != cases[i].wanted)
			fail_msg("%s", cases[i].log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_lines),
		cmocka_unit_test(counts),
		cmocka_unit_test(instruction),
		cmocka_unit_test(unchecked_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
