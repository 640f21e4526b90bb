/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/inventory_claim.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"

#define PLACE_SOURCE "header/Inventory-Source"
#define PLACE_REVISION "header/Inventory-Revision"

void inventory_claim_fini(struct inventory_claim *claim)
{
        free(claim->source);
        *claim = (struct inventory_claim){ 0 };
}

/* A decimal number of 1 to INVENTORY_REVISION_MAX. */
static bool revision_parse(const char *text, uint64_t *revision)
{
        uint64_t value = 0;

        for (const char *at = text; *at; at++) {
                if (*at < '0' || *at > '9' || at - text > 16)
                        return false;
                value = value * 10 + (uint64_t)(*at - '0');
        }
        *revision = value;
        return value > 0 && value <= INVENTORY_REVISION_MAX;
}

void inventory_claim_read(const struct request *request, struct inventory_claim *claim,
                          struct violations *violations)
{
        const char *source = request->headers[HEADER_INVENTORY_SOURCE];
        const char *revision = request->headers[HEADER_INVENTORY_REVISION];

        if (!source && !revision)
                return;
        if (!source || !name_is_valid(source))
                violation_add(violations, PLACE_SOURCE, "inventory.malformed",
                              "Inventory-Source and Inventory-Revision go together; a source has a name");
        else
                claim->source = memory_text(source);
        if (!revision || !revision_parse(revision, &claim->revision))
                violation_add(violations, PLACE_REVISION, "inventory.malformed",
                              "Inventory-Source and Inventory-Revision go together; a revision is a whole number "
                              "from 1 to %lld",
                              (long long)INVENTORY_REVISION_MAX);
}

void inventory_revision_check(const struct snapshot *now, const char *source, uint64_t revision,
                              const char *pointer, struct violations *violations)
{
        const struct inventory *inventory = snapshot_inventory(now, source);

        if (inventory_is_outdated(inventory, revision))
                violation_add(violations, pointer, "inventory.outdated",
                              "source %s has been believed up to revision %" PRIu64 "; %" PRIu64
                              " is older, and changes nothing",
                              source, inventory->revision, revision);
}

void inventory_claim_check(const struct inventory_claim *claim, const struct snapshot *now,
                           const struct origin *existing, const char *what, const char *name,
                           struct violations *violations)
{
        if (!claim->source)
                return;
        if (existing && existing->source && strcmp(existing->source, claim->source) != 0)
                violation_add(violations, PLACE_SOURCE, "inventory.other_source", "%s %s is told by source %s",
                              what, name, existing->source);
        inventory_revision_check(now, claim->source, claim->revision, PLACE_REVISION, violations);
}

bool inventory_claim_settle(const struct inventory_claim *claim, struct commit *commit,
                            const struct document *existing, const struct origin *existing_origin,
                            struct document *document, struct origin *wanted)
{
        const char *source = existing ? existing_origin->source : NULL;
        bool own = claim->source && source && strcmp(source, claim->source) == 0;

        if (existing) {
                origin_set(wanted, source, existing_origin->revision);
                if ((own || !claim->source) && commit_unchanged(commit, existing, document))
                        return true;
        }
        if (own && existing_origin->revision == claim->revision)
                violation_add(&commit->violations, PLACE_REVISION, "inventory.contradicted",
                              "source %s has said something else of %s as of the same revision, %" PRIu64,
                              claim->source, document->id, claim->revision);
        if (claim->source)
                origin_set(wanted, claim->source, claim->revision);
        else
                origin_set(wanted, source, 0);
        return false;
}

/* Whether `now` (may be NULL) knows all of it. */
static bool source_is_known(const struct inventory *now, uint64_t revision, bool beats, const uint8_t *digest)
{
        return now && now->state == INVENTORY_FRESH && !now->spared && now->revision == revision &&
               (now->beats || !beats) &&
               (!digest || (now->has_report && memcmp(now->report_digest, digest, INVENTORY_DIGEST_SIZE) == 0));
}

void inventory_source_put(struct write *write, const struct request *request, const char *source,
                          uint64_t revision, bool beats, const uint8_t *digest)
{
        AUTO_SHARED const struct inventory *now = shared_get(snapshot_inventory(write->now, source));
        AUTO_SHARED struct inventory *next = NULL;

        if (source_is_known(now, revision, beats, digest))
                return;
        next = now ? inventory_renew(now) : inventory_new(source);
        next->has_report = digest || (next->has_report && next->revision == revision);
        if (digest)
                memcpy(next->report_digest, digest, sizeof next->report_digest);
        next->revision = revision;
        next->beats = next->beats || beats;
        next->heard_at_ms = write->now_ms;
        next->state = INVENTORY_FRESH;
        next->suspends = next->spared = false;
        next->expired_revision = 0;
        write_put(write, &next->document);
        if (!now || now->state != INVENTORY_FRESH)
                write_event(write, request->principal.name, request->source,
                            now ? "inventory.fresh" : "inventory.create", source, now ? &now->document : NULL,
                            &next->document);
}
