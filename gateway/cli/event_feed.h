/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A stream of Server-Sent Events, taken apart as its bytes come (WHATWG HTML, 9.2): the data of each event, the id
 * to go on from and how long to wait before that. Knows nothing of where the bytes come from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Bytes of one line: an event has two sides of 64 KiB at most, which JSON may make six times as long. */
#define EVENT_LINE_MOST (1024u * 1024)
#define EVENT_ID_SIZE 24

/* Zeroed but for `take` = at its start. */
struct event_feed {
        bool (*take)(void *context, const char *data); /* one event's data; false = no more */
        void *context;
        char id[EVENT_ID_SIZE];      /* of the newest event that was taken, or that was told without data; or "" */
        unsigned retry_ms;           /* that the gateway asks to wait; 0 = it has not said */
        char next_id[EVENT_ID_SIZE]; /* of the event that is being read, or "" */
        struct text line, data;
};
void event_feed_fini(struct event_feed *feed);

/* Forgets what was read of an event that has not ended: the stream begins anew. */
void event_feed_restart(struct event_feed *feed);

/* Reads on; false when `take` wants no more, or a line is too long. */
bool event_feed_read(struct event_feed *feed, const char *bytes, size_t length);
