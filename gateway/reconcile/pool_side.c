/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reconcile/pool_side.h"

#include <stdio.h>

#define MEMBERS_MS 1000

void pool_side_peers(const struct side_world *world, struct address_bag *peers)
{
        const struct address *members;
        size_t count;

        if (!world->pool)
                return;
        members = pool_addresses(world->pool, &count);
        address_bag_add(peers, members, count);
        address_bag_tidy(peers);
}

/* The canary is let in by the lists of the volume for as long as this node has a probe place. */
static bool probe_wanted(const struct side_world *world)
{
        return world->probe && status_facts(world->status).probe.family != ADDRESS_NONE;
}

void pool_side_follow(const struct side_world *world, uint64_t revision, struct pmap volumes)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        const struct volume_state *volume = volumes_only(volumes);
        const struct probe_network nowhere = { 0 };

        if (world->pool && gate_copy(world->gate, SERVICE_GLUSTER, &set))
                pool_order(world->pool, revision, volume ? volume->storage->volume : "", &set,
                           probe_wanted(world) ? &world->probe->network : &nowhere);
}

int pool_side_await(const struct side_world *world, struct fault *fault)
{
        return world->pool ? pool_await(world->pool, MEMBERS_MS, fault) : 0;
}

/* Up to which snapshot the bricks of a member let in nobody beyond what is wanted; if that is not the newest,
 * `fault` has why. */
static uint64_t bricks_let_go(struct pool *pool, size_t member, const struct address *node, struct pmap volumes,
                              uint64_t newest, struct fault *fault)
{
        uint64_t least = newest;
        struct pmap_cursor cursor;
        struct pmap_entry entry;

        pmap_first(volumes, NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct volume_state *volume = entry.value;
                uint64_t revision = volume_state_let_go(volume, node, newest);

                if (revision > 0 && !pool_member_holds_list(pool, member, volume->enforced)) {
                        fault_set(fault, FAULT_UNAVAILABLE, "it has not taken the access list");
                        revision = 0;
                } else if (revision < newest) {
                        *fault = volume->fault;
                }
                least = revision < least ? revision : least;
        }
        if (least < newest && fault->code == FAULT_NONE)
                fault_set(fault, FAULT_TIMEOUT, "its bricks were not seen to hold the access list yet");
        return least;
}

/* Whether it has in force what it was told last. */
static bool member_review(const struct side_world *world, size_t member, const struct address *node,
                          uint64_t revision, struct pmap volumes)
{
        struct fault disobeys = { 0 }, fault = { 0 };
        const struct fault *why = pool_member_obeys(world->pool, member, &disobeys) != 0 ? &disobeys : NULL;
        uint64_t let_go = bricks_let_go(world->pool, member, node, volumes, revision, &fault);

        /* What an order says is in force when gatehouse-volfiled has been told, too. */
        status_review_member(world->status, member, LAYER_FIREWALL, revision, why);
        status_review_member(world->status, member, LAYER_VOLFILED, revision, why);
        status_review_member(world->status, member, LAYER_GLUSTER, let_go, NULL);
        if (let_go < revision)
                status_review_member(world->status, member, LAYER_GLUSTER, revision, &fault);
        return !why;
}

void pool_side_review(const struct side_world *world, uint64_t revision, struct pmap volumes)
{
        const struct address *nodes;
        size_t count = 0, enforcing = 0;

        /* What is wanted of members is known once the packet filter here is in place. */
        if (!world->pool || (!pool_has_order(world->pool) && pmap_count(volumes) > 0))
                return;
        nodes = pool_addresses(world->pool, &count);
        for (size_t i = 0; i < count; i++)
                enforcing += member_review(world, i, &nodes[i], revision, volumes);
        status_note_members(world->status, enforcing, count - enforcing);
}

/* Whether the packet filter is in force, after another try if it was not: all that is native would else move over
 * to NFS and back for one call that failed. Who only observes counts what a try would put right as in force: else
 * all that follows from the one difference would be reported as differences, too. */
static bool gate_enforces(struct gate *gate)
{
        struct fault fault = { 0 };
        bool repaired;

        return gate_in_force(gate) != KNOWN_ABSENT || gate_repair(gate, &repaired, &fault) == 0 ||
               fault.code == FAULT_OBSERVING;
}

/* `name`: the node that does not enforce, or is not heard yet; `fault`: why. */
static enum known pool_standing(const struct side_world *world, const struct volume_seen *seen,
                                char name[ADDRESS_TEXT_SIZE], struct fault *fault)
{
        const struct pool_node *other = NULL;

        snprintf(name, ADDRESS_TEXT_SIZE, "localhost");
        if (!seen->filter_in_place || !gate_enforces(world->gate)) {
                fault_set(fault, FAULT_UNAVAILABLE, "member localhost: its %s is not in force",
                          seen->filter_in_place ? "packet filter" : "volfile filter");
                return KNOWN_ABSENT;
        }
        if (world->pool)
                return pool_enforces(world->pool, seen, name, fault);
        for (size_t i = 0; i < seen->pool_members; i++)
                if (!seen->pool[i].local)
                        other = &seen->pool[i];
        if (!other)
                return KNOWN_PRESENT;
        snprintf(name, ADDRESS_TEXT_SIZE, "%s", other->name);
        fault_set(fault, FAULT_UNAVAILABLE, "member %s: it is in the Gluster pool, and not among `members`",
                  other->name);
        return KNOWN_ABSENT;
}

int pool_side_judge(const struct side_world *world, const struct volume_seen *seen, struct fault *fault)
{
        char name[ADDRESS_TEXT_SIZE];
        struct fault why = { 0 };
        enum known standing = pool_standing(world, seen, name, &why);
        bool changed = status_note_pool(world->status, standing, name);

        if (world->pool && standing != KNOWN_UNKNOWN)
                status_note_backend(world->status, BACKEND_MEMBERS, &why);
        if (changed)
                world->facts_changed(world->facts_context);
        if (standing == KNOWN_UNKNOWN)
                return fault_set(fault, FAULT_UNAVAILABLE, "member %s: it has not been heard yet", name);
        if (changed && standing == KNOWN_ABSENT && world->pool) {
                *fault = why;
                return -(int)fault->code;
        }
        return 0;
}
