/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What to do next about one export on the NFS server: the difference of wanted and observed. Pure.
 */
#pragma once

#include "domain/nfs_export.h"

/* What is known of one Export_Id on the server. */
struct nfs_observed {
        enum known there;              /* UNKNOWN: look first */
        const struct nfs_export *held; /* the block it was seen to hold, when that is known; else NULL */
        bool foreign;                  /* PRESENT, and not one of ours: its pseudo path is not below /exports/ */
        bool moved;                    /* PRESENT, ours, but of another path or pseudo path than wanted */
};

enum nfs_step {
        NFS_STEP_NONE,    /* as wanted */
        NFS_STEP_LOOK,    /* DisplayExport */
        NFS_STEP_ADD,     /* AddExport */
        NFS_STEP_UPDATE,  /* UpdateExport */
        NFS_STEP_REMOVE,  /* RemoveExport */
        NFS_STEP_FOREIGN, /* the number is taken by an export that is not ours: say so, touch nothing */
};

/* `wanted` NULL = nothing. One step at a time: after it, observe and ask again. */
enum nfs_step nfs_plan(const struct nfs_export *wanted, const struct nfs_observed *observed);

/* Whether going from `held` to `wanted` (either may be NULL) takes something away from anybody: such steps go
 * before all others. */
bool nfs_plan_takes_away(const struct nfs_export *held, const struct nfs_export *wanted);

/* Whether a pseudo path is one that Gatehouse gives. */
bool nfs_plan_is_ours(const char *pseudo);
