/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_drift.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define CLIENTS_TOLD 32 /* by name; of the others how many */

static void terms_add(struct text *text, enum export_squash squash, uint32_t uid, uint32_t gid, bool ports)
{
        text_addf(text, ", squash %s", export_squash_word(squash));
        if (squash != SQUASH_NONE)
                text_addf(text, " to %u:%u", uid, gid);
        if (ports)
                text_add(text, ", privileged ports");
}

static void clients_add(struct text *text, const struct nfs_client *clients, size_t count)
{
        char address[ADDRESS_TEXT_SIZE];

        text_add(text, ", clients");
        for (size_t i = 0; i < count && i < CLIENTS_TOLD; i++)
                text_addf(text, "%s %s %s", i ? "," : "", address_format(&clients[i].address, address),
                          export_access_word(clients[i].access));
        if (count == 0)
                text_add(text, " none");
        if (count > CLIENTS_TOLD)
                text_addf(text, " and %zu more", count - CLIENTS_TOLD);
}

char *nfs_drift_seen_text(const struct nfs_export_seen *seen)
{
        struct text text = { 0 };

        text_addf(&text, "path %s, pseudo %s", seen->path, seen->pseudo);
        if (seen->client_count > 0)
                terms_add(&text, seen->squash, seen->anonymous_uid, seen->anonymous_gid, seen->privileged_ports);
        clients_add(&text, seen->clients, seen->client_count);
        if (!seen->refuses_others)
                text_add(&text, ", others not refused");
        if (seen->odd)
                text_addf(&text, ", and what Gatehouse does not write: %s", seen->odd);
        return text_take(&text);
}

char *nfs_drift_wanted_text(const struct nfs_export *wanted)
{
        struct text text = { 0 };

        text_addf(&text, "path %s, pseudo %s", wanted->path, wanted->pseudo);
        terms_add(&text, wanted->squash, wanted->anonymous_uid, wanted->anonymous_gid, wanted->privileged_ports);
        clients_add(&text, wanted->clients, wanted->client_count);
        return text_take(&text);
}

bool nfs_drift_expects(const struct nfs_entry *entry, bool passed)
{
        if (entry->failures > 0)
                return false;
        if (!entry->wanted)
                return true;
        return entry->held ? nfs_export_equal(entry->held, entry->wanted) : !passed;
}

void nfs_drift_look(struct nfs_entry *entry, const struct nfs_export_seen *seen, bool drift)
{
        free(entry->differs);
        entry->differs = NULL;
        if (seen->known != KNOWN_PRESENT || (entry->wanted && nfs_export_seen_matches(seen, entry->wanted)))
                return;
        entry->differs = nfs_drift_seen_text(seen);
        if (!drift)
                return;
        entry->drifted = true;
        free(entry->drift_seen);
        entry->drift_seen = memory_text(entry->differs);
}

void nfs_drift_lost(struct nfs_entry *entry)
{
        entry->drifted = true;
        free(entry->drift_seen);
        entry->drift_seen = NULL;
}

static void object_name(const struct nfs_entry *entry, char object[DIFFERENCE_OBJECT_SIZE])
{
        snprintf(object, DIFFERENCE_OBJECT_SIZE, "export %u", entry->number);
}

/* `seen` NULL: it is missing. */
static void difference_note(struct drift *drift, const struct nfs_entry *entry, char *seen,
                            enum difference_action action, const struct fault *fault)
{
        AUTO_FREE char *wanted = entry->wanted ? nfs_drift_wanted_text(entry->wanted) : NULL;
        AUTO_FREE char *detail = fault ? memory_text(fault->text) : NULL;
        struct difference found = { .kind = !seen           ? DIFFERENCE_EXPORT_MISSING
                                            : entry->wanted ? DIFFERENCE_EXPORT_CHANGED
                                                            : DIFFERENCE_EXPORT_EXTRA,
                                    .action = action,
                                    .observed = seen,
                                    .desired = wanted,
                                    .detail = detail };

        object_name(entry, found.object);
        snprintf(found.export_id, sizeof found.export_id, "%s", entry->id);
        drift_note(drift, &found);
}

void nfs_drift_settled(struct drift *drift, struct nfs_entry *entry)
{
        char object[DIFFERENCE_OBJECT_SIZE];

        if (entry->drifted && (entry->drift_seen || entry->wanted)) {
                difference_note(drift, entry, entry->drift_seen, DIFFERENCE_REPAIRED, NULL);
        } else if (entry->noted) {
                object_name(entry, object);
                drift_clear(drift, PLACE_GANESHA, object);
        }
        free(entry->drift_seen);
        entry->drift_seen = NULL;
        entry->drifted = entry->noted = false;
}

void nfs_drift_stands(struct drift *drift, struct nfs_entry *entry, const struct fault *fault)
{
        bool observing = fault->code == FAULT_OBSERVING;

        if (!observing && !entry->drifted)
                return;
        if (entry->there == KNOWN_UNKNOWN)
                return; /* nobody has seen it */
        if (entry->there == KNOWN_PRESENT && !entry->differs)
                return; /* it is as it should be; what failed was another layer */
        difference_note(drift, entry, entry->there == KNOWN_PRESENT ? entry->differs : NULL,
                        observing ? DIFFERENCE_REPORTED : DIFFERENCE_FAILED, observing ? NULL : fault);
        entry->noted = true;
}

/* Whether `path` is `folder` or below it. */
static bool is_within(const char *path, const char *folder)
{
        size_t length = strlen(folder);

        while (length > 0 && folder[length - 1] == '/')
                length--;
        return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const char *nfs_drift_overlap(const struct snapshot *snapshot, const char *path)
{
        struct snapshot_walk walk;
        const struct storage *storage;

        snapshot_walk_start(&walk, snapshot->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while ((storage = (const struct storage *)snapshot_walk_next(&walk)))
                if (is_within(path, storage->mount_root) || is_within(storage->mount_root, path))
                        return storage->document.id;
        return NULL;
}
