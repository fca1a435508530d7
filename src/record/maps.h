/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BYTETRACE_RECORD_MAPS_H
#define BYTETRACE_RECORD_MAPS_H

/*
 * The maps by which programs and bytetrace know each other, under the names that templates/ defines
 * them with (tests/unit/test_maps.c checks that).
 */
#define MAP_LOST "lost"		    /* per CPU: drops that could not be recorded or counted */
#define MAP_EVENTS "events"	    /* records: a ring buffer for each CPU, or perf buffers */
#define MAP_RING "ring"		    /* what the ring buffers are like */
#define MAP_SUMMARY "summary"	    /* per CPU: drops by their key */
#define MAP_HOT "hot"		    /* per CPU: the same for keys that have a place of their own */
#define MAP_HOT_CLAIMS "hot_claims" /* per CPU: who fills such a place */
#define MAP_OTHER "other"	    /* per CPU: drops whose key found no room */

/* Those of a program that shows drops, and of one that counts them. */
#define MAPS_SHOWN MAP_LOST, MAP_EVENTS, MAP_RING
#define MAPS_COUNTED MAP_LOST, MAP_SUMMARY, MAP_HOT, MAP_HOT_CLAIMS, MAP_OTHER

#endif
