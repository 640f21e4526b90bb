/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "reconcile/directories.h"
#include "tests/fakes/fake_storage_files.h"
#include "world_for_test.h"

#define DEADLINE_MS 20000

struct rig {
        struct fake_storage_files *fake;
        struct storage_files files;
        struct directories *directories;
        struct storage *storage;
        struct export *export;
        atomic_uint told;
};

static void rig_told(void *context)
{
        atomic_fetch_add(&((struct rig *)context)->told, 1);
}

static int rig_set_up(void **test)
{
        struct rig *rig = NEW(struct rig);

        rig->fake = fake_storage_files_new();
        rig->files = fake_storage_files_table(rig->fake);
        rig->storage = world_storage();
        rig->export = world_export("ex-1", 1);
        rig->directories = directories_new(&rig->files, clock_system(), rig_told, rig);
        *test = rig;
        return 0;
}

static int rig_tear_down(void **test)
{
        struct rig *rig = *test;

        directories_stop(rig->directories);
        directories_free(rig->directories);
        fake_storage_files_free(rig->fake);
        shared_put(rig->storage);
        shared_put(rig->export);
        free(rig);
        return 0;
}

static enum known ask(struct rig *rig, struct fault *fault)
{
        return directories_ask(rig->directories, rig->storage, rig->export, fault);
}

static void await_answers(struct rig *rig, unsigned answers)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + DEADLINE_MS;

        while (atomic_load(&rig->told) < answers && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_true(atomic_load(&rig->told) >= answers);
}

static void a_directory_is_made_once_and_remembered(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };
        struct fake_file made;

        rig->export->directory_uid = 33;
        rig->export->directory_mode = 0750;
        ask(rig, &fault);
        await_answers(rig, 1);
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
        made = fake_storage_files_get(rig->fake, "files", "/shared/site");
        assert_int_equal(made.kind, PATH_DIRECTORY);
        assert_int_equal(made.uid, 33);
        assert_int_equal(made.mode, 0750);
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
        assert_int_equal(fake_storage_files_calls(rig->fake), 1);
}

static void one_that_cannot_be_made_says_why_and_is_tried_again(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        fake_storage_files_fail(rig->fake, 1, FAULT_UNAVAILABLE);
        ask(rig, &fault);
        await_answers(rig, 1);
        if (ask(rig, &fault) != KNOWN_PRESENT) /* nobody asks again for it to be tried again */
                assert_int_equal(fault.code, FAULT_UNAVAILABLE);
        await_answers(rig, 2);
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
}

static void one_in_doubt_is_looked_at_anew(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        ask(rig, &fault);
        await_answers(rig, 1);
        fake_storage_files_put(rig->fake, "files", "/shared/site", (struct fake_file){ .kind = PATH_ABSENT });
        directories_doubt(rig->directories, rig->storage, rig->export);
        await_answers(rig, 2);
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
        assert_int_equal(fake_storage_files_get(rig->fake, "files", "/shared/site").kind, PATH_DIRECTORY);
}

/* The look before the commit counts, until there is doubt. */
static void one_that_was_seen_before_the_commit_is_not_walked_to(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        rig->export->directory_seen = true;
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
        assert_int_equal(fake_storage_files_calls(rig->fake), 0);
        directories_doubt(rig->directories, rig->storage, rig->export);
        await_answers(rig, 1);
        assert_int_equal(ask(rig, &fault), KNOWN_PRESENT);
        assert_int_equal(fake_storage_files_get(rig->fake, "files", "/shared/site").kind, PATH_DIRECTORY);
}

static void one_that_is_forgotten_is_new(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        ask(rig, &fault);
        await_answers(rig, 1);
        directories_forget(rig->directories, "ex-1");
        directories_forget(rig->directories, "ex-unknown");
        assert_int_equal(ask(rig, &fault), KNOWN_UNKNOWN);
        await_answers(rig, 2);
}

static void a_link_is_refused(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        fake_storage_files_put(rig->fake, "files", "/shared", (struct fake_file){ .kind = PATH_LINK });
        ask(rig, &fault);
        await_answers(rig, 1);
        assert_int_equal(ask(rig, &fault), KNOWN_ABSENT);
        assert_int_equal(fault.code, FAULT_INVALID);
}

/* Export number `number` with a directory of its own. */
static struct export *export_at(const char *path, uint16_t number)
{
        char id[16];

        snprintf(id, sizeof id, "ex-%u", number);
        struct export *export = world_export(id, number);
        free(export->path);
        export->path = memory_text(path);
        return export;
}

