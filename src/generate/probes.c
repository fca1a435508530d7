// SPDX-License-Identifier: GPL-2.0-only
#include "generate/probes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "generate/user_file.h"
#include "util/error.h"
#include "util/nearest.h"

/* src/embedded.S: name and text of each, sorted by name. */
extern const struct embedded_probe {
	const char *name, *text;
} embedded_probes[];

/* Where probes are looked for by name, besides those built in; the user's own come first. */
#define SHARED_DIRECTORY INSTALL_PREFIX "/share/bytetrace/probes"
#define OWN_DIRECTORY "/.config/bytetrace/probes" /* in the home of the user that runs */

static const char *const default_names[] = {
	[ATTACH_TP_BTF] = "kfree_skb_btf",
	[ATTACH_RAW_TRACEPOINT] = "kfree_skb",
	[ATTACH_TRACEPOINT] = "kfree_skb_tracepoint",
	[ATTACH_KPROBE] = "kfree_skb_kprobe",
};

const char *probe_default_name(enum attach_way way)
{
	return default_names[way];
}

/* The home comes from the password database: the environment may be somebody else's. */
static char *own_directory(void)
{
	const struct passwd *user = getpwuid(geteuid());
	char *path;

	return user && asprintf(&path, "%s" OWN_DIRECTORY, user->pw_dir) >= 0 ? path : NULL;
}

/* "kfree_skb" of "probes/kfree_skb.c". The caller frees it. */
static char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = strlen(name);

	if (length > 2 && strcmp(name + length - 2, ".c") == 0)
		length -= 2;
	return strndup(name, length);
}

static int read_probe_file(struct probe *probe, const char *path, bool force, struct error *err)
{
	int result = user_file_read("--probe", path, force, &probe->text, err);

	if (result)
		return result;
	probe->path = strdup(path);
	probe->name = base_name(path);
	return 0;
}

/* Read a probe from a directory. -ENOENT, without an error: it has none of that name. */
static int read_from(struct probe *probe, const char *directory, const char *name, bool force,
		     struct error *err)
{
	char *path = NULL;
	int result = -ENOENT;

	if (!directory || asprintf(&path, "%s/%s.c", directory, name) < 0)
		return -ENOENT;
	if (access(path, F_OK) == 0)
		result = read_probe_file(probe, path, force, err);
	free(path);
	return result;
}

static int read_embedded(struct probe *probe, const char *name)
{
	for (const struct embedded_probe *known = embedded_probes; known->name; known++) {
		if (strcmp(known->name, name) != 0)
			continue;
		probe->embedded = true;
		probe->name = strdup(known->name);
		probe->text = strdup(known->text);
		if (asprintf(&probe->path, "probes/%s.c", name) < 0)
			probe->path = NULL;
		return 0;
	}
	return -ENOENT;
}

/* Names of probes, each once, sorted. */
struct names {
	char **list;
	size_t count;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_add(struct names *names, char *name)
{
	char **grown;

	for (size_t i = 0; i < names->count && name; i++) {
		if (strcmp(names->list[i], name) == 0) {
			free(name);
			return;
		}
	}
	grown = name ? realloc(names->list, (names->count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(name);
		return;
	}
	names->list = grown;
	grown[names->count++] = name;
}

/* Other names are not offered: a file can have any name, and this ends up on a terminal. */
static bool is_probe_file(const char *name)
{
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return length > 0 && strcmp(name + length, ".c") == 0;
}

static void names_add_directory(struct names *names, const char *path)
{
	DIR *directory = path ? opendir(path) : NULL;
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (is_probe_file(entry->d_name))
			names_add(names, base_name(entry->d_name));
	if (directory)
		closedir(directory);
}

static void names_collect(struct names *names, const char *own)
{
	names_add_directory(names, own);
	names_add_directory(names, SHARED_DIRECTORY);
	for (const struct embedded_probe *known = embedded_probes; known->name; known++)
		names_add(names, strdup(known->name));
	qsort(names->list, names->count, sizeof(*names->list), compare_names);
}

static int refuse_name(const char *word, const char *own, struct error *err)
{
	struct nearest nearest = { .text = word };
	char list[NEAREST_LIST_SIZE], quoted[ERROR_QUOTE_SIZE];
	struct names names = { NULL, 0 };

	names_collect(&names, own);
	for (size_t i = 0; i < names.count; i++)
		nearest_take(&nearest, names.list[i], 0, 0);
	names_free(&names);
	return error_set(err, STATUS_USAGE, ENOENT,
			 "--probe: unknown probe %s; did you mean %s? (--list-probes lists them; a "
			 "file needs a / or .c in its name)",
			 error_quote(quoted, word), nearest_list(list, &nearest));
}

/* `result` of reading a probe, or -ENOMEM if a part of it is missing; frees it unless 0. */
static int check_read(struct probe *probe, int result, struct error *err)
{
	if (!result && (!probe->name || !probe->path || !probe->text))
		result = error_nomem(err);
	if (result)
		probe_free(probe);
	return result;
}

int probe_read(struct probe *probe, const char *word, bool force, struct error *err)
{
	size_t length = strlen(word);
	char *own;
	int result;

	memset(probe, 0, sizeof(*probe));
	if (strchr(word, '/') || (length > 2 && strcmp(word + length - 2, ".c") == 0)) {
		result = read_probe_file(probe, word, force, err);
	} else {
		own = own_directory();
		result = read_from(probe, own, word, force, err);
		if (result == -ENOENT)
			result = read_from(probe, SHARED_DIRECTORY, word, force, err);
		if (result == -ENOENT)
			result = read_embedded(probe, word);
		if (result == -ENOENT)
			result = refuse_name(word, own, err);
		free(own);
	}
	return check_read(probe, result, err);
}

int probe_default(struct probe *probe, enum attach_way way, struct error *err)
{
	memset(probe, 0, sizeof(*probe));
	return check_read(probe, read_embedded(probe, default_names[way]), err);
}

void probe_free(struct probe *probe)
{
	free(probe->name);
	free(probe->path);
	free(probe->text);
	memset(probe, 0, sizeof(*probe));
}

int probes_each(int (*take)(void *context, const char *name, struct error *err), void *context,
		struct error *err)
{
	struct names names = { NULL, 0 };
	char *own = own_directory();
	int result = 0;

	names_collect(&names, own);
	for (size_t i = 0; i < names.count && !result; i++)
		result = take(context, names.list[i], err);
	names_free(&names);
	free(own);
	return result;
}
