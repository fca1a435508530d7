// SPDX-License-Identifier: GPL-2.0-only
#include "record/layout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A layout with a column for each letter of a text. */
static struct layout with_columns(uint32_t id, const char *letters)
{
	struct layout layout = { .id = id };

	for (; *letters; letters++)
		layout.fields[layout.field_count++].name[0] = *letters;
	layout.size = layout.field_count * 8;
	return layout;
}

static void assert_columns(const struct layouts *layouts, size_t active, const char *letters)
{
	assert_int_equal(layouts->active, active);
	assert_int_equal(layouts->column_count, strlen(letters));
	for (size_t i = 0; i < layouts->column_count; i++) {
		assert_int_equal(layouts->columns[i][0], letters[i]);
		assert_int_equal(layouts->columns[i][1], '\0');
	}
}

static int add(struct layouts *layouts, uint32_t id, const char *letters)
{
	const struct layout layout = with_columns(id, letters);

	return layouts_add(layouts, &layout);
}

static int replace(struct layouts *layouts, uint32_t old, uint32_t id, const char *letters)
{
	const struct layout layout = with_columns(id, letters);

	return layouts_replace(layouts, old, &layout);
}

/* Columns with the same name are one column; the order is that of the first use. */
static void columns_of_all_programs(void **state)
{
	struct layouts layouts = { .list = NULL };

	(void)state;
	assert_null(layouts_find(&layouts, 0));
	assert_int_equal(add(&layouts, 7, "ab"), 0);
	assert_int_equal(add(&layouts, 8, ""), 0);
	assert_int_equal(add(&layouts, 9, "cbd"), 0);
	assert_columns(&layouts, 3, "abcd");
	assert_int_equal(add(&layouts, 7, "ab"), 0);
	assert_int_equal(layouts.count, 3);
	assert_columns(&layouts, 3, "abcd");
	assert_int_equal(layouts_find(&layouts, 9)->field_count, 3);
	assert_ptr_equal(layout_field(layouts_find(&layouts, 9), "b"), &layouts.list[2].fields[1]);
	assert_null(layout_field(layouts_find(&layouts, 9), "a"));
	assert_null(layout_field(layouts_find(&layouts, 8), "a"));
	assert_null(layouts_find(&layouts, 10));
	layouts_free(&layouts);
	assert_columns(&layouts, 0, "");
}

/* A layout with too many columns does not change the others. */
static void too_many_columns(void **state)
{
	struct layouts layouts = { .list = NULL };

	(void)state;
	assert_int_equal(add(&layouts, 1, "abcdefghijklmnop"), 0);
	assert_int_equal(add(&layouts, 2, "ABCDEFGHIJKLMNOP"), 0);
	assert_int_equal(add(&layouts, 3, "apP"), 0);
	assert_int_equal(add(&layouts, 4, "aZ"), -E2BIG);
	assert_columns(&layouts, 3, "abcdefghijklmnopABCDEFGHIJKLMNOP");
	assert_int_equal(replace(&layouts, 3, 5, "Z"), -E2BIG);
	assert_columns(&layouts, 3, "abcdefghijklmnopABCDEFGHIJKLMNOP");
	assert_int_equal(replace(&layouts, 2, 6, "Z"), 0);
	assert_columns(&layouts, 3, "abcdefghijklmnopPZ");
	layouts_free(&layouts);
}

/* Records of a replaced program are still decoded, but its columns are not shown. */
static void replaced(void **state)
{
	struct layouts layouts = { .list = NULL };

	(void)state;
	assert_int_equal(add(&layouts, 1, "ab"), 0);
	assert_int_equal(replace(&layouts, 1, 2, "bc"), 0);
	assert_columns(&layouts, 1, "bc");
	assert_true(layouts_find(&layouts, 1)->retired);
	assert_int_equal(layouts_find(&layouts, 1)->size, 16);
	/* The same columns again, and back. */
	assert_int_equal(replace(&layouts, 2, 2, "bc"), 0);
	assert_columns(&layouts, 1, "bc");
	assert_int_equal(replace(&layouts, 2, 1, "ab"), 0);
	assert_columns(&layouts, 1, "ab");
	assert_int_equal(layouts.count, 2);
	layouts_free(&layouts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_all_programs),
		cmocka_unit_test(too_many_columns),
		cmocka_unit_test(replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
