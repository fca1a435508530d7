// SPDX-License-Identifier: GPL-2.0-only
/* Enums are looked for to name the drop reasons of subsystems, so it is these names that tell. */
#include "kernel/enums.h"

#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/reasons.h"
#include "util/error.h"

static const char *fixture(const char *path)
{
	const char *dir = getenv("FIXTURES");
	static char full[512];

	snprintf(full, sizeof(full), "%s/%s", dir ? dir : "tests/fixtures", path);
	return full;
}

static struct reasons *create(const struct reasons_source *source)
{
	struct reasons *reasons = NULL;
	struct error err;

	assert_int_equal(reasons_create(&reasons,
					"name: kfree_skb\nID: 1\nformat:\n"
					"\tfield:enum skb_drop_reason reason;\n\n"
					"print fmt: \"%s\", __print_symbolic(REC->reason, "
					"{ 2, \"NOT_SPECIFIED\" })\n",
					source, &err),
			 0);
	return reasons;
}

static void assert_name(struct reasons *reasons, uint32_t number, const char *expected)
{
	char buffer[REASON_NAME_SIZE];

	assert_string_equal(reasons_name(reasons, number, buffer), expected);
}

static void list(void **state)
{
	struct enums enums = { 0 };

	(void)state;
	assert_null(enums_by_value(&enums, 0));
	assert_null(enums_by_name(&enums, "", 0));
	assert_int_equal(enums_add(&enums, 5, "FIVE", 4), 0);
	assert_int_equal(enums_add(&enums, 6, "SIX and more", 3), 0);
	assert_int_equal(enums_add(&enums, 3, "THREE", 5), 0); /* neither in order nor dense */
	assert_int_equal(enums_add(&enums, UINT32_MAX, "MAX", 3), 0);
	assert_string_equal(enums_by_value(&enums, 5)->name, "FIVE");
	assert_string_equal(enums_by_value(&enums, 6)->name, "SIX");
	assert_string_equal(enums_by_value(&enums, 3)->name, "THREE");
	assert_string_equal(enums_by_value(&enums, UINT32_MAX)->name, "MAX");
	assert_null(enums_by_value(&enums, 7));
	assert_null(enums_by_value(&enums, 0));
	assert_int_equal(enums_by_name(&enums, "SIXTY", 3)->value, 6);
	assert_null(enums_by_name(&enums, "SIXTY", 5));
	assert_null(enums_by_name(&enums, "SI", 2));
	enums_free(&enums);
}

static void headers(void **state)
{
	const struct reasons_source source = { NULL, fixture("headers/7.2") };
	struct reasons *reasons = create(&source);

	(void)state;
	assert_name(reasons, 0x30001, "QDISC_DROP_GENERIC");
	assert_name(reasons, 0x30003, "QDISC_DROP_CONGESTED");
	assert_name(reasons, 0x30004, "qdisc:4");
	assert_name(reasons, 0x10001, "mac80211:1"); /* no header of modules is installed */
	assert_name(reasons, 0x20003, "openvswitch:3");
	assert_name(reasons, 0x40000, "subsys4:0"); /* not "num" */
	assert_name(reasons, 0x50000, "subsys5:0");
	reasons_free(reasons);
}

static void uncertain_headers(void **state)
{
	const struct reasons_source source = { NULL, fixture("headers/hostile") };
	struct reasons *reasons = create(&source);

	(void)state;
	assert_name(reasons, 0x30001, "QDISC_DROP_SURE");
	assert_name(reasons, 0x30002, "qdisc:2");
	assert_name(reasons, 0x30003, "qdisc:3");
	assert_name(reasons, 0x30010, "QDISC_DROP_SURE_AGAIN");
	assert_name(reasons, 200001, "qdisc:3393"); /* not octal read as decimal */
	assert_name(reasons, 0x30011, "qdisc:17");
	assert_name(reasons, 0x30012, "qdisc:18");
	assert_name(reasons, 0x30020, "qdisc:32");
	assert_name(reasons, 0x30030, "qdisc:48");
	assert_name(reasons, 0x30040, "QDISC_MORE");
	assert_name(reasons, 0x30041, "qdisc:65");
	assert_name(reasons, 0x30050, "QDISC_CUT");
	assert_name(reasons, 0x30051, "qdisc:81");
	reasons_free(reasons);
}

/* A BTF file of enums, written by hand, so that no function of libbpf vouches for itself. */
struct member {
	const char *enum_name; /* NULL: of the same enum as before */
	const char *name;
	uint32_t value;
};

static size_t add_string(char *strings, size_t *used, const char *text)
{
	size_t at = *used;

	memcpy(strings + at, text, strlen(text) + 1);
	*used += strlen(text) + 1;
	return at;
}

