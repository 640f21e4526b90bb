/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The newest events, in memory: what the stream of events and most questions about the audit trail are answered
 * from, without the disk and without waiting for the writer, which adds to it. All readers share the one copy, so
 * that a slow one costs nothing: it finds that what it has not read yet is gone, and asks the store for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/event.h"
#include "store/store.h"

#define TRAIL_EVENTS_MOST 1024
#define TRAIL_BYTES_MOST (4u * 1024 * 1024)

struct trail;

/* With the newest events of `store`, which is borrowed. NULL and a fault when it cannot be read. */
struct trail *trail_new(struct store *store, struct fault *fault);
void trail_free(struct trail *trail);

/* The number of the newest event; 0 = there is none. */
uint64_t trail_newest(struct trail *trail);

enum trail_find {
        TRAIL_FOUND,
        TRAIL_END,   /* there is none */
        TRAIL_STORE, /* there may be: only the store knows */
};

/* The first event after `number`, or the last before it; *event is the caller's reference. From any thread. */
enum trail_find trail_after(struct trail *trail, uint64_t number, const struct event **event);
enum trail_find trail_before(struct trail *trail, uint64_t number, const struct event **event);

/* Adds an event (a reference is taken); numbers grow. By the writer, which then calls trail_tell once. */
void trail_add(struct trail *trail, const struct event *event);
void trail_tell(struct trail *trail);

/* By the writer: adds what the store has and the trail does not know yet. */
int trail_catch_up(struct trail *trail, struct fault *fault);

/* `grew` is called, in the writer's thread, after events were added: it must not block. One at a time; NULL =
 * none, and the one before is not called any more once this has returned. */
void trail_watch(struct trail *trail, void (*grew)(void *context), void *context);

/* What the store has: as its history, from any thread. */
int trail_history(struct trail *trail, uint64_t number, bool backward,
                  int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                  struct fault *fault);
