// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/owners.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"

#define SLOTS 1024		/* of the table at first, a power of two */
#define MAX_SLOTS (SLOTS << 10) /* then it starts anew */
#define REST 20			/* a scan is followed by a pause of this many times its duration */
#define MAX_SCAN 100000000u	/* nanoseconds: what the buffers of records have room for */
#define MIN_REST 50000000u	/* nanoseconds */
#define MAX_AGE 10000000000u	/* nanoseconds: a process can execute another program */

/* What is known of a socket. It keeps its last owner when that process has ended. */
struct slot {
	uint32_t inode;	    /* 0: the slot is free */
	uint32_t scan;	    /* the number of the last scan that found it */
	struct owner owner; /* pid 0: none was found */
};

struct owners {
	const char *proc;
	struct slot *slots;
	size_t slot_count, used;
	struct owner **programs; /* by number - 1 */
	size_t program_count;
	uint32_t scan;		     /* the number of the last scan */
	uint32_t resume;	     /* the process at which the next scan goes on, or 0 */
	uint64_t scanned, next_scan; /* CLOCK_MONOTONIC, nanoseconds */
};

struct owners *owners_create(const char *proc)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return NULL;
	owners->proc = proc;
	owners->slot_count = SLOTS;
	owners->slots = calloc(SLOTS, sizeof(*owners->slots));
	if (!owners->slots) {
		free(owners);
		return NULL;
	}
	return owners;
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	for (size_t i = 0; i < owners->program_count; i++)
		free(owners->programs[i]);
	free(owners->programs);
	free(owners->slots);
	free(owners);
}

/* The slot of a socket, or the free one that it would get. A quarter of the slots is free. */
static struct slot *find_slot(struct slot *slots, size_t count, uint32_t inode)
{
	size_t index = inode * 0x9e3779b1u & (count - 1);

	while (slots[index].inode && slots[index].inode != inode)
		index = (index + 1) & (count - 1);
	return &slots[index];
}

/* Double the table. If it is too large, or memory is short, forget what it has. */
static void grow(struct owners *owners)
{
	const size_t count = 2 * owners->slot_count;
	struct slot *grown = count <= MAX_SLOTS ? calloc(count, sizeof(*grown)) : NULL;

	if (!grown) {
		memset(owners->slots, 0, owners->slot_count * sizeof(*owners->slots));
		owners->used = 0;
		return;
	}
	for (size_t i = 0; i < owners->slot_count; i++)
		if (owners->slots[i].inode)
			*find_slot(grown, count, owners->slots[i].inode) = owners->slots[i];
	free(owners->slots);
	owners->slots = grown;
	owners->slot_count = count;
}

/* Make a slot for a socket, or return the one that it has. */
static struct slot *take_slot(struct owners *owners, uint32_t inode)
{
	struct slot *slot = find_slot(owners->slots, owners->slot_count, inode);

	if (slot->inode)
		return slot;
	if (4 * (owners->used + 1) > 3 * owners->slot_count) {
		grow(owners);
		slot = find_slot(owners->slots, owners->slot_count, inode);
	}
	owners->used++;
	*slot = (struct slot){ .inode = inode };
	return slot;
}

/* The name of a process. False: it has ended. */
static bool read_name(int process, struct owner *owner)
{
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	memset(owner->name, 0, sizeof(owner->name));
	length = read(fd, owner->name, sizeof(owner->name));
	close(fd);
	if (length <= 0)
		return false;
	if (owner->name[length - 1] == '\n')
		owner->name[length - 1] = '\0';
	owner->name[sizeof(owner->name) - 1] = '\0';
	return true;
}

/* The inode of the socket that a file descriptor is; 0: it is none. */
static uint32_t socket_inode(int directory, const char *fd)
{
	static const char start[] = "socket:[";
	char target[64];
	ssize_t length = readlinkat(directory, fd, target, sizeof(target));
	const size_t skip = sizeof(start) - 1;
	uint64_t inode;

	if (length <= (ssize_t)skip || memcmp(target, start, skip) != 0 ||
	    !text_number(target + skip, (size_t)length - skip - 1, UINT32_MAX, &inode))
		return 0;
	return (uint32_t)inode;
}

/* Note the sockets that a process has open. */
static void scan_process(struct owners *owners, int process, uint32_t pid)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct owner owner = { .pid = 0 };
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		uint32_t inode = socket_inode(fd, entry->d_name);
		struct slot *slot;

		if (!inode || (!owner.pid && !read_name(process, &owner)))
			continue;
		owner.pid = pid;
		slot = take_slot(owners, inode);
		/* Processes come in the order of their IDs: the first one has the lowest. */
		if (slot->scan != owners->scan)
			slot->owner = owner;
		slot->scan = owners->scan;
	}
	closedir(directory);
}

/*
 * Note the sockets of the processes, as many as there is time for: the next scan goes on there.
 * True: all processes have been looked at.
 */
static bool scan(struct owners *owners)
{
	const uint64_t start = clock_monotonic();
	const uint32_t first = owners->resume;
	DIR *directory = opendir(owners->proc);
	struct dirent *entry;
	uint64_t pid;

	owners->resume = 0;
	owners->scan += first == 0;
	while (directory && !owners->resume && (entry = readdir(directory))) {
		int process;

		if (!text_number(entry->d_name, strlen(entry->d_name), UINT32_MAX, &pid) ||
		    pid < first)
			continue;
		if (clock_monotonic() - start > MAX_SCAN) {
			owners->resume = (uint32_t)pid;
			break;
		}
		process =
			openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		scan_process(owners, process, (uint32_t)pid);
		close(process);
	}
	owners->scanned = clock_monotonic();
	owners->next_scan = owners->scanned + MIN_REST + REST * (owners->scanned - start);
	if (!directory)
		return false;
	closedir(directory);
	return !owners->resume;
}

const struct owner *owners_find(struct owners *owners, uint32_t inode)
{
	struct slot *slot = find_slot(owners->slots, owners->slot_count, inode);
	uint64_t now;

	if (!inode)
		return NULL;
	now = clock_monotonic();
	if ((!slot->inode || now > owners->scanned + MAX_AGE) && now >= owners->next_scan) {
		const bool complete = scan(owners);

		slot = complete ? take_slot(owners, inode)
				: find_slot(owners->slots, owners->slot_count, inode);
	}
	return slot->inode && slot->owner.pid ? &slot->owner : NULL;
}

const struct owner *owners_program(struct owners *owners, const struct owner *owner,
				   uint32_t *number)
{
	struct owner **grown;
	struct owner *program;
	size_t i = 0;

	while (i < owners->program_count && strcmp(owners->programs[i]->name, owner->name) != 0)
		i++;
	*number = (uint32_t)i + 1;
	if (i < owners->program_count)
		return owners->programs[i];
	grown = reallocarray(owners->programs, i + 1, sizeof(struct owner *));
	if (!grown)
		return NULL;
	owners->programs = grown;
	program = malloc(sizeof(*program));
	if (!program)
		return NULL;
	*program = *owner;
	program->pid = 0;
	grown[owners->program_count++] = program;
	return program;
}
