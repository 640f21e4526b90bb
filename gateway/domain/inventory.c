/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/inventory.h"

#include <assert.h>
#include <string.h>

const char *const inventory_state_words[] = { "fresh", "stale", "expired", NULL };

static void inventory_free(void *object)
{
        struct inventory *inventory = object;

        document_fini(&inventory->document);
        free(inventory);
}

struct inventory *inventory_new(const char *source)
{
        struct inventory *inventory = NEW(struct inventory);

        document_init(&inventory->document, DOCUMENT_INVENTORY, source, inventory_free);
        return inventory;
}

struct inventory *inventory_renew(const struct inventory *inventory)
{
        struct inventory *next = inventory_new(inventory->document.id);

        next->document.created_at_ms = inventory->document.created_at_ms;
        next->revision = inventory->revision;
        next->beats = inventory->beats;
        next->heard_at_ms = inventory->heard_at_ms;
        next->state = inventory->state;
        next->suspends = inventory->suspends;
        next->spared = inventory->spared;
        if (inventory->state == INVENTORY_EXPIRED)
                next->expired_revision = inventory_expired_since(inventory);
        next->has_report = inventory->has_report;
        memcpy(next->report_digest, inventory->report_digest, sizeof next->report_digest);
        return next;
}

enum inventory_state inventory_state_at(const struct inventory_ages *ages, int64_t age_ms)
{
        if (ages->most_ms > 0 && age_ms >= ages->most_ms)
                return INVENTORY_EXPIRED;
        return ages->warn_ms > 0 && age_ms >= ages->warn_ms ? INVENTORY_STALE : INVENTORY_FRESH;
}

int64_t inventory_next_ms(const struct inventory_ages *ages, int64_t age_ms)
{
        int64_t due_ms = -1;

        if (ages->most_ms > age_ms)
                due_ms = ages->most_ms - age_ms;
        if (ages->warn_ms > age_ms && (due_ms < 0 || ages->warn_ms - age_ms < due_ms))
                due_ms = ages->warn_ms - age_ms;
        return due_ms;
}

bool inventory_is_outdated(const struct inventory *now, uint64_t revision)
{
        return now && revision < now->revision;
}

uint64_t inventory_expired_since(const struct inventory *inventory)
{
        return inventory->expired_revision ? inventory->expired_revision : inventory->document.revision;
}

const char *inventory_state_word(enum inventory_state state)
{
        assert(state < INVENTORY_STATE_COUNT);
        return inventory_state_words[state];
}

void origin_fini(struct origin *origin)
{
        free(origin->source);
        *origin = (struct origin){ 0 };
}

void origin_set(struct origin *origin, const char *source, uint64_t revision)
{
        char *copy = memory_text(source); /* it may be origin's own */

        origin_fini(origin);
        *origin = (struct origin){ .source = copy, .revision = revision };
}