/* Returns the length of the strings, where those of a split BTF on top of it start. */
static size_t write_btf(const char *dir, const char *file, const struct member *members,
			size_t count, size_t base)
{
	struct btf_header header = { .magic = BTF_MAGIC, .version = BTF_VERSION };
	char strings[1024] = "", path[256];
	size_t used = base ? 0 : 1; /* a split BTF has the empty string in its base */
	uint32_t types[256] = { 0 };
	uint32_t *type = NULL, *at = types;
	FILE *out;

	for (size_t i = 0; i < count; i++) {
		if (members[i].enum_name) {
			type = at;
			*at++ = (uint32_t)(base + add_string(strings, &used, members[i].enum_name));
			*at++ = (uint32_t)BTF_KIND_ENUM << 24;
			*at++ = 4;
		}
		type[1]++; /* the number of members is in the lower bits */
		*at++ = (uint32_t)(base + add_string(strings, &used, members[i].name));
		*at++ = members[i].value;
	}
	header.hdr_len = sizeof(header);
	header.type_len = (uint32_t)((char *)at - (char *)types);
	header.str_off = header.type_len;
	header.str_len = (uint32_t)used;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	out = fopen(path, "w");
	assert_non_null(out);
	fwrite(&header, sizeof(header), 1, out);
	fwrite(types, header.type_len, 1, out);
	fwrite(strings, used, 1, out);
	assert_int_equal(fclose(out), 0);
	return used;
}

static void remove_btf(const char *dir)
{
	static const char *const files[] = { "vmlinux", "openvswitch", "mac80211" };
	char path[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void btf(void **state)
{
	static const struct member vmlinux[] = {
		{ "skb_drop_reason", "SKB_DROP_REASON_NOT_SPECIFIED", 2 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000 },
		{ "skb_drop_reason_subsys", "SKB_DROP_REASON_SUBSYS_CORE", 0 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_MAC80211_UNUSABLE", 1 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_MAC80211_MONITOR", 2 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 3 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_QDISC", 4 },
		{ NULL, "SKB_DROP_REASON_SUBSYS_NUM", 5 },
		{ "flags_of_somebody", "SOMEBODYS_FLAG", 0x40001 },
		{ "qdisc_drop_reason", "QDISC_DROP_UNSPEC", 0 },
		{ NULL, "__QDISC_DROP_REASON", 0x40000 },
		{ NULL, "QDISC_DROP_GENERIC", 0x40001 },
		{ NULL, "QDISC_DROP_OVERLIMIT", 0x40002 },
	};
	static const struct member openvswitch[] = {
		{ "ovs_drop_reason", "__OVS_DROP_REASON", 0x30000 },
		{ NULL, "OVS_DROP_LAST_ACTION", 0x30001 },
	};
	static const struct member mac80211[] = {
		{ "___mac80211_drop_reason", "___RX_CONTINUE", 1 },
		{ NULL, "___RX_DROP_MONITOR", 0x20000 },
		{ NULL, "___RX_DROP_M_BAD", 0x20001 },
		{ NULL, "___RX_DROP_UNUSABLE", 0x10000 },
		{ NULL, "___RX_DROP_U_MIC_FAIL", 0x10001 },
	};
	char dir[] = "/tmp/test_reasons.XXXXXX";
	const struct reasons_source source = { dir, fixture("headers/7.2") };
	struct reasons *reasons;
	size_t base;

	(void)state;
	assert_non_null(mkdtemp(dir));
	base = write_btf(dir, "vmlinux", vmlinux, 13, 0);
	write_btf(dir, "mac80211", mac80211, 5, base);
	reasons = create(&source);
	assert_name(reasons, 0x40001, "QDISC_DROP_GENERIC");
	assert_name(reasons, 0x40002, "QDISC_DROP_OVERLIMIT");
	assert_name(reasons, 0x40003, "qdisc:3");
	assert_name(reasons, 0x10000, "RX_DROP_UNUSABLE");
	assert_name(reasons, 0x10001, "RX_DROP_U_MIC_FAIL");
	assert_name(reasons, 0x10002, "mac80211:2");
	assert_name(reasons, 0x20001, "RX_DROP_M_BAD");
	assert_name(reasons, 0x20002, "mac80211_monitor:2");
	/* The module comes late, but before its first drop. */
	write_btf(dir, "openvswitch", openvswitch, 2, base);
	assert_name(reasons, 0x30001, "OVS_DROP_LAST_ACTION");
	assert_name(reasons, 0x30009, "openvswitch:9");
	assert_name(reasons, 0xffff0000, "subsys65535:0");
	assert_name(reasons, 0x50000, "subsys5:0");
	reasons_free(reasons);
	remove_btf(dir);
}

static void broken_btf(void **state)
{
	char dir[] = "/tmp/test_reasons.XXXXXX";
	const struct reasons_source source = { dir, fixture("headers/7.2") };
	struct reasons *reasons;
	char path[64];
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vmlinux", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs("\x9f\xeb\x01 garbage", out);
	fclose(out);
	reasons = create(&source);
	assert_name(reasons, 0x30001, "QDISC_DROP_GENERIC"); /* from the headers instead */
	reasons_free(reasons);
	remove_btf(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list),
		cmocka_unit_test(headers),
		cmocka_unit_test(uncertain_headers),
		cmocka_unit_test(btf),
		cmocka_unit_test(broken_btf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
