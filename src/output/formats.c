// SPDX-License-Identifier: GPL-2.0-only
#include "output/output.h"

const struct output_format *const output_formats[] = {
	&output_table,
	&output_json,
};

const size_t output_format_count = sizeof(output_formats) / sizeof(*output_formats);
