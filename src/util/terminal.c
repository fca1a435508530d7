// SPDX-License-Identifier: GPL-2.0-only
#include "util/terminal.h"

#include <sys/ioctl.h>

#define DEFAULT_COLUMNS 80 /* of a serial line, for example, which does not tell its size */

bool terminal_read(struct terminal *terminal)
{
	const struct terminal before = *terminal;
	struct winsize size = { 0 };

	ioctl(terminal->fd, TIOCGWINSZ, &size);
	terminal->columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
	terminal->rows = size.ws_row;
	return terminal->columns != before.columns || terminal->rows != before.rows;
}
