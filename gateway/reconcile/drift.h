/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Keeper of what was last found to differ between the servers and what is wanted. The sides note into it, REST
 * shows it, and what is new is told to whoever writes the audit trail: once for each difference, with a count when
 * it comes again, so that two controllers that fight over a server do not fill the trail. Bounded. Thread-safe; a
 * NULL keeper takes notes and forgets them.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/fault.h"
#include "domain/difference.h"

struct drift;

/* `report` (may be NULL) is called in the thread that notes, must not block and must not call drift_*. */
struct drift *drift_new(const struct clock *clock,
                        void (*report)(void *context, const struct difference *difference), void *context);
void drift_free(struct drift *drift);

/* Something differs; `found` is copied, its times and count are kept by the keeper. The same kind on the same
 * object is one difference. */
void drift_note(struct drift *drift, const struct difference *found);

/* Nothing differs about `object` now: what was noted of it as reported or failed is forgotten. What was repaired
 * stays, as the last difference there was. */
void drift_clear(struct drift *drift, enum difference_place place, const char *object);

/* A look at all of `place` has ended, begun at `started_ms` of the monotonic clock, with the snapshot of
 * `revision`; `fault` NULL: it told all. Differences that did not fit are counted from look to look. */
void drift_looked(struct drift *drift, enum difference_place place, uint64_t revision, int64_t started_ms,
                  const struct fault *fault);

/* What the NFS server holds besides ours (taken, with `items`), of which `left_out` more are not listed. One that
 * overlaps a storage is a difference too, reported for as long as it is there. */
void drift_set_unmanaged(struct drift *drift, struct unmanaged_export *items, size_t count, size_t left_out);

#define DRIFT_DIFFERENCES_MAX 256 /* kept for each place: the newest, and rather those that stand */
#define DRIFT_UNMANAGED_MAX 256

struct drift_look {
        bool looked; /* else nothing of the rest */
        int64_t at_ms;
        int64_t duration_ms;
        uint64_t revision;
        struct fault fault; /* code NONE = it told all */
        size_t left_out;    /* differences of this look that are not kept */
};

/* All there is, borrowed for the call of `show`, which must not block. */
struct drift_view {
        struct drift_look looks[PLACE_COUNT];
        const struct difference *differences[PLACE_COUNT];
        size_t counts[PLACE_COUNT];
        const struct unmanaged_export *unmanaged;
        size_t unmanaged_count, unmanaged_left_out;
};
void drift_show(struct drift *drift, void (*show)(void *context, const struct drift_view *view), void *context);
