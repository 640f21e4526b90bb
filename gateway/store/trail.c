/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/trail.h"

#include <pthread.h>

struct trail {
        struct store *store;
        pthread_mutex_t lock; /* held for as long as finding one event takes */
        const struct event *ring[TRAIL_EVENTS_MOST];
        size_t first, count, bytes;
        bool has_more; /* the store may have events that are older than those here */
        pthread_mutex_t watch_lock;
        void (*grew)(void *context);
        void *context;
};

static const struct event *event_at(const struct trail *trail, size_t place)
{
        return trail->ring[(trail->first + place) % TRAIL_EVENTS_MOST];
}

/* The place of the first event whose number is above `number`; count when there is none. */
static size_t place_after(const struct trail *trail, uint64_t number)
{
        size_t low = 0, high = trail->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (event_at(trail, middle)->number > number)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

static void oldest_drop(struct trail *trail)
{
        const struct event *oldest = event_at(trail, 0);

        trail->bytes -= oldest->bytes;
        trail->first = (trail->first + 1) % TRAIL_EVENTS_MOST;
        trail->count--;
        trail->has_more = true;
        shared_put(oldest);
}

void trail_add(struct trail *trail, const struct event *event)
{
        pthread_mutex_lock(&trail->lock);
        while (trail->count > 0 &&
               (trail->count == TRAIL_EVENTS_MOST || trail->bytes + event->bytes > TRAIL_BYTES_MOST))
                oldest_drop(trail);
        trail->ring[(trail->first + trail->count++) % TRAIL_EVENTS_MOST] = shared_get(event);
        trail->bytes += event->bytes;
        pthread_mutex_unlock(&trail->lock);
}

/* While it is loaded: from the newest backwards. */
static int event_load(void *context, const struct event *event, struct fault *fault)
{
        struct trail *trail = context;
        struct event *kept = event_new(event);

        (void)fault;
        trail->first = (trail->first + TRAIL_EVENTS_MOST - 1) % TRAIL_EVENTS_MOST;
        trail->ring[trail->first] = kept;
        trail->count++;
        trail->bytes += kept->bytes;
        trail->has_more = trail->count == TRAIL_EVENTS_MOST || trail->bytes >= TRAIL_BYTES_MOST;
        return trail->has_more ? 1 : 0;
}

struct trail *trail_new(struct store *store, struct fault *fault)
{
        struct trail *trail = NEW(struct trail);

        trail->store = store;
        pthread_mutex_init(&trail->lock, NULL);
        pthread_mutex_init(&trail->watch_lock, NULL);
        if (store->operations->history(store, UINT64_MAX, true, event_load, trail, fault) >= 0)
                return trail;
        trail_free(trail);
        return NULL;
}

void trail_free(struct trail *trail)
{
        if (!trail)
                return;
        while (trail->count > 0)
                oldest_drop(trail);
        pthread_mutex_destroy(&trail->lock);
        pthread_mutex_destroy(&trail->watch_lock);
        free(trail);
}

uint64_t trail_newest(struct trail *trail)
{
        uint64_t number;

        pthread_mutex_lock(&trail->lock);
        number = trail->count > 0 ? event_at(trail, trail->count - 1)->number : 0;
        pthread_mutex_unlock(&trail->lock);
        return number;
}

enum trail_find trail_after(struct trail *trail, uint64_t number, const struct event **event)
{
        enum trail_find found = TRAIL_END;
        size_t place;

        pthread_mutex_lock(&trail->lock);
        place = place_after(trail, number);
        if (place == 0 && trail->has_more && event_at(trail, 0)->number > number + 1) {
                found = TRAIL_STORE;
        } else if (place < trail->count) {
                *event = shared_get(event_at(trail, place));
                found = TRAIL_FOUND;
        }
        pthread_mutex_unlock(&trail->lock);
        return found;
}

enum trail_find trail_before(struct trail *trail, uint64_t number, const struct event **event)
{
        enum trail_find found = TRAIL_END;
        size_t place;

        pthread_mutex_lock(&trail->lock);
        place = number > 0 ? place_after(trail, number - 1) : 0; /* of the first that is not before it */
        if (place > 0) {
                *event = shared_get(event_at(trail, place - 1));
                found = TRAIL_FOUND;
        } else if (trail->has_more) {
                found = TRAIL_STORE;
        }
        pthread_mutex_unlock(&trail->lock);
        return found;
}

static int event_catch(void *context, const struct event *event, struct fault *fault)
{
        struct event *kept = event_new(event);

        (void)fault;
        trail_add(context, kept);
        shared_put(kept);
        return 0;
}

int trail_catch_up(struct trail *trail, struct fault *fault)
{
        return trail_history(trail, trail_newest(trail), false, event_catch, trail, fault);
}

void trail_tell(struct trail *trail)
{
        pthread_mutex_lock(&trail->watch_lock);
        if (trail->grew)
                trail->grew(trail->context);
        pthread_mutex_unlock(&trail->watch_lock);
}

void trail_watch(struct trail *trail, void (*grew)(void *context), void *context)
{
        pthread_mutex_lock(&trail->watch_lock);
        trail->grew = grew;
        trail->context = context;
        pthread_mutex_unlock(&trail->watch_lock);
}

int trail_history(struct trail *trail, uint64_t number, bool backward,
                  int (*each)(void *context, const struct event *event, struct fault *fault), void *context,
                  struct fault *fault)
{
        return trail->store->operations->history(trail->store, number, backward, each, context, fault);
}
