/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fakes/fake_gluster_volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "domain/path_rules.h"

void fake_gluster_volume_init(struct fake_gluster_volume *fake, const char *name)
{
        *fake = (struct fake_gluster_volume){ .pool_members = 1 };
        snprintf(fake->name, sizeof fake->name, "%s", name);
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                fake->bricks[i].running = true;
}

void fake_pool_node_id(size_t node, char id[NODE_ID_SIZE])
{
        snprintf(id, NODE_ID_SIZE, "00000000-0000-4000-8000-%012u", (unsigned)(node % 100));
}

void fake_gluster_volume_fini(struct fake_gluster_volume *fake)
{
        access_list_fini(&fake->list);
        free(fake->peers);
        *fake = (struct fake_gluster_volume){ 0 };
}

void fake_gluster_volume_run(struct fake_gluster_volume *fake, size_t brick, bool running)
{
        fake->bricks[brick].running = running;
        fake->bricks[brick].older = false;
        if (running && !fake->bricks[brick].stuck)
                fake->bricks[brick].generation = fake->generation;
}

/* What the present call comes to. */
struct turn {
        bool done;  /* its work is to be done */
        int failed; /* and this is what is answered */
};

static struct turn turn_take(struct fake_gluster_volume *fake, struct fault *fault)
{
        unsigned call = ++fake->calls;

        if (fake->fail_at == 0 || call < fake->fail_at ||
            call >= fake->fail_at + (fake->fail_count ? fake->fail_count : 1))
                return (struct turn){ .done = true };
        switch (fake->fail_with) {
        case FAKE_BUSY:
                return (struct turn){ false, fault_set(fault, FAULT_CONFLICT,
                                                       "fake: another transaction is in progress") };
        case FAKE_LOST_REPLY:
                return (struct turn){ true, fault_set(fault, FAULT_UNAVAILABLE, "fake: gone before it answered") };
        case FAKE_HANGS:
                return (struct turn){ false, fault_set(fault, FAULT_TIMEOUT, "fake: no answer in time") };
        case FAKE_GONE:
                break;
        }
        return (struct turn){ false, fault_set(fault, FAULT_UNAVAILABLE, "fake: nobody there") };
}

/* As turn_take, for what glusterd answers. */
static struct turn turn_of_server(struct fake_gluster_volume *fake, struct fault *fault)
{
        struct turn turn = turn_take(fake, fault);

        if (fake->down && turn.done)
                turn = (struct turn){ false, fault_set(fault, FAULT_UNAVAILABLE, "fake: glusterd is down") };
        return turn;
}

static bool is_there(const struct fake_gluster_volume *fake, const char *volume)
{
        return !fake->absent && strcmp(volume, fake->name) == 0;
}

/* Caller frees. */
static char *brick_path(const struct fake_gluster_volume *fake, size_t brick)
{
        return memory_format("/bricks/%zu/data", brick + 1 + (brick == FAKE_BRICKS - 1 ? fake->replaced : 0));
}

static void seen_fill(const struct fake_gluster_volume *fake, struct volume_seen *seen)
{
        seen->started = true;
        seen->generation = fake->generation;
        seen->brick_count = FAKE_BRICKS;
        seen->bricks = memory_new(FAKE_BRICKS, sizeof *seen->bricks);
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                seen->bricks[i].path = brick_path(fake, i);
                seen->bricks[i].address = (struct address){ ADDRESS_V4, { 10, 77, 0, 11 } };
                seen->bricks[i].local = true;
                seen->bricks[i].port = (uint16_t)(fake->bricks[i].running ? 49152 + i : 0);
        }
}

/* Node 0 is the one that asks. */
static void pool_fill(const struct fake_gluster_volume *fake, struct volume_seen *seen)
{
        seen->pool_members = fake->pool_members;
        seen->pool = memory_new(fake->pool_members, sizeof *seen->pool);
        for (size_t i = 0; i < fake->pool_members; i++) {
                fake_pool_node_id(i, seen->pool[i].id);
                seen->pool[i].name = i ? memory_format("10.77.0.%zu", 11 + i) : memory_text("localhost");
                seen->pool[i].local = i == 0;
        }
}

static int fake_observe(void *context, const char *volume, struct volume_seen *seen, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_of_server(fake, fault);

        fake->observes++;
        if (turn.failed)
                return turn.failed;
        seen->known = is_there(fake, volume) ? KNOWN_PRESENT : KNOWN_ABSENT;
        pool_fill(fake, seen);
        seen->op_version = 100000;
        seen->filter_in_place = !fake->without_filter && !fake->filter_moved;
        if (seen->known == KNOWN_PRESENT)
                seen_fill(fake, seen);
        return 0;
}

static int fake_secure(void *context, const char *volume, const struct address *peers, size_t peer_count,
                       struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_of_server(fake, fault);

        fake->secures++;
        if (!turn.done)
                return turn.failed;
        if (peer_count == 0)
                return fault_set(fault, FAULT_INVALID, "fake: no storage nodes");
        if (!is_there(fake, volume))
                return fault_set(fault, FAULT_NOT_FOUND, "fake: there is no volume %s", volume);
        free(fake->peers);
        fake->peers = memory_new(peer_count, sizeof *peers);
        memcpy(fake->peers, peers, peer_count * sizeof *peers);
        fake->peer_count = peer_count;
        fake->option_set = false;
        return turn.failed;
}

