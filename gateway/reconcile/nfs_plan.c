/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_plan.h"

#include <string.h>

enum nfs_step nfs_plan(const struct nfs_export *wanted, const struct nfs_observed *observed)
{
        if (observed->there == KNOWN_UNKNOWN)
                return NFS_STEP_LOOK;
        if (observed->there == KNOWN_ABSENT)
                return wanted ? NFS_STEP_ADD : NFS_STEP_NONE;
        if (observed->foreign)
                return wanted ? NFS_STEP_FOREIGN : NFS_STEP_NONE;
        if (!wanted || observed->moved)
                return NFS_STEP_REMOVE;
        if (observed->held && nfs_export_equal(observed->held, wanted))
                return NFS_STEP_NONE;
        return NFS_STEP_UPDATE;
}

static const struct nfs_client *client_find(const struct nfs_export *export, const struct address *address)
{
        for (size_t i = 0; i < export->client_count; i++)
                if (address_equal(&export->clients[i].address, address))
                        return &export->clients[i];
        return NULL;
}

bool nfs_plan_takes_away(const struct nfs_export *held, const struct nfs_export *wanted)
{
        if (!held || !wanted)
                return held != NULL;
        if (held->squash == SQUASH_NONE && wanted->squash != SQUASH_NONE)
                return true;
        if (!held->privileged_ports && wanted->privileged_ports)
                return true;
        for (size_t i = 0; i < held->client_count; i++) {
                const struct nfs_client *client = client_find(wanted, &held->clients[i].address);

                if (!client ||
                    (client->access == EXPORT_READ_ONLY && held->clients[i].access == EXPORT_READ_WRITE))
                        return true;
        }
        return false;
}

bool nfs_plan_is_ours(const char *pseudo)
{
        return strncmp(pseudo, "/exports/", strlen("/exports/")) == 0;
}
