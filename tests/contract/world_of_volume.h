/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two volumes that the contract is asked of, behind one face: the fake, and the volume `data` of the glusterd
 * of the gluster_node that this runs in.
 */
#pragma once

#include "domain/seams.h"
#include "tests/fakes/fake_gluster_volume.h"

#define VOLUME "data"

/* A volume and what a test may do to it from outside. */
struct volume_world {
        struct gluster_volume volume;
        struct gluster_health health;
        struct address node;
        void (*run_brick)(size_t brick, bool running);
        void (*run_server)(bool running);
        void (*age_brick)(size_t brick);           /* it was started before there was a filter */
        void (*tamper)(enum difference_kind part); /* what somebody else does by hand */
};

/* The one in use: filled by one of the two. `node`: the address of the storage node that this runs in. */
extern struct volume_world world;
extern struct fake_gluster_volume fake;
void world_of_fake(void);
void world_of_real(const char *node);

/* Between two looks. */
void pause_a_little(void);
