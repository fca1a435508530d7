// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, one object a line. Every object has all keys, in the same order (README, "JSON"); what a
 * packet does not have is null.
 */
#include "output/output.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

#include "event.h"
#include "kernel/reasons.h"
#include "kernel/symbols.h"
#include "stream/decode.h"
#include "stream/summary.h"
#include "util/clock.h"
#include "util/protocols.h"
#include "util/text.h"

#define ETHERTYPE_IPV6 0x86dd
#define NANOSECONDS 1000000000u
#define EVERY_KEY (~0u)

struct json {
	struct output_config config;
	uint64_t clock_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC, nanoseconds */
};

static void *json_create(const struct output_config *config)
{
	struct json *json = calloc(1, sizeof(*json));

	if (json) {
		json->config = *config;
		json->clock_offset = clock_wall_offset();
	}
	return json;
}

/* A number, or null if the packet has none. */
static void put_number(FILE *file, const char *key, bool present, uint64_t number)
{
	fprintf(file, ",\"%s\":", key);
	if (present)
		fprintf(file, "%llu", (unsigned long long)number);
	else
		fputs("null", file);
}

static void put_string(FILE *file, const char *key, const char *text, size_t length)
{
	char escaped[6 * 512 + 1];

	fprintf(file, ",\"%s\":", key);
	if (!text) {
		fputs("null", file);
		return;
	}
	text_escape_json(escaped, sizeof(escaped), text, length);
	fprintf(file, "\"%s\"", escaped);
}

static void put_name(FILE *file, const char *key, const char *name)
{
	put_string(file, key, name, name ? strlen(name) : 0);
}

static void put_address(FILE *file, const char *key, const struct drop_event *event,
			const void *address)
{
	int family = event->ethertype == ETHERTYPE_IPV6 ? AF_INET6 : AF_INET;
	char text[INET6_ADDRSTRLEN];

	put_name(file, key,
		 event->flags & DROP_HAS_ADDRESSES ? inet_ntop(family, address, text, sizeof(text))
						   : NULL);
}

/* A place in the kernel: its address as text, as JSON's numbers lose the last digits of it. */
static void put_place(FILE *file, struct symbols *symbols, uint64_t address)
{
	struct symbol symbol;
	bool known = symbols_find(symbols, address, &symbol);

	fprintf(file, "\"address\":\"0x%llx\"", (unsigned long long)address);
	put_name(file, "function", known ? symbol.name : NULL);
	put_number(file, "offset", known, known ? symbol.offset : 0);
	put_name(file, "module", known ? symbol.module : NULL);
}

static void put_stack(const struct json *json, const struct drop *drop)
{
	FILE *file = json->config.file;

	fputs(",\"stack\":[", file);
	for (size_t i = 0; i < drop->stack_depth; i++) {
		fputs(i > 0 ? ",{" : "{", file);
		put_place(file, json->config.symbols, drop->stack[i]);
		putc('}', file);
	}
	putc(']', file);
}

/* What drops can be counted by (SUMMARY_...), or all that a packet has: the same order for both. */
static void put_keys(const struct output_config *config, const struct drop_event *event,
		     unsigned int keys)
{
	const bool has_reason = reasons_given(config->reasons);
	const bool has_l4 = event->flags & DROP_HAS_L4;
	const bool has_ethertype = event->flags & DROP_HAS_ETHERTYPE;
	const bool has_ports = event->flags & DROP_HAS_PORTS;
	char reason[REASON_NAME_SIZE];
	FILE *file = config->file;

	if (keys & SUMMARY_IFACE)
		put_string(file, "interface", event->flags & DROP_HAS_DEVICE ? event->ifname : NULL,
			   strnlen(event->ifname, sizeof(event->ifname)));
	if (keys == EVERY_KEY) {
		put_number(file, "ifindex", event->flags & DROP_HAS_DEVICE, event->ifindex);
		put_number(file, "vlan", event->flags & DROP_HAS_VLAN, event->vlan);
	}
	if (keys & SUMMARY_PROTO) {
		put_number(file, "ethertype", has_ethertype, event->ethertype);
		put_name(file, "ethertype_name",
			 has_ethertype ? protocol_ethertype_name(event->ethertype) : NULL);
	}
	if (keys & SUMMARY_SADDR)
		put_address(file, "saddr", event, &event->saddr);
	if (keys & SUMMARY_DADDR)
		put_address(file, "daddr", event, &event->daddr);
	if (keys & SUMMARY_PROTO) {
		put_number(file, "protocol", has_l4, event->l4_protocol);
		put_name(file, "protocol_name",
			 has_l4 ? protocol_ip_name(event->l4_protocol) : NULL);
	}
	if (keys & SUMMARY_SPORT)
		put_number(file, "sport", has_ports, event->sport);
	if (keys & SUMMARY_DPORT)
		put_number(file, "dport", has_ports, event->dport);
	if (keys == EVERY_KEY)
		put_number(file, "length", true, event->length);
	if (keys & SUMMARY_LOCATION) {
		fputs(",\"location\":{", file);
		put_place(file, config->symbols, event->location);
		putc('}', file);
	}
	if (keys & SUMMARY_REASON) {
		put_number(file, "reason", has_reason, event->reason);
		put_name(file, "reason_name",
			 has_reason ? reasons_name(config->reasons, event->reason, reason) : NULL);
	}
}

static void json_drop(void *output, const struct drop *drop)
{
	const struct json *json = output;
	const struct drop_event *event = drop->event;
	const uint64_t time = event->time + json->clock_offset;
	FILE *file = json->config.file;

	fprintf(file, "{\"time\":%llu.%09u", (unsigned long long)(time / NANOSECONDS),
		(unsigned int)(time % NANOSECONDS));
	put_number(file, "cpu", true, drop->cpu);
	put_number(file, "pid", true, event->pid);
	put_string(file, "comm", event->comm, strnlen(event->comm, sizeof(event->comm)));
	put_number(file, "netns", event->flags & DROP_HAS_NETNS, event->netns);
	put_keys(&json->config, event, EVERY_KEY);
	if (json->config.stack)
		put_stack(json, drop);
	fputs("}\n", file);
}

static void put_count(const struct output_config *config, const struct summary *summary,
		      const struct drop_event *event, unsigned int keys, uint64_t count,
		      uint64_t before)
{
	const uint64_t time = summary->time + clock_wall_offset();
	const uint64_t elapsed = summary->time - summary->time_before;

	fprintf(config->file, "{\"time\":%llu.%09u", (unsigned long long)(time / NANOSECONDS),
		(unsigned int)(time % NANOSECONDS));
	if (event)
		put_keys(config, event, keys);
	fprintf(config->file, ",\"other\":%s,\"count\":%llu,\"share\":%.6f,\"rate\":%.3f}\n",
		event ? "false" : "true", (unsigned long long)count,
		summary->total ? (double)count / (double)summary->total : 0.0,
		elapsed ? (double)(count - before) * NANOSECONDS / (double)elapsed : 0.0);
}

static void json_summary(const struct output_config *config, const struct summary *summary,
			 unsigned int keys)
{
	for (size_t i = 0; i < summary->row_count; i++)
		put_count(config, summary, summary->rows[i].event, keys, summary->rows[i].count,
			  summary->rows[i].before);
	if (summary->other > 0)
		put_count(config, summary, NULL, keys, summary->other, summary->other_before);
}

/* Anew for each batch: the wall clock may be set while drops are traced. */
static void json_flush(void *output)
{
	struct json *json = output;

	json->clock_offset = clock_wall_offset();
}

const struct output_ops output_json = { json_create, json_drop, json_flush, free, json_summary };
