// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nft_listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char listing[] =
	"table inet bt { # handle 1\n"
	"\tcounter c { # handle 3\n"
	"\t}\n"
	"\n"
	"\tset s { # handle 4\n"
	"\t\ttype ipv4_addr # handle 8\n"
	"\t}\n"
	"\n"
	"\tchain one { # handle 1\n"
	"\t\tip saddr { 10.0.0.1,\n"
	"\t\t\t     10.0.0.2 } drop comment \"a { # handle 9\" # handle 7\n"
	"\t}\n"
	"\n"
	"\tchain guard { # handle 2\n"
	"\t\tcomment \"x # handle 7\"\n"
	"\t\ttype filter hook input priority filter; policy drop;\n"
	"\t\tudp dport 9 counter drop comment \"\x1b[2J\" # handle 9\n"
	"\t\ttcp dport 80 jump one # handle 10\n"
	"\t}\n"
	"}\n"
	"table netdev n { # handle 2\n"
	"\tchain guard { # handle 1\n"
	"\t\ttype filter hook ingress device \"lo\" priority filter; policy accept;\n"
	"\t\tudp dport 9 drop # handle 9\n"
	"\t}\n"
	"}\n";

static void rules(void **state)
{
	static const struct {
		const char *family, *table, *chain;
		uint64_t handle;
		const char *text;
	} cases[] = {
		{ "inet", "bt", "one", 7,
		  "ip saddr { 10.0.0.1,         10.0.0.2 } drop comment \"a { # handle 9\"" },
		{ "inet", "bt", "guard", 9, "udp dport 9 counter drop comment \"?[2J\"" },
		{ "inet", "bt", "guard", 10, "tcp dport 80 jump one" },
		{ "netdev", "n", "guard", 9, "udp dport 9 drop" },
		{ "inet", "n", "guard", 9, NULL },
		{ "inet", "bt", "guard", 7, NULL }, /* its comment */
		{ "inet", "bt", "s", 8, NULL },	    /* not a chain */
		{ "inet", "bt", "one", 0, NULL },
	};
	struct nft_listing found;

	(void)state;
	assert_int_equal(nft_listing_parse(&found, strdup(listing)), 0);
	assert_int_equal(found.count, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = nft_listing_find(&found, cases[i].family, cases[i].table,
						    cases[i].chain, cases[i].handle);

		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
	}
	nft_listing_free(&found);
}

/* Every part of a listing, as one that ends early is. */
static void broken(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(listing); size++)
		for (size_t skip = 0; skip < size; skip += 7) {
			struct nft_listing found;

			assert_int_equal(
				nft_listing_parse(&found, strndup(listing + skip, size - skip)), 0);
			for (size_t i = 0; i < found.count; i++)
				assert_non_null(found.rules[i].text);
			nft_listing_find(&found, "inet", "bt", "guard", 9);
			nft_listing_free(&found);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
