/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A source of the inventory: who says which environments and nodes there are, up to which of its revisions it has
 * been believed, and how long it has been silent. That it has fallen silent is a fact of the snapshot, committed
 * like any other, so that everybody who derives grants sees the same, also after a kill. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "domain/document.h"

#define INVENTORY_REVISION_MAX 9007199254740991 /* 2^53 - 1: what every reader of JSON holds exactly */
#define INVENTORY_DIGEST_SIZE 32

/* FRESH also while nothing is known of its age: it has never sent a heartbeat. */
enum inventory_state { INVENTORY_FRESH, INVENTORY_STALE, INVENTORY_EXPIRED, INVENTORY_STATE_COUNT };

struct inventory {
        struct document document;   /* id: the name of the source */
        uint64_t revision;          /* the source's own, the newest one that was taken from it */
        bool beats;                 /* it has sent a heartbeat once: from then on its silence counts */
        int64_t heard_at_ms;        /* wall clock; at least as old as the truth, for it is written now and then */
        enum inventory_state state; /* as committed */
        bool suspends;              /* EXPIRED, and inventory_expired = suspend */
        bool spared;                /* a restart found its time over, and has let it have a little more; once */
        uint64_t expired_revision;  /* EXPIRED: of the commit that said so first; 0 = this object's own */
        uint8_t report_digest[INVENTORY_DIGEST_SIZE]; /* of its last full snapshot, if that was of `revision` */
        bool has_report;
};

/* Who said so: kept with each environment and node. */
struct origin {
        char *source;      /* NULL = written by hand */
        uint64_t revision; /* of the source when it said so; 0 = changed by hand since */
};

/* inventory_warn, inventory_max_age, inventory_expired; 0 = never. */
struct inventory_ages {
        int64_t warn_ms, most_ms;
        bool suspend;
};

/* Zeroed at one reference; caller owns. */
struct inventory *inventory_new(const char *source);
/* A copy to be changed and put in its place. */
struct inventory *inventory_renew(const struct inventory *inventory);

/* What the silence of `age_ms` makes of a source, and in how many ms it will be something else; -1 = never. */
enum inventory_state inventory_state_at(const struct inventory_ages *ages, int64_t age_ms);
int64_t inventory_next_ms(const struct inventory_ages *ages, int64_t age_ms);

/* Whether a word of the source as of `revision` comes too late; `now` NULL: nothing was heard of it yet. */
bool inventory_is_outdated(const struct inventory *now, uint64_t revision);

/* The store's revision above which everything is new to a source that has expired. */
uint64_t inventory_expired_since(const struct inventory *inventory);

extern const char *const inventory_state_words[]; /* "fresh", "stale", "expired", then NULL */
const char *inventory_state_word(enum inventory_state state);

void origin_fini(struct origin *origin);
/* Puts a copy of `from` into `origin`. */
void origin_set(struct origin *origin, const char *source, uint64_t revision);
