/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/cross_mount.h"

#include <string.h>

bool cross_mount_reaches(const struct snapshot *now, const struct export *export, const struct storage *storage)
{
        struct snapshot_walk walk;
        const struct node *node;

        snapshot_walk_start(&walk, now->nodes_by_environment, export->environment_uid, NULL);
        while ((node = (const struct node *)snapshot_walk_next(&walk)))
                if (export_reaches(export, node) && storage_has_node(storage, node->document.id, node))
                        return true;
        return false;
}

/* The first export of `from` that reaches a node of `to`. */
static const struct export *export_between(const struct snapshot *now, const struct storage *from,
                                           const struct storage *to)
{
        const struct export *export;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->exports_by_storage, from->document.id, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk)))
                if (strcmp(export->account, to->account) == 0 && cross_mount_reaches(now, export, to))
                        return export;
        return NULL;
}

const struct export *cross_mount_find(const struct snapshot *now, const struct export *wanted)
{
        const struct storage *server = snapshot_storage(now, wanted->storage), *other;
        const struct export *found = NULL;
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_STORAGE], NULL, NULL);
        while (server && !found && (other = (const struct storage *)snapshot_walk_next(&walk)))
                if (other != server && strcmp(other->account, wanted->account) == 0 &&
                    cross_mount_reaches(now, wanted, other))
                        found = export_between(now, other, server);
        return found;
}

const struct export *cross_mount_between(const struct snapshot *now, const char *account, const char *client_id,
                                         const char *server_id)
{
        const struct node *client = snapshot_node(now, client_id), *server = snapshot_node(now, server_id);
        const struct export *export;
        struct snapshot_walk walk;

        if (!client)
                return NULL;
        snapshot_walk_start(&walk, now->exports_by_environment, client->environment_uid, NULL);
        while ((export = (const struct export *)snapshot_walk_next(&walk))) {
                const struct storage *storage = snapshot_storage(now, export->storage);

                if (storage && strcmp(export->account, account) == 0 && export_reaches(export, client) &&
                    storage_has_node(storage, server_id, server))
                        return export;
        }
        return NULL;
}
