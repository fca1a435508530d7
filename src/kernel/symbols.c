// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/symbols.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kallsyms.h"
#include "util/clock.h"

#define NAMES_MAX (1u << 30)
#define GROWTH (64 * 1024)
#define RELOAD_MIN_NS 100000000ull
#define RELOAD_MAX_NS (640 * RELOAD_MIN_NS)
#define LOOK_NS 20000000ull /* how often to check the modules */
#define PAGE_SIZE 4096
#define CACHE_BITS 8

/*
 * A function. While the symbols are read, also a boundary: the start of anything that is not a
 * function, because a function ends at the next symbol of any kind. Packed: there are 60,000.
 */
struct entry {
	uint64_t address;
	uint32_t size;	 /* bytes */
	uint32_t name;	 /* offset in the names, 0: a boundary */
	uint16_t module; /* number of its module, 0: vmlinux */
} __attribute__((packed));

struct array {
	char *bytes;
	size_t size, capacity;
};

struct symbols {
	char *path;
	char *modules_path;
	struct array entries; /* struct entry, by address */
	struct array names;   /* strings, one after another; the first one is empty */
	struct array modules; /* uint32_t: offsets in the names; the first one is unused */
	bool seen_line, seen_address;
	uint64_t loaded_ns;   /* 0: never */
	uint64_t wait_ns;     /* from loaded_ns until they may be read again */
	uint64_t modules_sum; /* of the modules at that time */
	uint64_t looked_ns;   /* when the modules were last checked */
	/* Recent results: most drops happen at a few addresses, and frames of stacks recur. */
	struct found {
		uint64_t address;
		struct symbol symbol;
	} cache[1 << CACHE_BITS];
};

/* Add `size` bytes at the end. Reserved memory that is not touched costs nothing. */
static void *array_append(struct array *array, size_t size)
{
	if (array->capacity - array->size < size) {
		size_t capacity = array->capacity * 2 + size + GROWTH;
		char *grown = realloc(array->bytes, capacity);

		if (!grown)
			return NULL;
		array->bytes = grown;
		array->capacity = capacity;
	}
	array->size += size;
	return array->bytes + array->size - size;
}

static void array_free(struct array *array)
{
	free(array->bytes);
	*array = (struct array){ 0 };
}

static void array_shrink(struct array *array)
{
	char *shrunk = array->size ? realloc(array->bytes, array->size) : NULL;

	if (!shrunk)
		return;
	array->bytes = shrunk;
	array->capacity = array->size;
}

static struct entry *entries_of(const struct symbols *symbols)
{
	return (struct entry *)symbols->entries.bytes;
}

static size_t entry_count(const struct symbols *symbols)
{
	return symbols->entries.size / sizeof(struct entry);
}

static const char *module_name(const struct symbols *symbols, uint16_t module)
{
	uint32_t offset;

	if (module == 0)
		return NULL;
	memcpy(&offset, symbols->modules.bytes + module * sizeof(offset), sizeof(offset));
	return symbols->names.bytes + offset;
}

static bool add_name(struct array *names, const char *name, size_t length, uint32_t *offset)
{
	char *to;

	if (names->size > NAMES_MAX)
		return false;
	*offset = (uint32_t)names->size;
	to = array_append(names, length + 1);
	if (!to)
		return false;
	memcpy(to, name, length);
	to[length] = '\0';
	return true;
}

/* The symbols of a module are consecutive: compare only with the last module. */
static bool add_module(struct symbols *symbols, const struct kallsyms_line *line, uint16_t *number)
{
	size_t count = symbols->modules.size / sizeof(uint32_t);
	const char *last = module_name(symbols, (uint16_t)(count - 1));
	uint32_t offset;
	void *to;

	*number = (uint16_t)(count - 1);
	if (last && strncmp(last, line->module, line->module_length) == 0 &&
	    last[line->module_length] == '\0')
		return true;
	if (count > UINT16_MAX ||
	    !add_name(&symbols->names, line->module, line->module_length, &offset))
		return false;
	to = array_append(&symbols->modules, sizeof(offset));
	if (!to)
		return false;
	memcpy(to, &offset, sizeof(offset));
	*number = (uint16_t)count;
	return true;
}

