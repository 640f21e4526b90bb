/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/losses.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "domain/grant.h"
#include "reconcile/changes.h"

/* Whether `is` lets its node do whatever `was` did, by the same server; addresses aside. */
static bool grant_covers(const struct grant *is, const struct grant *was)
{
        return is && is->verdict == ACCESS_ADMITTED && is->choice.protocol == was->choice.protocol &&
               (is->export->access == EXPORT_READ_WRITE || is->export->access == was->export->access) &&
               is->export->squash == was->export->squash &&
               is->export->anonymous_uid == was->export->anonymous_uid &&
               is->export->anonymous_gid == was->export->anonymous_gid &&
               (was->export->privileged_ports || !is->export->privileged_ports);
}

static bool address_is_among(const struct address *address, const struct address *addresses, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (address_equal(&addresses[i], address))
                        return true;
        return false;
}

static void grant_compare(void *context, const struct grant *was, const struct grant *is)
{
        struct address_bag *clients = context;
        struct address before[NODE_ADDRESSES_MAX], after[NODE_ADDRESSES_MAX];
        size_t before_count, after_count;

        if (!was || was->verdict != ACCESS_ADMITTED)
                return;
        before_count = grant_addresses(was, before);
        after_count = grant_covers(is, was) ? grant_addresses(is, after) : 0;
        for (size_t i = 0; i < before_count; i++)
                if (!address_is_among(&before[i], after, after_count))
                        address_bag_add(clients, &before[i], 1);
}

static void grants_of(const struct losses_terms *terms, const struct snapshot *snapshot, const char *id,
                      struct grant_list *grants)
{
        const struct export *export = snapshot_export(snapshot, id);

        if (export)
                grant_derive(snapshot, export, &terms->facts, terms->now_ms, grants);
}

bool losses_of_export(const struct losses_terms *terms, const char *id, struct address_bag *clients)
{
        AUTO_GRANTS struct grant_list were = { 0 };
        AUTO_GRANTS struct grant_list are = { 0 };
        size_t count = clients->count;

        grants_of(terms, terms->before, id, &were);
        grants_of(terms, terms->after, id, &are);
        grant_list_walk_both(&were, &are, grant_compare, clients);
        return clients->count > count;
}

/* The exports that were there and may be different, by id. */
static void export_note(void *context, const struct export *old_export, const struct export *new_export)
{
        struct pmap *exports = context;
        const struct export *export = new_export ? new_export : old_export;

        if (old_export && !export_is_canary(old_export))
                pmap_put(exports, old_export->document.id, strlen(old_export->document.id), export);
}

static bool accounts_agree(const char *account, const struct export *export)
{
        return account && export->account && strcmp(account, export->account) == 0;
}

bool losses_add(const struct losses_terms *terms, struct task *task)
{
        AUTO_ADDRESS_BAG struct address_bag clients = { 0 };
        struct pmap exports = { 0 };
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        const char *account = NULL;
        size_t compared = 0;
        bool any = false;

        changes_walk(terms->before, terms->after, export_note, &exports);
        pmap_first(exports, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct export *export = entry.value;

                if (compared++ >= LOSSES_COMPARED_MOST) {
                        task->exports_left_out += pmap_count(exports) - LOSSES_COMPARED_MOST;
                        any = true; /* nobody knows: it is said */
                        break;
                }
                if (!losses_of_export(terms, export->document.id, &clients))
                        continue;
                task_add_export(task, export);
                account = !any || accounts_agree(account, export) ? export->account : NULL;
                any = true;
        }
        address_bag_tidy(&clients);
        for (size_t i = 0; i < clients.count; i++)
                task_add_client(task, &clients.items[i]);
        free(task->account);
        task->account = account ? memory_text(account) : NULL;
        pmap_fini(&exports);
        return any;
}