static void bricks_take(struct fake_gluster_volume *fake)
{
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                if (fake->bricks[i].running && !fake->bricks[i].stuck)
                        fake->bricks[i].generation = fake->generation;
}

static void list_take(struct fake_gluster_volume *fake, const struct access_list *list)
{
        access_list_fini(&fake->list);
        access_list_copy(&fake->list, list);
        fake->generation = list->generation;
        fake->lag_left = fake->canary_lag;
        if (fake->lag_left == 0)
                bricks_take(fake);
}

static int fake_install(void *context, const char *volume, const struct access_list *list, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_of_server(fake, fault);

        fake->installs++;
        if (!turn.done)
                return turn.failed;
        for (size_t i = 0; i < list->entry_count; i++)
                if (!path_is_gluster_expressible(list->entries[i].path))
                        return fault_set(fault, FAULT_INVALID, "fake: a list cannot hold %s",
                                         list->entries[i].path);
        if (!is_there(fake, volume))
                return fault_set(fault, FAULT_NOT_FOUND, "fake: there is no volume %s", volume);
        if (list->generation == 0 || list->generation < fake->generation)
                return fault_set(fault, FAULT_PRECONDITION, "fake: the list is older than the volume's");
        list_take(fake, list);
        fake->list_edited = fake->volfile_edited = false;
        return turn.failed;
}

/* The brick of a path as fake_observe gave it, or NULL. */
static struct fake_brick *brick_find(struct fake_gluster_volume *fake, const char *path)
{
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                AUTO_FREE char *its_path = brick_path(fake, i);

                if (strcmp(path, its_path) == 0)
                        return &fake->bricks[i];
        }
        return NULL;
}

static int fake_canary(void *context, const char *volume, const struct volume_brick *brick, uint64_t generation,
                       enum known *held, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_take(fake, fault);
        const struct fake_brick *its;

        fake->canaries++;
        *held = KNOWN_UNKNOWN;
        if (turn.failed)
                return turn.failed;
        if (fake->lag_left > 0 && --fake->lag_left == 0)
                bricks_take(fake);
        its = brick_find(fake, brick->path);
        if (!is_there(fake, volume) || !its || !its->running) {
                fault_set(fault, FAULT_UNAVAILABLE, "fake: the brick does not answer");
                return 0;
        }
        *held = its->generation == generation ? KNOWN_PRESENT : KNOWN_ABSENT;
        return 0;
}

static void difference_add(struct volume_differences *found, enum difference_kind kind, const char *object)
{
        found->items = memory_grow(found->items, found->count, sizeof *found->items);
        found->items[found->count] = (struct difference){ .kind = kind,
                                                          .observed = memory_text("by hand"),
                                                          .desired = memory_text("as it was") };
        snprintf(found->items[found->count++].object, DIFFERENCE_OBJECT_SIZE, "%s", object);
}

static bool peers_equal(const struct fake_gluster_volume *fake, const struct address *peers, size_t count)
{
        return fake->peers && fake->peer_count == count && memcmp(fake->peers, peers, count * sizeof *peers) == 0;
}

/* The turn of a call that looks at the volume and changes nothing. */
static int turn_at(struct fake_gluster_volume *fake, const char *volume, struct fault *fault)
{
        struct turn turn = turn_of_server(fake, fault);

        if (turn.failed || is_there(fake, volume))
                return turn.failed;
        return fault_set(fault, FAULT_NOT_FOUND, "fake: there is no volume %s", volume);
}

static int fake_compare(void *context, const char *volume, const struct address *peers, size_t peer_count,
                        const struct access_list *list, struct volume_differences *found, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        int failed = turn_at(fake, volume, fault);

        if (failed)
                return failed;
        if (fake->without_filter || fake->filter_moved)
                difference_add(found, DIFFERENCE_FILTER, "filter");
        if (fake->option_set || !peers_equal(fake, peers, peer_count))
                difference_add(found, DIFFERENCE_VOLUME_OPTION, "auth.allow");
        if (list && list->generation != fake->generation)
                difference_add(found, DIFFERENCE_VOLUME_GENERATION, "generation");
        if (list && (fake->list_edited || !access_list_equal(list, &fake->list)))
                difference_add(found, DIFFERENCE_VOLUME_LIST, "list");
        if (list && (fake->volfile_edited || !access_list_equal(list, &fake->list)))
                difference_add(found, DIFFERENCE_VOLUME_VOLFILE, "volfile");
        return 0;
}

static int fake_put_filter_back(void *context, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_take(fake, fault);

        if (!turn.done)
                return turn.failed;
        if (fake->without_filter)
                return fault_set(fault, FAULT_FORBIDDEN, "fake: there is no filter to put back");
        fake->filter_moved = false;
        return turn.failed;
}

