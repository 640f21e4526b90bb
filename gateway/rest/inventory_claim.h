/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In whose name an environment or node is written, and as of which revision of that source: the header fields
 * Inventory-Source and Inventory-Revision. What a source has said is never taken back by something older.
 */
#pragma once

#include <stdbool.h>

#include "domain/environment.h"
#include "rest/commit.h"

struct inventory_claim {
        char *source; /* NULL = written by hand */
        uint64_t revision;
};

void inventory_claim_fini(struct inventory_claim *claim);

/* Reads the header: both fields, or none. */
void inventory_claim_read(const struct request *request, struct inventory_claim *claim,
                          struct violations *violations);

/* Adds what speaks against the claim: a revision older than the source's newest (inventory.outdated), an object of
 * another source (inventory.other_source). `existing` NULL: there is no such object. */
void inventory_claim_check(const struct inventory_claim *claim, const struct snapshot *now,
                           const struct origin *existing, const char *what, const char *name,
                           struct violations *violations);

/* In prepare, with the origin of `document` being at `wanted`: whether the claim adds nothing to `existing`, which
 * then stays as it is. Otherwise sets `wanted`; and a violation (inventory.contradicted) when the source has said
 * something else under this very revision. */
bool inventory_claim_settle(const struct inventory_claim *claim, struct commit *commit,
                            const struct document *existing, const struct origin *existing_origin,
                            struct document *document, struct origin *wanted);

/* In prepare: keeps that `source` has spoken, as of `revision`; nothing is put when that is known. `beats`: it has
 * sent a heartbeat; `digest`: of a full report, or NULL. */
void inventory_source_put(struct write *write, const struct request *request, const char *source,
                          uint64_t revision, bool beats, const uint8_t *digest);
static inline void inventory_claim_put(const struct inventory_claim *claim, struct write *write,
                                       const struct request *request)
{
        if (claim->source)
                inventory_source_put(write, request, claim->source, claim->revision, false, NULL);
}

/* After the commit: the source has spoken. */
static inline void inventory_claim_heard(const struct inventory_claim *claim, const struct request *request)
{
        if (claim->source)
                inventory_watch_heard(request->context->inventory, claim->source);
}

/* Adds inventory.outdated at `pointer` when the source has spoken as of a newer revision. */
void inventory_revision_check(const struct snapshot *now, const char *source, uint64_t revision,
                              const char *pointer, struct violations *violations);
