/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long each source of the inventory has been silent: the one timer of it. Heartbeats are kept in memory and
 * stored now and then; what a silence makes of a source is committed, so that grants follow from the snapshot
 * alone. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "domain/inventory.h"
#include "reconcile/status.h"
#include "store/writer.h"

struct inventory_watch;

/* Starts its thread. A source is as old as its stored time says (at least as old as it is); one whose time was
 * over before the start gets INVENTORY_SPARE_MS more, once in a silence, for it may have spoken to nobody. All but
 * `ages` (copied) must outlive it. */
#define INVENTORY_SPARE_MS 30000
int inventory_watch_new(struct writer *writer, struct status *status, const struct clock *clock,
                        const struct inventory_ages *ages, struct inventory_watch **watch, struct fault *fault);

/* Stores what it has heard, and ends. NULL is fine. Before writer_free. */
void inventory_watch_free(struct inventory_watch *watch);

/* A new snapshot is there, or the clock was moved. Never blocks; NULL is fine. */
void inventory_watch_wake(struct inventory_watch *watch);

/* The source has spoken. Costs no commit; NULL is fine. */
void inventory_watch_heard(struct inventory_watch *watch, const char *source);

/* The age of what was said last, which goes by the stored time (`stored`) until the source speaks again after a
 * start. False when nothing is known of it. */
struct inventory_age {
        int64_t heard_at_ms; /* wall clock */
        int64_t age_ms;
        bool stored;
};
bool inventory_watch_age(struct inventory_watch *watch, const char *source, struct inventory_age *age);
