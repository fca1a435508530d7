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

	/* The system call itself: libcap is not worth it for one bit. */
	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* Only the initial user namespace maps all user IDs. */
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
				 "root privileges are needed: CAP_SYS_ADMIN is missing; %s",
				 geteuid() == 0 ? "give it to this container or service"
						: "run bytetrace with sudo");
	if (in_user_namespace())
		return error_set(
			err, STATUS_ENVIRONMENT, EPERM,
			"root of the host is needed: here CAP_SYS_ADMIN is only valid in a "
			"user namespace; run bytetrace outside of it");
	/* Without securityfs this is unknown, and loading a program may fail. */
	if (file_read_string(AT_FDCWD, "/sys/kernel/security/lockdown", lockdown,
			     sizeof(lockdown)) == 0 &&
	    strstr(lockdown, "[confidentiality]"))
		return error_set(err, STATUS_ENVIRONMENT, EPERM,
				 "kernel lockdown is in confidentiality mode "
				 "(/sys/kernel/security/lockdown), so BPF programs cannot read "
				 "kernel memory");
	return 0;
}
