// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/attach.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/bpf.h>
#include <cmocka.h>

#include "util/error.h"

static void assert_point(const char *function, enum attach_way way, uint32_t type,
			 const char *system, const char *name)
{
	struct attach_point point;
	struct error err;

	assert_int_equal(attach_parse(&point, function, &err), 0);
	assert_int_equal(point.way, way);
	assert_int_equal(point.program_type, type);
	assert_string_equal(point.system, system);
	assert_string_equal(point.name, name);
}

static void names_of_functions(void **state)
{
	(void)state;
	assert_point("tp_btf__kfree_skb", ATTACH_TP_BTF, BPF_PROG_TYPE_TRACING, "", "kfree_skb");
	assert_point("raw_tracepoint__kfree_skb", ATTACH_RAW_TRACEPOINT,
		     BPF_PROG_TYPE_RAW_TRACEPOINT, "", "kfree_skb");
	assert_point("tracepoint__skb__kfree_skb", ATTACH_TRACEPOINT, BPF_PROG_TYPE_TRACEPOINT,
		     "skb", "kfree_skb");
	assert_point("kprobe____kfree_skb", ATTACH_KPROBE, BPF_PROG_TYPE_KPROBE, "", "__kfree_skb");
	assert_point("kretprobe__x__y", ATTACH_KRETPROBE, BPF_PROG_TYPE_KPROBE, "", "x__y");
}

static void other_names(void **state)
{
	static const char *const names[] = { "", "kfree_skb", "kprobe_x", "tracepoint__skb",
					     "kretprobe_x\033" };
	struct attach_point point;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(attach_parse(&point, names[i], &err), -EINVAL);
		assert_int_equal(err.status, STATUS_ATTACH);
		assert_null(strchr(err.text, '\033'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_functions),
		cmocka_unit_test(other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
