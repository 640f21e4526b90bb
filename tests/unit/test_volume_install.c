/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/volume_install.h"
#include "tests/fakes/fake_gluster_volume.h"
#include "world_for_test.h"

/* A volume of three storage nodes with a brick each, and what the side knows of it. */
struct scene {
        struct fake_gluster_volume fake;
        struct gluster_volume gluster;
        struct pmap volumes;
        struct volume_state *volume;
        struct volume_seen seen;
        struct address nodes[FAKE_BRICKS];
        atomic_bool stop; /* set: a brick is asked once, and not waited for */
};

static void scene_init(struct scene *scene)
{
        AUTO_SHARED struct storage *storage = world_storage();
        struct fault fault = { 0 };

        *scene = (struct scene){ .stop = true };
        fake_gluster_volume_init(&scene->fake, storage->volume);
        scene->gluster = fake_gluster_volume_seam(&scene->fake);
        scene->volume = volume_state_get(&scene->volumes, storage);
        assert_int_equal(scene->gluster.observe(scene->gluster.context, storage->volume, &scene->seen, &fault), 0);
        assert_int_equal(scene->seen.brick_count, FAKE_BRICKS);
        for (size_t i = 0; i < FAKE_BRICKS; i++) {
                scene->nodes[i] = (struct address){ ADDRESS_V4, { 10, 77, 0, (uint8_t)(11 + i) } };
                scene->seen.bricks[i].address = scene->nodes[i];
        }
}

static void scene_fini(struct scene *scene)
{
        pmap_fini(&scene->volumes);
        volume_seen_fini(&scene->seen);
        fake_gluster_volume_fini(&scene->fake);
}

static int list_follow(struct scene *scene, uint64_t revision)
{
        const struct volume_installer installer = { &scene->gluster, NULL, clock_system(), &scene->stop };
        AUTO_ACCESS_LIST struct access_list list = { 0 };
        struct volume_state *volume = scene->volume;
        struct fault fault = { 0 };

        volume->revision = revision;
        shares_list(&volume->shares, volume->storage->addresses, volume->storage->address_count, &list);
        int failed = volume_list_follow(&installer, volume, &scene->seen, &list, &fault);
        assert_int_equal(failed, -(int)fault.code);
        volume->fault = fault;
        volume->dirty = failed != 0;
        volume->list_seen = volume->list_seen || !failed;
        return failed;
}

static void bricks_that_lag_hold_up_their_own_storage_nodes_only(void **test)
{
        (void)test;
        for (unsigned late = 1; late < 1u << FAKE_BRICKS; late++) { /* a bit for each */
                struct scene scene;

                scene_init(&scene);
                for (size_t i = 0; i < FAKE_BRICKS; i++)
                        assert_int_equal(volume_state_let_go(scene.volume, &scene.nodes[i], 4), 0);
                for (size_t i = 0; i < FAKE_BRICKS; i++)
                        scene.fake.bricks[i].stuck = late & 1u << i;
                assert_int_not_equal(list_follow(&scene, 4), 0);
                for (size_t i = 0; i < FAKE_BRICKS; i++)
                        assert_int_equal(volume_state_let_go(scene.volume, &scene.nodes[i], 5),
                                         late & 1u << i ? 0 : 4);
                for (size_t i = 0; i < FAKE_BRICKS; i++)
                        scene.fake.bricks[i].stuck = false;
                assert_int_equal(list_follow(&scene, 5), 0);
                for (size_t i = 0; i < FAKE_BRICKS; i++)
                        assert_int_equal(volume_state_let_go(scene.volume, &scene.nodes[i], 6), 6);
                scene_fini(&scene);
        }
}

/* Until glusterd has taken the list, what the bricks hold is of the one before. */
static void list_that_is_not_taken_lets_go_of_nothing(void **test)
{
        struct scene scene;

        (void)test;
        scene_init(&scene);
        assert_int_equal(list_follow(&scene, 4), 0);
        scene.volume->installed.generation = 0; /* another list is due */
        scene.fake.down = true;
        assert_int_not_equal(list_follow(&scene, 5), 0);
        assert_int_equal(volume_state_let_go(scene.volume, &scene.nodes[0], 5), 4);
        scene_fini(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bricks_that_lag_hold_up_their_own_storage_nodes_only),
                cmocka_unit_test(list_that_is_not_taken_lets_go_of_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
