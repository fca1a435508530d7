/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_COLUMNS_H
#define BYTETRACE_RECORD_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The columns of a drop: one row each, in the order of a table row and of a JSON object. An output
 * format has one printer for each kind of value and none for a single column: it expands this list
 * with a macro of its own, or reads columns[].
 *
 *	C(ID, name, JSON key, title, verbosity, part, keys, kind, present, value)
 *
 * ID		its number is COLUMN_ID, its bit among the keys of --summary BIT_ID
 * name		what --summary calls it
 * JSON key	kinds that print a number and its name add "_name" for the name
 * title	the header in a table; NULL: not in a table
 * verbosity	a table shows it with this many -v
 * part		RECORD_...: the part of the record that holds it; 0: one that every record has
 * keys		BIT_...: summaries by any of these keys show it; its own bit: it is a key
 * kind		COLUMN_KIND_...: how to print it
 * present	C, in terms of `drop` and `event` (drop->event): whether this drop has it
 * value	C: the value to print; ignored if not present
 */
#define DROP_HAS(part) (event->flags & DROP_HAS_##part)
#define COLUMNS(C)                                                                                 \
	C(TIME, "time", "time", "TIME", 2, RECORD_DETAILS, 0, TIME, event->detailed, event->time)  \
	C(PROBE, "probe", "probe", "PROBE", 0, RECORD_PROBE, 0, TEXT, true, drop->layout->name)    \
	C(CPU, "cpu", "cpu", "CPU", 2, 0, 0, NUMBER, true, drop->cpu)                              \
	C(PID, "pid", "pid", "PID", 2, RECORD_DETAILS, 0, NUMBER, event->detailed, event->pid)     \
	C(COMM, "comm", "comm", "COMM", 2, RECORD_DETAILS, 0, TEXT, event->detailed, event->comm)  \
	C(NETNS, "netns", "netns", "NETNS", 2, RECORD_DEVICE, 0, NUMBER, DROP_HAS(NETNS),          \
	  event->netns)                                                                            \
	C(IFACE, "iface", "interface", "INTERFACE", 1, RECORD_DEVICE, BIT_IFACE, TEXT,             \
	  DROP_HAS(DEVICE), event->ifname)                                                         \
	C(IFINDEX, "ifindex", "ifindex", NULL, 0, RECORD_DEVICE, 0, NUMBER, event->ifindex != 0,   \
	  event->ifindex)                                                                          \
	C(SOCKET, "socket", "socket", "SOCKET", 2, RECORD_SOCKET, BIT_SOCKET, NUMBER,              \
	  DROP_HAS(SOCKET), event->socket)                                                         \
	C(UID, "uid", "uid", "UID", 2, RECORD_SOCKET, BIT_UID, NUMBER, DROP_HAS(UID), event->uid)  \
	C(PROGRAM, "program", "program", "PROGRAM", 2, RECORD_SOCKET, BIT_PROGRAM, OWNER,          \
	  drop->owner, drop->owner)                                                                \
	C(MARK, "mark", "mark", NULL, 0, RECORD_DETAILS, 0, NUMBER, event->detailed, event->mark)  \
	C(TUNNEL, "tunnel", "tunnel", "TUNNEL", 2, RECORD_INNER, 0, WORD,                          \
	  event->tunnel != DROP_TUNNEL_NONE, decode_tunnel_name(event->tunnel))                    \
	C(VLAN, "vlan", "vlan", "VLAN", 2, 0, 0, NUMBER, DROP_HAS(VLAN), event->vlan)              \
	C(ETHERTYPE, "ethertype", "ethertype", NULL, 0, 0, BIT_PROTO, ETHERTYPE,                   \
	  DROP_HAS(ETHERTYPE), event->ethertype)                                                   \
	C(SADDR, "saddr", "saddr", "SOURCE", 0, 0, BIT_SADDR, ADDRESS, DROP_HAS(ADDRESSES),        \
	  event->saddr.bytes)                                                                      \
	C(DADDR, "daddr", "daddr", "DESTINATION", 0, 0, BIT_DADDR, ADDRESS, DROP_HAS(ADDRESSES),   \
	  event->daddr.bytes)                                                                      \
	C(PROTO, "proto", "protocol", "PROTOCOL", 0, 0, BIT_PROTO, PROTOCOL, DROP_HAS(L4),         \
	  event->l4_protocol)                                                                      \
	C(SPORT, "sport", "sport", "SPORT", 0, 0, BIT_SPORT, PORT, DROP_HAS(PORTS), event->sport)  \
	C(DPORT, "dport", "dport", "DPORT", 0, 0, BIT_DPORT, PORT, DROP_HAS(PORTS), event->dport)  \
	C(LEN, "len", "length", "LEN", 2, RECORD_DETAILS, 0, NUMBER, event->detailed,              \
	  event->length)                                                                           \
	C(LOCATION, "location", "location", "LOCATION", 0, 0, BIT_LOCATION, PLACE,                 \
	  event->location != 0, event->location)                                                   \
	C(REASON, "reason", "reason", "REASON", 0, 0, BIT_REASON, REASON,                          \
	  event->reason != DROP_NO_REASON, event->reason)

