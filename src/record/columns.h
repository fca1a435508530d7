/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_COLUMNS_H
#define BYTETRACE_RECORD_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a drop shows, one row a column, in the order of a table's row and of a JSON object. Output
 * formats have a printer for each kind, none for a column: they expand this list with a macro of
 * their own, or go through columns[].
 *
 *	C(ID, name, JSON key, title, verbosity, part, keys, kind, present, value)
 *
 * ID		COLUMN_ID is its number
 * name		as a key of --summary
 * JSON key	kinds that show a number and its name add "_name" for the second
 * title	its header; NULL: not in the table
 * verbosity	the number of -v from which the table shows it
 * part		RECORD_...: the part of the record that it is in, or 0
 * keys		BIT_...: it is shown in summaries by these keys
 * kind		how it is printed: COLUMN_KIND_...
 * present	C, of `drop` and `drop->event`: whether the drop has it
 * value	C: what is printed, as the kind wants it; used only if it is present
 */
#define DROP_HAS(part) (event->flags & DROP_HAS_##part)
#define COLUMNS(C)                                                                                 \
	C(TIME, "time", "time", "TIME", 2, RECORD_DETAILS, 0, TIME, event->detailed, event->time)  \
	C(PROBE, "probe", "probe", "PROBE", 0, 0, 0, TEXT, true, drop->layout->name)               \
	C(CPU, "cpu", "cpu", "CPU", 2, 0, 0, NUMBER, true, drop->cpu)                              \
	C(PID, "pid", "pid", "PID", 2, RECORD_DETAILS, 0, NUMBER, event->detailed, event->pid)     \
	C(COMM, "comm", "comm", "COMM", 2, RECORD_DETAILS, 0, TEXT, event->detailed, event->comm)  \
	C(NETNS, "netns", "netns", "NETNS", 2, RECORD_DEVICE, 0, NUMBER, DROP_HAS(NETNS),          \
	  event->netns)                                                                            \
	C(IFACE, "iface", "interface", "INTERFACE", 1, RECORD_DEVICE, BIT_IFACE, TEXT,             \
	  DROP_HAS(DEVICE), event->ifname)                                                         \
	C(IFINDEX, "ifindex", "ifindex", NULL, 0, RECORD_DEVICE, 0, NUMBER, event->ifindex != 0,   \
	  event->ifindex)                                                                          \
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

/* Parts of a record that the program fills only if an output shows them: bits of a set. */
enum {
	RECORD_DEVICE = 1 << 0,	 /* netns, ifindex, ifname */
	RECORD_DETAILS = 1 << 1, /* time, length, mark, pid, comm */
	RECORD_STACK = 1 << 2,
	RECORD_INNER = 1 << 3, /* --inner: of a tunnel the packet inside */
};

enum column_kind {
	COLUMN_KIND_NUMBER,
	COLUMN_KIND_TEXT,      /* a char array, not to be trusted */
	COLUMN_KIND_WORD,      /* const char *, from a table of bytetrace */
	COLUMN_KIND_TIME,      /* CLOCK_MONOTONIC, nanoseconds */
	COLUMN_KIND_ADDRESS,   /* the bytes of an IP address, of the version that event->ethertype
				  says */
	COLUMN_KIND_ETHERTYPE, /* a number and its name */
	COLUMN_KIND_PROTOCOL,  /* the same for the protocol behind IP; a table falls back to the
				* EtherType
				*/
	COLUMN_KIND_PORT,
	COLUMN_KIND_PLACE,  /* an address of the kernel's code */
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
	BIT_IFACE = 1 << COLUMN_IFACE,
	BIT_SADDR = 1 << COLUMN_SADDR,
	BIT_DADDR = 1 << COLUMN_DADDR,
	BIT_PROTO = 1 << COLUMN_PROTO,
	BIT_SPORT = 1 << COLUMN_SPORT,
	BIT_DPORT = 1 << COLUMN_DPORT,
	BIT_LOCATION = 1 << COLUMN_LOCATION,
	BIT_REASON = 1 << COLUMN_REASON,
	BIT_OWN = 1 << COLUMN_COUNT, /* columns that the program brings */
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

/* By their ids. */
extern const struct column columns[COLUMN_COUNT];

/* The bit of a key of --summary: `length` bytes of its name. 0: no column, or none to count by. */
unsigned int columns_key(const char *name, size_t length);

/* Names of all keys of --summary, "a, b, c", in static storage. */
const char *columns_key_names(void);

/*
 * Whether a column of the user's cannot have this name of `length` bytes, because a table, a JSON
 * object or --summary has something of that name.
 */
bool columns_taken(const char *name, size_t length);

#endif
