/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_MAPS_H
#define BYTETRACE_RECORD_MAPS_H

/*
 * The names of the maps that programs and bytetrace share. templates/ defines these maps
 * (tests/unit/test_maps.c checks that).
 */
#define MAP_LOST "lost"		    /* per CPU: drops that could not be recorded or counted */
#define MAP_EVENTS "events"	    /* records: a ring buffer for each CPU, or perf buffers */
#define MAP_RING "ring"		    /* parameters of the ring buffers */
#define MAP_SUMMARY "summary"	    /* per CPU: number of drops by key */
#define MAP_HOT "hot"		    /* per CPU: the same, for keys with a slot of their own */
#define MAP_HOT_CLAIMS "hot_claims" /* per CPU: who is filling such a slot */
#define MAP_OTHER "other"	    /* per CPU: drops whose key did not fit */

/* The maps of a program that shows drops, and of one that counts them. */
#define MAPS_SHOWN MAP_LOST, MAP_EVENTS, MAP_RING
#define MAPS_COUNTED MAP_LOST, MAP_SUMMARY, MAP_HOT, MAP_HOT_CLAIMS, MAP_OTHER

#endif
