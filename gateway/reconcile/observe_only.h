/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The outside world with every function that would change it taken out: what `reconcile = observe` is made of. The
 * sides work as always and are told OBSERVING where they would change something, unless it is already as they want
 * it. So that nothing is changed does not depend on what the sides do.
 */
#pragma once

#include "domain/seams.h"

/* The real ones, borrowed; NULL where there is none. And the ones to give to the sides. */
struct observe_only {
        const struct nfs_server *real_nfs;
        const struct gluster_volume *real_gluster;
        const struct storage_files *real_files;
        const struct firewall *real_firewall;
        const struct native_door *real_door;
        struct nfs_server nfs;
        struct gluster_volume gluster;
        struct storage_files files;
        struct firewall firewall;
        struct native_door door;
};

/* Fills the second half from the first. `only` must stay where it is. */
void observe_only_wrap(struct observe_only *only);
