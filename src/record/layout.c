// SPDX-License-Identifier: GPL-2.0-only
#include "record/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Collect the names again: they point into the list, which realloc() may have moved. */
static int collect_columns(struct layouts *layouts)
{
	layouts->column_count = 0;
	layouts->active = 0;
	for (size_t i = 0; i < layouts->count; i++) {
		const struct layout *layout = &layouts->list[i];

		if (layout->retired)
			continue;
		layouts->active++;
		for (size_t f = 0; f < layout->field_count; f++) {
			const char *name = layout->fields[f].name;
			size_t known = 0;

			while (known < layouts->column_count &&
			       strcmp(layouts->columns[known], name) != 0)
				known++;
			if (known == LAYOUT_MAX_COLUMNS)
				return -E2BIG;
			layouts->columns[known] = name;
			if (known == layouts->column_count)
				layouts->column_count++;
		}
	}
	return 0;
}

static struct layout *find(const struct layouts *layouts, uint32_t id)
{
	for (size_t i = 0; i < layouts->count; i++)
		if (layouts->list[i].id == id)
			return &layouts->list[i];
	return NULL;
}

int layouts_add(struct layouts *layouts, const struct layout *layout)
{
	struct layout *known = find(layouts, layout->id);
	struct layout *grown;
	int result;

	if (!known) {
		grown = realloc(layouts->list, (layouts->count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		layouts->list = grown;
		known = &grown[layouts->count++];
	}
	*known = *layout;
	result = collect_columns(layouts);
	if (result) {
		known->retired = true;
		collect_columns(layouts);
	}
	return result;
}

int layouts_replace(struct layouts *layouts, uint32_t old, const struct layout *layout)
{
	struct layout *replaced = find(layouts, old);
	int result;

	if (replaced)
		replaced->retired = true;
	result = layouts_add(layouts, layout);
	if (result && (replaced = find(layouts, old))) {
		replaced->retired = false;
		collect_columns(layouts);
	}
	return result;
}

void layouts_free(struct layouts *layouts)
{
	free(layouts->list);
	memset(layouts, 0, sizeof(*layouts));
}

const struct layout *layouts_find(const struct layouts *layouts, uint32_t id)
{
	return find(layouts, id);
}

const struct field *layout_field(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < layout->field_count; i++)
		if (strcmp(layout->fields[i].name, name) == 0)
			return &layout->fields[i];
	return NULL;
}