/* Add a line to the symbols. False: out of memory or numbers. */
static bool add_line(void *context, const struct kallsyms_line *line)
{
	struct symbols *symbols = context;
	size_t count = entry_count(symbols);
	struct entry *last = count ? &entries_of(symbols)[count - 1] : NULL;
	uint32_t name = 0;
	uint16_t module = 0;

	symbols->seen_line = true;
	if (line->address == 0)
		return true;
	symbols->seen_address = true;
	if (last && line->module_length == 0) {
		/* vmlinux is sorted by address: a boundary behind another adds nothing, */
		if (!last->name && !line->function && last->address <= line->address)
			return true;
		/* and of several names for an address the kernel prints the first. */
		if (last->address == line->address && last->name)
			return true;
		if (last->address == line->address)
			symbols->entries.size -= sizeof(*last);
	}
	if (line->module_length && !add_module(symbols, line, &module))
		return false;
	if (line->function && !add_name(&symbols->names, line->name, line->name_length, &name))
		return false;
	last = array_append(&symbols->entries, sizeof(*last));
	if (!last)
		return false;
	*last = (struct entry){ .address = line->address, .name = name, .module = module };
	return true;
}

/* By address; at the same address functions first, in the order of the file. */
static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->name - 1 > b->name - 1) - (a->name - 1 < b->name - 1);
}

static void order_entries(struct symbols *symbols)
{
	struct entry *entries = entries_of(symbols);
	size_t count = entry_count(symbols);
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (compare_entries(&entries[i - 1], &entries[i]) > 0) {
			qsort(entries, count, sizeof(*entries), compare_entries);
			break;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || entries[kept - 1].address != entries[i].address)
			entries[kept++] = entries[i];
	symbols->entries.size = kept * sizeof(*entries);
}

/*
 * The end of a function before the entry `after`, or NULL. For the last function of a module it is
 * unknown: the rest of its page certainly belongs to the module; what follows may belong to a
 * module loaded since.
 */
static uint64_t end_of(const struct entry *function, const struct entry *after)
{
	uint64_t end = (function->address | (PAGE_SIZE - 1)) + 1;

	if (after && after->address - function->address > UINT32_MAX) /* no size is that large */
		return end;
	return after && (after->address < end || after->module == function->module) ? after->address
										    : end;
}

/* Set the size of each function, and remove the boundaries. */
static void keep_functions(struct symbols *symbols)
{
	struct entry *entries = entries_of(symbols);
	size_t count = entry_count(symbols);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct entry function = entries[i];

		if (function.name == 0)
			continue;
		function.size =
			(uint32_t)(end_of(&function, i + 1 < count ? &entries[i + 1] : NULL) -
				   function.address);
		entries[kept++] = function;
	}
	symbols->entries.size = kept * sizeof(*entries);
}

static void forget(struct symbols *symbols)
{
	array_free(&symbols->entries);
	array_free(&symbols->names);
	array_free(&symbols->modules);
	symbols->seen_line = false;
	symbols->seen_address = false;
	memset(symbols->cache, 0, sizeof(symbols->cache));
}

static void load(struct symbols *symbols)
{
	int fd = open(symbols->path, O_RDONLY | O_CLOEXEC);
	void *unused;

	forget(symbols);
	if (fd < 0)
		return;
	/* Offset 0 and module 0 mean "none". */
	unused = array_append(&symbols->modules, sizeof(uint32_t));
	if (!unused || !array_append(&symbols->names, 1))
		goto out;
	memset(unused, 0, sizeof(uint32_t));
	symbols->names.bytes[0] = '\0';
	kallsyms_read(fd, add_line, symbols);
	order_entries(symbols);
	keep_functions(symbols);
	array_shrink(&symbols->entries);
	array_shrink(&symbols->names);
	array_shrink(&symbols->modules);
out:
	close(fd);
}

/*
 * A hash of /proc/modules: name, size, state and address of each. Addresses are reused by other
 * modules, and a module that is still loading also has the functions of its initialisation.
 */
static uint64_t sum_modules(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t sum = 0xcbf29ce484222325; /* FNV-1a */
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return 0;
	while (getline(&line, &size, file) > 0) {
		char *rest = line;

		for (int field = 0; rest; field++) {
			const char *text = strsep(&rest, " \n");

			/* The number and names of its users change. */
			if (field == 2 || field == 3)
				continue;
			for (; *text; text++)
				sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
		}
	}
	free(line);
	fclose(file);
	return sum;
}

