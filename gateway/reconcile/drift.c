/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/drift.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/* One difference is told at once, then each change of what became of it, REPORTS_MAX times at most in
 * REPORT_AGAIN_MS; after that it is told again with the count so far. */
#define REPORT_AGAIN_MS 600000
#define REPORTS_MAX 4
/* And all together: what is over waits for its next turn, so that a server that was set up anew by somebody else
 * does not become ten thousand lines. */
#define REPORTS_IN_MINUTE 60
#define MINUTE_MS 60000

/* What is kept of one, beside the difference that is shown. */
struct report {
        int64_t since_ms; /* monotonic; 0 = never told */
        unsigned told;    /* since then */
        enum difference_action action;
};

struct shelf {
        struct difference items[DRIFT_DIFFERENCES_MAX];
        struct report reports[DRIFT_DIFFERENCES_MAX];
        size_t count;
        size_t left_out; /* since the last look ended */
        struct drift_look look;
};

struct drift {
        pthread_mutex_t lock;
        const struct clock *clock;
        void (*report)(void *context, const struct difference *difference);
        void *context;
        struct shelf shelves[PLACE_COUNT];
        struct unmanaged_export *unmanaged;
        size_t unmanaged_count, unmanaged_left_out;
        int64_t minute_ms; /* monotonic: when the present minute began */
        unsigned minute_reports;
};

struct drift *drift_new(const struct clock *clock,
                        void (*report)(void *context, const struct difference *difference), void *context)
{
        struct drift *drift = NEW(struct drift);

        pthread_mutex_init(&drift->lock, NULL);
        drift->clock = clock;
        drift->report = report;
        drift->context = context;
        drift->minute_ms = clock_monotonic_ms(clock);
        return drift;
}

static void unmanaged_free(struct unmanaged_export *items, size_t count)
{
        for (size_t i = 0; i < count; i++)
                unmanaged_export_fini(&items[i]);
        free(items);
}

void drift_free(struct drift *drift)
{
        if (!drift)
                return;
        for (size_t place = 0; place < PLACE_COUNT; place++)
                for (size_t i = 0; i < drift->shelves[place].count; i++)
                        difference_fini(&drift->shelves[place].items[i]);
        unmanaged_free(drift->unmanaged, drift->unmanaged_count);
        pthread_mutex_destroy(&drift->lock);
        free(drift);
}

/* The place of the same difference on the shelf, or its end. */
static size_t shelf_find(const struct shelf *shelf, const struct difference *found)
{
        size_t i = 0;

        while (i < shelf->count &&
               (shelf->items[i].kind != found->kind || strcmp(shelf->items[i].object, found->object) != 0))
                i++;
        return i;
}

static void shelf_remove(struct shelf *shelf, size_t at)
{
        difference_fini(&shelf->items[at]);
        shelf->count--;
        if (at == shelf->count)
                return;
        shelf->items[at] = shelf->items[shelf->count];
        shelf->reports[at] = shelf->reports[shelf->count];
}

/* Makes room by dropping the oldest one that does not stand any more; false when all stand. */
static bool shelf_make_room(struct shelf *shelf)
{
        size_t oldest = shelf->count;

        if (shelf->count < DRIFT_DIFFERENCES_MAX)
                return true;
        for (size_t i = 0; i < shelf->count; i++)
                if (shelf->items[i].action == DIFFERENCE_REPAIRED &&
                    (oldest == shelf->count || shelf->items[i].at_ms < shelf->items[oldest].at_ms))
                        oldest = i;
        if (oldest == shelf->count)
                return false;
        shelf_remove(shelf, oldest);
        return true;
}

/* Whether this one is to be told now, all bounds kept. */
static bool report_is_due(struct drift *drift, struct report *report, enum difference_action action)
{
        int64_t now_ms = clock_monotonic_ms(drift->clock);
        bool again = now_ms - report->since_ms >= REPORT_AGAIN_MS;

        if (report->told > 0 && !again && (report->action == action || report->told >= REPORTS_MAX))
                return false;
        if (now_ms - drift->minute_ms >= MINUTE_MS) {
                drift->minute_ms = now_ms;
                drift->minute_reports = 0;
        }
        if (drift->minute_reports >= REPORTS_IN_MINUTE)
                return false;
        drift->minute_reports++;
        if (report->told == 0 || again)
                *report = (struct report){ .since_ms = now_ms };
        report->told++;
        report->action = action;
        return true;
}

static void difference_tell(struct drift *drift, const struct difference *difference)
{
        AUTO_FREE char *sentence = difference_sentence(difference);
        const char *fields[] = { "export", difference->export_id, NULL };

        log_line(LOG_LEVEL_WARNING, difference->export_id[0] ? fields : NULL, "drift: %s", sentence);
        if (drift->report)
                drift->report(drift->context, difference);
}

