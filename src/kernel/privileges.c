// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	/* By system call number: it saves libcap for one bit. */
	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* Only the initial user namespace maps every user. */
static bool in_user_namespace(void)
{
	unsigned int inside, outside, count;
	char map[256];

	return file_read_string(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) == 0 &&
	       sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count != UINT32_MAX;
}

int privileges_check(struct error *err)
{
	char lockdown[128];

	if (!has_capability(CAP_SYS_ADMIN))
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "needs root: the capability CAP_SYS_ADMIN is missing%s",
				 geteuid() == 0 ? " (this container gives it to nobody)"
						: " (run it with sudo)");
	if (in_user_namespace())
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "needs root of the host: CAP_SYS_ADMIN is there, but only in a "
				 "user namespace");
	/* Without securityfs nothing is known; then the load will tell. */
	if (file_read_string(AT_FDCWD, "/sys/kernel/security/lockdown", lockdown,
			     sizeof(lockdown)) == 0 &&
	    strstr(lockdown, "[confidentiality]"))
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "kernel lockdown is in confidentiality mode "
				 "(/sys/kernel/security/lockdown), which forbids BPF programs to "
				 "read kernel memory");
	return 0;
}
