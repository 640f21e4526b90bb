/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Seams that note how long each call took, and are otherwise those that they stand before.
 */
#pragma once

#include "base/act.h"
#include "domain/latency.h"
#include "domain/seams.h"

struct timed_acts {
        struct act_caller real;
        struct latency *latency;
};
/* Stands before `real`; `timed` must stay where it is for as long as what is returned is used. Acts that the table
 * does not know are not timed. */
struct act_caller timed_acts_over(struct timed_acts *timed, struct act_caller real, struct latency *latency);

struct timed_nfs {
        struct nfs_server real;
        struct latency *latency;
};
/* The same for the NFS server; `wait` is no call, and is not timed. */
struct nfs_server timed_nfs_over(struct timed_nfs *timed, struct nfs_server real, struct latency *latency);
