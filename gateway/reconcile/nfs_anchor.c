/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/nfs_anchor.h"

#include <string.h>

#include "domain/canary.h"

bool nfs_anchor_is(const struct nfs_entry *entry)
{
        return entry->number >= CANARY_NUMBER_FIRST && !entry->foreign;
}

static bool is_of_volume(const struct nfs_export *export, const char *volume)
{
        return export && export->backing == NFS_BACKING_GLUSTER && strcmp(export->volume, volume) == 0;
}

bool nfs_anchor_is_missing(struct nfs_entry *const *entries, const struct nfs_entry *entry)
{
        bool missing = false;

        if (nfs_anchor_is(entry) || entry->wanted->backing != NFS_BACKING_GLUSTER)
                return false;
        for (unsigned number = CANARY_NUMBER_FIRST; number <= CANARY_NUMBER_LAST; number++) {
                const struct nfs_entry *anchor = entries[number];

                if (!anchor || !is_of_volume(anchor->wanted, entry->wanted->volume))
                        continue;
                if (anchor->there == KNOWN_PRESENT)
                        return false;
                missing = true;
        }
        return missing;
}

bool nfs_anchor_is_needed(struct nfs_entry *const *entries, const struct nfs_entry *anchor)
{
        for (unsigned number = 1; number < CANARY_NUMBER_FIRST; number++) {
                const struct nfs_entry *entry = entries[number];

                if (!entry || (entry->there != KNOWN_PRESENT && !entry->asked) || entry->foreign)
                        continue;
                if (!entry->wanted) /* it leaves, and its volume is not known any more */
                        return true;
                if (anchor->held && is_of_volume(entry->wanted, anchor->held->volume))
                        return true;
        }
        return false;
}
