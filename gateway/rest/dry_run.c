/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rest/dry_run.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "domain/json_reader.h"
#include "reconcile/changes.h"
#include "rest/export_show.h"

enum outcome { APPEARS, CHANGES, VANISHES, OUTCOME_COUNT };

static const char *const outcome_words[OUTCOME_COUNT] = { "appear", "change", "vanish" };

struct dry_run {
        const struct snapshot *base, *draft;
        char **ids; /* of exports; sorted, some of them twice */
        size_t id_count, next;
        json_t *lists[OUTCOME_COUNT];
        size_t counts[OUTCOME_COUNT];
};

static void export_note(void *context, const struct export *old_export, const struct export *new_export)
{
        struct dry_run *dry_run = context;
        const struct export *export = new_export ? new_export : old_export;

        if (!export)
                return;
        dry_run->ids = memory_grow(dry_run->ids, dry_run->id_count, sizeof *dry_run->ids);
        dry_run->ids[dry_run->id_count++] = memory_text(export->document.id);
}

static int id_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

struct dry_run *dry_run_new(const struct snapshot *base, const struct snapshot *draft)
{
        struct dry_run *dry_run = NEW(struct dry_run);

        dry_run->base = base;
        dry_run->draft = draft;
        for (int i = 0; i < OUTCOME_COUNT; i++)
                dry_run->lists[i] = json_array();
        changes_walk(base, draft, export_note, dry_run);
        if (dry_run->id_count > 0)
                qsort(dry_run->ids, dry_run->id_count, sizeof *dry_run->ids, id_compare);
        return dry_run;
}

void dry_run_free(struct dry_run *dry_run)
{
        if (!dry_run)
                return;
        for (size_t i = 0; i < dry_run->id_count; i++)
                free(dry_run->ids[i]);
        for (int i = 0; i < OUTCOME_COUNT; i++)
                json_decref(dry_run->lists[i]);
        free(dry_run->ids);
        shared_put(dry_run->draft);
        shared_put(dry_run->base);
        free(dry_run);
}

/* What a write can make different for one node. */
static json_t *grant_terms(const struct grant *grant)
{
        const struct export *export = grant->export;
        struct address addresses[NODE_ADDRESSES_MAX];
        json_t *terms = json_object();

        if (grant->storage && grant->environment)
                json_set_text(terms, "protocol", protocol_word(grant->choice.protocol));
        json_set_text(terms, "access", export_access_word(export->access));
        json_set_text(terms, "squash", export_squash_word(export->squash));
        json_object_set_new(terms, "anonymous_uid", json_integer(export->anonymous_uid));
        json_object_set_new(terms, "anonymous_gid", json_integer(export->anonymous_gid));
        json_object_set_new(terms, "addresses", json_from_addresses(addresses, grant_addresses(grant, addresses)));
        json_set_text(terms, "state",
                      grant->verdict == ACCESS_ADMITTED      ? "admitted"
                      : access_is_suspension(grant->verdict) ? "suspended"
                                                             : "refused");
        json_object_set_new(terms, "cause",
                            json_pack("{s:s, s:s}", "code", access_word(grant->verdict), "sentence",
                                      access_sentence(grant->verdict)));
        return terms;
}

/* Counts it, and shows it while there is room. `terms` and `before` (may be NULL) are taken. */
static void outcome_add(struct dry_run *dry_run, enum outcome outcome, const struct grant *grant, json_t *terms,
                        json_t *before)
{
        const char *id = grant->export->document.id;

        if (dry_run->counts[outcome]++ < DRY_RUN_MOST) {
                json_t *item = json_object();

                /* An export that is not there yet will have another id when it is made. */
                json_object_set_new(item, "export",
                                    snapshot_export(dry_run->base, id) ? json_string(id) : json_null());
                json_set_text(item, "node", grant->node->document.id);
                json_object_update(item, terms);
                if (before)
                        json_object_set(item, "before", before);
                json_array_append_new(dry_run->lists[outcome], item);
        }
        json_decref(terms);
        json_decref(before);
}

static void grant_compare(struct dry_run *dry_run, const struct grant *was, const struct grant *is)
{
        json_t *before = grant_terms(was), *after = grant_terms(is);

        if (json_equal(before, after)) {
                json_decref(before);
                json_decref(after);
        } else {
                outcome_add(dry_run, CHANGES, is, after, before);
        }
}

/* Goes through both lists, which are in the order of node ids, side by side. */
static void grants_compare(struct dry_run *dry_run, const struct grant_list *was, const struct grant_list *is)
{
        size_t i = 0, j = 0;

        while (i < was->count || j < is->count) {
                int order = i == was->count ? 1
                            : j == is->count
                                    ? -1
                                    : strcmp(was->items[i].node->document.id, is->items[j].node->document.id);

                if (order < 0) {
                        outcome_add(dry_run, VANISHES, &was->items[i], grant_terms(&was->items[i]), NULL);
                        i++;
                } else if (order > 0) {
                        outcome_add(dry_run, APPEARS, &is->items[j], grant_terms(&is->items[j]), NULL);
                        j++;
                } else {
                        grant_compare(dry_run, &was->items[i++], &is->items[j++]);
                }
        }
}

static void export_compare(struct dry_run *dry_run, const struct request *request, const char *id)
{
        const struct export *was = snapshot_export(dry_run->base, id), *is = snapshot_export(dry_run->draft, id);
        AUTO_GRANTS struct grant_list grants_were = { 0 };
        AUTO_GRANTS struct grant_list grants_are = { 0 };

        if (permit(&request->principal, PERMIT_READ_EXPORT, (is ? is : was)->account, NULL) < 0)
                return;
        if (was)
                export_grants(request, dry_run->base, was, &grants_were);
        if (is)
                export_grants(request, dry_run->draft, is, &grants_are);
        grants_compare(dry_run, &grants_were, &grants_are);
}

bool dry_run_work(struct dry_run *dry_run, const struct request *request, int64_t until_ms)
{
        for (; dry_run->next < dry_run->id_count; dry_run->next++) {
                size_t at = dry_run->next;

                if (at > 0 && strcmp(dry_run->ids[at], dry_run->ids[at - 1]) == 0)
                        continue;
                export_compare(dry_run, request, dry_run->ids[at]);
                if (clock_monotonic_ms(request->context->clock) >= until_ms) {
                        dry_run->next++;
                        return false;
                }
        }
        return true;
}

void dry_run_reply(struct dry_run *dry_run, struct request *request)
{
        json_t *grants = json_object(), *counts = json_object();

        for (int i = 0; i < OUTCOME_COUNT; i++) {
                json_object_set(grants, outcome_words[i], dry_run->lists[i]);
                json_object_set_new(counts, outcome_words[i], json_integer((json_int_t)dry_run->counts[i]));
        }
        json_object_set_new(grants, "counts", counts);
        reply_json(&request->reply, 200,
                   json_pack("{s:b, s:I, s:o}", "dry_run", 1, "revision", (json_int_t)dry_run->base->revision,
                             "grants", grants));
}
