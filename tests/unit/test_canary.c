/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/canary.h"
#include "domain/nfs_export.h"
#include "world_for_test.h"

static void storage_put(struct snapshot *draft, const char *name)
{
        struct storage *storage = world_storage();

        storage->document.revision = 0; /* of a commit to come: it may get another name */
        document_set_id(&storage->document, name);
        snapshot_put(draft, &storage->document);
        shared_put(storage);
}

static uint16_t number_of(const struct snapshot *snapshot, const char *storage)
{
        const struct export *canary = snapshot_canary(snapshot, storage);

        return canary ? canary->number : 0;
}

static void canary_keeps_its_number_for_the_life_of_its_storage(void **test)
{
        struct snapshot *draft = snapshot_new();

        (void)test;
        storage_put(draft, "b");
        storage_put(draft, "a");
        assert_int_equal(number_of(draft, "b"), canary_number_preferred("b"));
        assert_int_equal(number_of(draft, "a"), canary_number_preferred("a"));
        storage_put(draft, "b");
        assert_int_equal(number_of(draft, "b"), canary_number_preferred("b"));
        snapshot_remove(draft, DOCUMENT_STORAGE, "b");
        assert_null(snapshot_canary(draft, "b"));
        assert_null(snapshot_export(draft, snapshot_canary(draft, "a")->document.id));
        assert_null(snapshot_export_by_number(draft, canary_number_preferred("a")));
        shared_put(draft);
}

/* Two names that ask for the same number. */
static void canary_takes_the_next_number_where_its_own_is_taken(void **test)
{
        struct snapshot *draft = snapshot_new();
        char other[16] = "";

        (void)test;
        for (int i = 0; i < 1000 && !other[0]; i++) {
                char name[16];

                snprintf(name, sizeof name, "s%d", i);
                if (canary_number_preferred(name) == canary_number_preferred("a"))
                        memcpy(other, name, sizeof other);
        }
        storage_put(draft, "a");
        storage_put(draft, other);
        assert_int_equal(number_of(draft, "a"), canary_number_preferred("a"));
        assert_int_not_equal(number_of(draft, other), number_of(draft, "a"));
        assert_string_not_equal(snapshot_canary(draft, other)->document.id,
                                snapshot_canary(draft, "a")->document.id);
        shared_put(draft);
}

static void storage_beyond_the_last_number_has_none(void **test)
{
        struct snapshot *draft = snapshot_new();
        char name[16];

        (void)test;
        for (int i = CANARY_NUMBER_FIRST; i <= CANARY_NUMBER_LAST + 1; i++) {
                snprintf(name, sizeof name, "s%d", i);
                storage_put(draft, name);
        }
        assert_null(snapshot_canary(draft, name));
        assert_int_equal(pmap_count(draft->canaries), CANARY_NUMBER_LAST - CANARY_NUMBER_FIRST + 1);
        shared_put(draft);
}

static void canary_is_granted_to_the_probe_alone(void **test)
{
        static const struct {
                const char *probe;
                enum known pool;
                enum storage_kind kind;
                size_t grants;
        } cases[] = {
                { NULL, KNOWN_PRESENT, STORAGE_CLUSTER, 0 },
                { "100.127.255.250", KNOWN_PRESENT, STORAGE_CLUSTER, 2 },
                { "100.127.255.250", KNOWN_UNKNOWN, STORAGE_CLUSTER, 2 },
                { "100.127.255.250", KNOWN_ABSENT, STORAGE_CLUSTER, 1 },
                { "100.127.255.250", KNOWN_PRESENT, STORAGE_SINGLE, 1 },
                { NULL, KNOWN_PRESENT, STORAGE_SINGLE, 0 },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct snapshot *draft = snapshot_new();
                struct storage *storage = world_storage();
                struct protocol_facts facts = { .pool_enforced = cases[i].pool };
                AUTO_GRANTS struct grant_list grants = { 0 };

                storage->kind = cases[i].kind;
                snapshot_put(draft, &storage->document);
                shared_put(storage);
                if (cases[i].probe)
                        facts.probe = world_address(cases[i].probe);
                grant_derive(draft, snapshot_canary(draft, "files"), &facts, 1000, &grants);
                assert_int_equal(grants.count, cases[i].grants);
                AUTO_NFS_EXPORT struct nfs_export *wanted = nfs_export_wanted(&grants);
                assert_int_equal(wanted != NULL, cases[i].probe || cases[i].kind == STORAGE_CLUSTER);
                if (wanted) {
                        assert_int_equal(wanted->client_count, cases[i].probe != NULL);
                        assert_true(!cases[i].probe || address_equal(&wanted->clients[0].address, &facts.probe));
                        assert_int_equal(wanted->number, canary_number_preferred("files"));
                        assert_non_null(strstr(wanted->path, CANARY_PATH));
                }
                shared_put(draft);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(canary_keeps_its_number_for_the_life_of_its_storage),
                cmocka_unit_test(canary_takes_the_next_number_where_its_own_is_taken),
                cmocka_unit_test(storage_beyond_the_last_number_has_none),
                cmocka_unit_test(canary_is_granted_to_the_probe_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