static void await_calls(struct rig *rig, unsigned calls)
{
        int64_t until_ms = clock_monotonic_ms(clock_system()) + DEADLINE_MS;

        while (fake_storage_files_calls(rig->fake) < calls && clock_monotonic_ms(clock_system()) < until_ms)
                world_pause();
        assert_true(fake_storage_files_calls(rig->fake) >= calls);
}

#define MANY (STORAGE_PATHS_MAX + 10)

/* Asks about `count` directories while the one of the rig is being made, and lets that go on. */
static void ask_many(struct rig *rig, struct export **exports, size_t count)
{
        struct fault fault = { 0 };

        fake_storage_files_hold(rig->fake, true);
        ask(rig, &fault);
        await_calls(rig, 1);
        for (size_t i = 0; i < count; i++) {
                char path[32];

                snprintf(path, sizeof path, "/many/%zu", i);
                exports[i] = export_at(path, (uint16_t)(100 + i));
                directories_ask(rig->directories, rig->storage, exports[i], &fault);
        }
        fake_storage_files_hold(rig->fake, false);
}

static void what_waits_is_made_by_one_call(void **test)
{
        struct rig *rig = *test;
        struct export *exports[MANY];
        struct fault fault = { 0 };

        ask_many(rig, exports, MANY);
        await_answers(rig, 3);
        assert_int_equal(fake_storage_files_calls(rig->fake), 3); /* the first, as many as go together, the rest */
        for (size_t i = 0; i < MANY; i++) {
                assert_int_equal(directories_ask(rig->directories, rig->storage, exports[i], &fault),
                                 KNOWN_PRESENT);
                assert_int_equal(fake_storage_files_get(rig->fake, "files", exports[i]->path).kind,
                                 PATH_DIRECTORY);
                shared_put(exports[i]);
        }
}

static void one_that_hangs_fails_alone(void **test)
{
        struct rig *rig = *test;
        struct export *exports[10];
        struct fault fault = { 0 };

        fake_storage_files_stick(rig->fake, "/many/4");
        ask_many(rig, exports, ARRAY_SIZE(exports));
        await_answers(rig, 2);
        for (size_t i = 0; i < ARRAY_SIZE(exports); i++)
                assert_int_equal(directories_ask(rig->directories, rig->storage, exports[i], &fault),
                                 i == 4 ? KNOWN_ABSENT : KNOWN_PRESENT);
        assert_int_equal(fault.code, FAULT_TIMEOUT);
        fake_storage_files_stick(rig->fake, NULL);
        await_answers(rig, 3); /* it is tried again */
        for (size_t i = 0; i < ARRAY_SIZE(exports); i++) {
                if (i == 4)
                        while (directories_ask(rig->directories, rig->storage, exports[i], &fault) !=
                               KNOWN_PRESENT)
                                world_pause();
                shared_put(exports[i]);
        }
}

/* What the helper does is done one at a time. */
static void a_single_storage_is_given_one_at_a_time(void **test)
{
        struct rig *rig = *test;
        struct export *exports[3];

        rig->storage->kind = STORAGE_SINGLE;
        ask_many(rig, exports, ARRAY_SIZE(exports));
        await_answers(rig, 4);
        assert_int_equal(fake_storage_files_calls(rig->fake), 4);
        for (size_t i = 0; i < ARRAY_SIZE(exports); i++)
                shared_put(exports[i]);
}

static void asking_one_that_has_stopped_stays_unanswered(void **test)
{
        struct rig *rig = *test;
        struct fault fault = { 0 };

        directories_stop(rig->directories);
        assert_int_equal(ask(rig, &fault), KNOWN_UNKNOWN);
        directories_free(rig->directories);
        assert_int_equal(fake_storage_files_calls(rig->fake), 0);
        rig->directories = directories_new(&rig->files, clock_system(), rig_told, rig);
}

#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                RIG_TEST(a_directory_is_made_once_and_remembered),
                RIG_TEST(one_that_cannot_be_made_says_why_and_is_tried_again),
                RIG_TEST(one_in_doubt_is_looked_at_anew),
                RIG_TEST(one_that_was_seen_before_the_commit_is_not_walked_to),
                RIG_TEST(one_that_is_forgotten_is_new),
                RIG_TEST(a_link_is_refused),
                RIG_TEST(what_waits_is_made_by_one_call),
                RIG_TEST(one_that_hangs_fails_alone),
                RIG_TEST(a_single_storage_is_given_one_at_a_time),
                RIG_TEST(asking_one_that_has_stopped_stays_unanswered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