struct symbols *symbols_create(const char *path, const char *modules_path)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->wait_ns = RELOAD_MIN_NS;
	symbols->path = strdup(path);
	symbols->modules_path = strdup(modules_path);
	if (!symbols->path || !symbols->modules_path) {
		symbols_free(symbols);
		return NULL;
	}
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	forget(symbols);
	free(symbols->path);
	free(symbols->modules_path);
	free(symbols);
}

bool symbols_restricted(const struct symbols *symbols)
{
	return symbols->seen_line && !symbols->seen_address;
}

static bool find(const struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	const struct entry *entries = entries_of(symbols);
	size_t first = 0, after = entry_count(symbols);
	const struct entry *entry;

	while (first < after) { /* then both are behind the last entry up to `address` */
		size_t middle = first + (after - first) / 2;

		if (entries[middle].address <= address)
			first = middle + 1;
		else
			after = middle;
	}
	if (first == 0)
		return false;
	entry = &entries[first - 1];
	if (address - entry->address >= entry->size)
		return false;
	*symbol = (struct symbol){
		.name = symbols->names.bytes + entry->name,
		.module = module_name(symbols, entry->module),
		.offset = address - entry->address,
		.size = entry->size,
	};
	return true;
}

static bool find_cached(struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	/* Fibonacci hashing: the low bits of code addresses are not random. */
	struct found *last = &symbols->cache[address * 0x9e3779b97f4a7c15 >> (64 - CACHE_BITS)];

	if (last->address != address || address == 0) {
		if (!find(symbols, address, symbol))
			return false;
		*last = (struct found){ address, *symbol };
	}
	*symbol = last->symbol;
	return true;
}

/* Whether a module was loaded or unloaded since the symbols were read. */
static bool modules_changed(struct symbols *symbols, uint64_t now)
{
	if (now - symbols->looked_ns < LOOK_NS)
		return false;
	symbols->looked_ns = now;
	return sum_modules(symbols->modules_path) != symbols->modules_sum;
}

/* The modules first: one that is loaded meanwhile is noticed at the next check. */
static void reload(struct symbols *symbols)
{
	symbols->loaded_ns = symbols->looked_ns = clock_monotonic();
	symbols->modules_sum = sum_modules(symbols->modules_path);
	load(symbols);
}

void symbols_prepare(struct symbols *symbols)
{
	if (!symbols->loaded_ns)
		reload(symbols);
}

/*
 * The last address before the next function, so that consecutive functions form one range: only
 * padding or data is in between.
 */
static uint64_t last_of(const struct symbols *symbols, size_t index)
{
	const struct entry *entry = &entries_of(symbols)[index];

	if (index + 1 < entry_count(symbols) && entry[1].module == entry->module)
		return entry[1].address - 1;
	return entry->address + entry->size - 1;
}

int symbols_each(struct symbols *symbols,
		 int (*take)(void *context, const char *name, uint64_t first, uint64_t last),
		 void *context)
{
	int result = 0;

	symbols_prepare(symbols);
	for (size_t i = 0; i < entry_count(symbols) && !result; i++) {
		const struct entry *entry = &entries_of(symbols)[i];

		result = take(context, symbols->names.bytes + entry->name, entry->address,
			      last_of(symbols, i));
	}
	return result;
}

bool symbols_find(struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
	uint64_t now;
	bool found = symbols->loaded_ns && find_cached(symbols, address, symbol);

	if (found && !symbol->module)
		return true;
	now = clock_monotonic();
	if (symbols->loaded_ns && !modules_changed(symbols, now) &&
	    (found || now - symbols->loaded_ns < symbols->wait_ns))
		return found;
	reload(symbols);
	found = find_cached(symbols, address, symbol);
	/* Some addresses stay unknown for ever: read the symbols less and less often for them. */
	if (found)
		symbols->wait_ns = RELOAD_MIN_NS;
	else if (symbols->wait_ns < RELOAD_MAX_NS)
		symbols->wait_ns *= 2;
	return found;
}