void drift_note(struct drift *drift, const struct difference *found)
{
        struct shelf *shelf;
        int64_t now_ms;
        size_t at;

        if (!drift)
                return;
        shelf = &drift->shelves[difference_place(found->kind)];
        now_ms = clock_wall_ms(drift->clock);
        pthread_mutex_lock(&drift->lock);
        at = shelf_find(shelf, found);
        if (at == shelf->count) {
                if (!shelf_make_room(shelf)) {
                        shelf->left_out++;
                        pthread_mutex_unlock(&drift->lock);
                        return;
                }
                at = shelf->count++;
                shelf->items[at] = (struct difference){ .first_at_ms = now_ms };
                shelf->reports[at] = (struct report){ 0 };
        }
        struct difference older = shelf->items[at];
        /* One that stands is found at each look: that is not once more. */
        bool stands = older.count > 0 && older.action != DIFFERENCE_REPAIRED;
        difference_copy(&shelf->items[at], found);
        shelf->items[at].first_at_ms = older.first_at_ms;
        shelf->items[at].at_ms = now_ms;
        shelf->items[at].count = older.count + (stands ? 0 : 1);
        difference_fini(&older);
        if (report_is_due(drift, &shelf->reports[at], found->action))
                difference_tell(drift, &shelf->items[at]);
        pthread_mutex_unlock(&drift->lock);
}

void drift_clear(struct drift *drift, enum difference_place place, const char *object)
{
        if (!drift)
                return;
        pthread_mutex_lock(&drift->lock);
        for (size_t i = drift->shelves[place].count; i-- > 0;) {
                const struct difference *item = &drift->shelves[place].items[i];

                if (item->action != DIFFERENCE_REPAIRED && strcmp(item->object, object) == 0)
                        shelf_remove(&drift->shelves[place], i);
        }
        pthread_mutex_unlock(&drift->lock);
}

void drift_looked(struct drift *drift, enum difference_place place, uint64_t revision, int64_t started_ms,
                  const struct fault *fault)
{
        struct shelf *shelf;

        if (!drift)
                return;
        shelf = &drift->shelves[place];
        pthread_mutex_lock(&drift->lock);
        shelf->look = (struct drift_look){ .looked = true,
                                           .at_ms = clock_wall_ms(drift->clock),
                                           .duration_ms = clock_monotonic_ms(drift->clock) - started_ms,
                                           .revision = revision,
                                           .fault = fault ? *fault : (struct fault){ 0 },
                                           .left_out = shelf->left_out };
        shelf->left_out = 0;
        pthread_mutex_unlock(&drift->lock);
}

static void unmanaged_name(const struct unmanaged_export *export, char object[DIFFERENCE_OBJECT_SIZE])
{
        snprintf(object, DIFFERENCE_OBJECT_SIZE, "unmanaged export %u", export->number);
}

/* Whether `difference` speaks of an overlap that is still there. */
static bool overlap_stands(const struct difference *difference, const struct unmanaged_export *items, size_t count)
{
        char object[DIFFERENCE_OBJECT_SIZE];

        for (size_t i = 0; i < count; i++) {
                unmanaged_name(&items[i], object);
                if (items[i].overlaps && strcmp(object, difference->object) == 0)
                        return true;
        }
        return false;
}

static void overlap_note(struct drift *drift, const struct unmanaged_export *export)
{
        AUTO_FREE char *observed = memory_format("path %s, pseudo %s", export->path, export->pseudo);
        AUTO_FREE char *detail = memory_format("storage %s", export->overlaps);
        struct difference found = { .kind = DIFFERENCE_UNMANAGED_OVERLAPS,
                                    .action = DIFFERENCE_REPORTED,
                                    .observed = observed,
                                    .detail = detail };

        unmanaged_name(export, found.object);
        drift_note(drift, &found);
}

void drift_set_unmanaged(struct drift *drift, struct unmanaged_export *items, size_t count, size_t left_out)
{
        struct shelf *shelf;

        if (!drift) {
                unmanaged_free(items, count);
                return;
        }
        for (size_t i = 0; i < count; i++)
                if (items[i].overlaps)
                        overlap_note(drift, &items[i]);
        pthread_mutex_lock(&drift->lock);
        shelf = &drift->shelves[PLACE_GANESHA];
        for (size_t i = shelf->count; i-- > 0;)
                if (shelf->items[i].kind == DIFFERENCE_UNMANAGED_OVERLAPS &&
                    !overlap_stands(&shelf->items[i], items, count))
                        shelf_remove(shelf, i);
        unmanaged_free(drift->unmanaged, drift->unmanaged_count);
        drift->unmanaged = items;
        drift->unmanaged_count = count;
        drift->unmanaged_left_out = left_out;
        pthread_mutex_unlock(&drift->lock);
}

void drift_show(struct drift *drift, void (*show)(void *context, const struct drift_view *view), void *context)
{
        struct drift_view view = { 0 };

        if (!drift) {
                show(context, &view);
                return;
        }
        pthread_mutex_lock(&drift->lock);
        for (size_t place = 0; place < PLACE_COUNT; place++) {
                view.looks[place] = drift->shelves[place].look;
                view.differences[place] = drift->shelves[place].items;
                view.counts[place] = drift->shelves[place].count;
        }
        view.unmanaged = drift->unmanaged;
        view.unmanaged_count = drift->unmanaged_count;
        view.unmanaged_left_out = drift->unmanaged_left_out;
        show(context, &view);
        pthread_mutex_unlock(&drift->lock);
}