static int fake_bricks_look(void *context, const char *volume, bool heal, struct bricks_seen *seen,
                            struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_of_server(fake, fault);
        struct volume_seen bricks = { 0 };

        fake->bricks_looks++;
        if (turn.failed)
                return turn.failed;
        if (!is_there(fake, volume))
                return fault_set(fault, FAULT_NOT_FOUND, "fake: there is no volume %s", volume);
        seen_fill(fake, &bricks);
        seen->replica = fake->replica ? fake->replica : FAKE_BRICKS;
        seen->quorum = fake->quorum;
        seen->bricks = memory_new(FAKE_BRICKS, sizeof *seen->bricks);
        seen->brick_count = FAKE_BRICKS;
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                struct fake_brick *its = &fake->bricks[i];

                if (its->heals > 0 && heal)
                        its->heals--;
                seen->bricks[i] = (struct brick_condition){ .brick = bricks.bricks[i],
                                                            .older = its->older && its->running ? KNOWN_PRESENT
                                                                                                : KNOWN_ABSENT,
                                                            .healed = its->heals ? KNOWN_ABSENT : KNOWN_PRESENT,
                                                            .heals = its->heals };
        }
        free(bricks.bricks);
        return 0;
}

/* Whether every brick runs and none needs heal. */
static bool all_are_well(const struct fake_gluster_volume *fake)
{
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                if (!fake->bricks[i].running || fake->bricks[i].heals)
                        return false;
        return true;
}

static int fake_brick_restart(void *context, const char *volume, const char *path, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        struct turn turn = turn_of_server(fake, fault);
        struct fake_brick *its = brick_find(fake, path);

        if (!turn.done)
                return turn.failed;
        if (!is_there(fake, volume) || !its)
                return fault_set(fault, FAULT_NOT_FOUND, "fake: there is no brick %s of volume %s", path, volume);
        if (!its->older || !all_are_well(fake) || (fake->replica && fake->replica < 3) || fake->quorum >= 3)
                return fault_set(fault, FAULT_PRECONDITION, "fake: brick %s is not to be restarted", path);
        its->older = false;
        its->restarts = ++fake->restarts;
        its->generation = its->stuck ? 0 : fake->generation;
        for (size_t i = 0; i < FAKE_BRICKS; i++)
                fake->bricks[i].heals = fake->heals_after;
        return turn.failed;
}

struct gluster_volume fake_gluster_volume_seam(struct fake_gluster_volume *fake)
{
        return (struct gluster_volume){
                .observe = fake_observe,
                .secure = fake_secure,
                .install = fake_install,
                .canary = fake_canary,
                .compare = fake_compare,
                .put_filter_back = fake_put_filter_back,
                .bricks_look = fake_bricks_look,
                .brick_restart = fake_brick_restart,
                .context = fake,
        };
}

static void health_fill(const struct fake_gluster_volume *fake, struct volume_health *seen)
{
        bool counted = seen->replica > 1 && !fake->healer_down;
        bool connected = fake->client.family != ADDRESS_NONE && !fake->clients_untold;

        seen->bricks = memory_new(FAKE_BRICKS, sizeof *seen->bricks);
        seen->brick_count = FAKE_BRICKS;
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                const struct fake_brick *its = &fake->bricks[i];

                seen->bricks[i] = (struct brick_health){ .path = brick_path(fake, i),
                                                         .address = { ADDRESS_V4, { 10, 77, 0, 11 } },
                                                         .online = its->running,
                                                         .counted = counted && its->running,
                                                         .entries = its->heals,
                                                         .judged = counted && its->running,
                                                         .split_brain = its->split };
        }
        seen->nodes = memory_new(fake->pool_members, sizeof *seen->nodes);
        seen->node_count = fake->pool_members;
        for (size_t i = 0; i < fake->pool_members; i++)
                seen->nodes[i] = (struct node_health){ .name = memory_format("10.77.0.%zu", 11 + i),
                                                       .connected = !fake->node_down || i + 1 < fake->pool_members,
                                                       .self_heal = i || seen->replica < 2 ? KNOWN_UNKNOWN
                                                                    : fake->healer_down    ? KNOWN_ABSENT
                                                                                           : KNOWN_PRESENT };
        seen->clients_known = !fake->clients_untold;
        seen->clients = memory_new(1, sizeof *seen->clients);
        seen->clients[0] = fake->client;
        seen->client_count = connected;
}

static int fake_health_look(void *context, const char *volume, struct volume_health *seen, struct fault *fault)
{
        struct fake_gluster_volume *fake = context;
        int failed = turn_at(fake, volume, fault);

        if (failed)
                return failed;
        if (fake->stopped)
                return fault_set(fault, FAULT_PRECONDITION, "fake: volume %s is stopped", volume);
        seen->replica = fake->replica ? fake->replica : FAKE_BRICKS;
        health_fill(fake, seen);
        return 0;
}

struct gluster_health fake_gluster_health_seam(struct fake_gluster_volume *fake)
{
        return (struct gluster_health){ fake_health_look, fake };
}