/* Parts of a record, which the program fills only if an output shows them: bits of a set. */
enum {
	RECORD_DEVICE = 1 << 0,	 /* netns, ifindex, ifname */
	RECORD_DETAILS = 1 << 1, /* time, length, mark, pid, comm */
	RECORD_STACK = 1 << 2,
	RECORD_SOCKET = 1 << 3, /* socket, uid */
	/* Parts that follow from other flags: a table shows them only in such a run. */
	RECORD_INNER = 1 << 4, /* --inner */
	RECORD_PROBE = 1 << 5, /* several --probe: tells whose row it is, so comes first */
};
#define RECORD_ON_DEMAND (RECORD_DEVICE | RECORD_DETAILS | RECORD_STACK | RECORD_SOCKET)

enum column_kind {
	COLUMN_KIND_NUMBER,
	COLUMN_KIND_TEXT,      /* a char array with untrusted bytes */
	COLUMN_KIND_WORD,      /* const char *, one of bytetrace's own words */
	COLUMN_KIND_TIME,      /* CLOCK_MONOTONIC, nanoseconds */
	COLUMN_KIND_ADDRESS,   /* the bytes of an IP address; event->ethertype is its family */
	COLUMN_KIND_ETHERTYPE, /* a number and its name */
	COLUMN_KIND_PROTOCOL,  /* of IP, a number and its name; if not present, a table shows the
				  EtherType */
	COLUMN_KIND_PORT,
	COLUMN_KIND_OWNER,  /* const struct owner *: a program */
	COLUMN_KIND_PLACE,  /* an address in kernel code */
	COLUMN_KIND_REASON, /* a number and its name */
};

enum column_id {
#define COLUMN_ID(id, ...) COLUMN_##id,
	COLUMNS(COLUMN_ID)
#undef COLUMN_ID
		COLUMN_COUNT
};

/* Keys of --summary: bits of a set. */
enum {
#define COLUMN_BIT(id, ...) BIT_##id = 1 << COLUMN_##id,
	COLUMNS(COLUMN_BIT)
#undef COLUMN_BIT
		BIT_OWN = 1 << COLUMN_COUNT, /* columns that the program declares */
};

struct column {
	const char *name;
	const char *json;
	const char *title;
	int verbosity;
	unsigned int part;
	unsigned int keys;
	enum column_kind kind;
};

/* Indexed by enum column_id. */
extern const struct column columns[COLUMN_COUNT];

/* The bit of a --summary key, whose name has `length` bytes; 0: not a column, or not a key. */
unsigned int columns_key(const char *name, size_t length);

/* The names of all keys of --summary, "a, b, c", in static storage. */
const char *columns_key_names(void);

/*
 * Whether a name of `length` bytes, in any case, is already in use in a table, a JSON object or
 * --summary, so that a user's column cannot have it.
 */
bool columns_taken(const char *name, size_t length);

#endif
