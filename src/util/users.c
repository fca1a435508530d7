// SPDX-License-Identifier: GPL-2.0-only
#include "util/users.h"

#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

#include "util/text.h"

int users_find(const char *text, uint64_t *uid)
{
	const struct passwd *user;

	if (text_number(text, strlen(text), UINT32_MAX, uid))
		return 0;
	errno = 0;
	user = getpwnam(text);
	if (!user)
		return errno && errno != ESRCH ? -errno : -ENOENT;
	*uid = user->pw_uid;
	return 0;
}
