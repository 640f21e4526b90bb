/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"

#define SINGLE "{'kind':'single','account':'acme','addresses':['10.77.0.12'],'mount_root':'/srv/disk'}"

static void storage_written_and_read_back(void **state)
{
        struct api *api = *state;

        expect(api, "GET", "/v1/storages/files", NULL, "404");
        AUTO_ANSWER struct answer made = call_of(
                api, "PUT", "/v1/storages/files",
                "{'kind':'cluster','account':'acme','addresses':['10.77.0.11','10.77.0.12'],'volume':'v1'}");
        assert_int_equal(made.status, 201);
        assert_string_equal(answer_field(&made, "Location"), "/v1/storages/files");
        AUTO_ANSWER struct answer got = call_of(api, "GET", "/v1/storages/files", NULL);
        assert_string_equal(got.text, made.text);
        assert_string_not_equal(answer_field(&got, "ETag"), "");
        assert_string_equal(answer_at(&got, "volume"), "v1");
        assert_string_equal(answer_at(&got, "mount_root"), "/data");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/storages", NULL);
        assert_string_equal(answer_at(&list, "items/0/name"), "files");
        /* A cluster is glusterd's to know: no question is put for it. */
        assert_int_equal(files_asked(&api->fake), 0);
}

static void single_storage_is_looked_at_before_it_is_taken(void **state)
{
        struct api *api = *state;

        files_say(&api->fake, FAULT_INVALID, PATH_DIRECTORY);
        expect(api, "PUT", "/v1/storages/disk", SINGLE, "422 /mount_root storage.not_exportable");
        files_say(&api->fake, FAULT_UNAVAILABLE, PATH_DIRECTORY);
        expect(api, "PUT", "/v1/storages/disk", SINGLE, "503");
        files_say(&api->fake, FAULT_TIMEOUT, PATH_DIRECTORY);
        AUTO_ANSWER struct answer later = call_of(api, "PUT", "/v1/storages/disk", SINGLE);
        assert_int_equal(later.status, 503);
        assert_true(strtol(answer_field(&later, "Retry-After"), NULL, 10) > 0);
        expect(api, "GET", "/v1/storages/disk", NULL, "404");
        files_say(&api->fake, FAULT_NONE, PATH_DIRECTORY);
        expect(api, "PUT", "/v1/storages/disk", SINGLE, "201");
}

static void bad_storage_is_refused_naming_the_place(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *path, *body, *wanted;
        } cases[] = {
                { "/v1/storages/second",
                  "{'kind':'cluster','account':'foreign','addresses':['10.77.0.12'],'volume':'v2'}",
                  "422 /account storage.second_account /volume storage.second_volume" },
                { "/v1/storages/second",
                  "{'kind':'single','account':'foreign','addresses':['10.77.0.12'],'mount_root':'/x'}",
                  "422 /account storage.second_account" },
                { "/v1/storages/second", "{'kind':'cluster','account':'acme','addresses':['10.77.0.12']}",
                  "422 /volume storage.volume_taken" },
                { "/v1/storages/files",
                  "{'kind':'cluster','account':'acme','addresses':['10.77.0.11','10.77.0.21']}",
                  "422 /addresses/1 address.client_node" },
                { "/v1/storages/files",
                  "{'kind':'cluster','account':'acme','addresses':['10.77.0.11'],'volume':'v2'}",
                  "409 /volume storage.in_use" },
                { "/v1/storages/files",
                  "{'kind':'single','account':'acme','addresses':['10.77.0.11'],'mount_root':'/x'}",
                  "409 /kind storage.in_use" },
                { "/v1/storages/files", "{'kind':'cluster','account':'foreign','addresses':['10.77.0.11']}",
                  "409 /account storage.in_use" },
                { "/v1/storages/-a",
                  "{'kind':'cluster','account':'acme','addresses':['10.77.0.12'],'volume':'v2'}",
                  "422 path/name name.malformed" },
                { "/v1/storages/third",
                  "{'kind':'single','account':'acme','addresses':['10.77.0.12'],'mount_root':'/'}",
                  "422 /mount_root storage.root" },
                { "/v1/storages/third",
                  "{'kind':'single','account':'acme','addresses':['127.0.0.1'],'mount_root':'/x'}",
                  "422 /addresses/0 address.loopback" },
        };
        uint64_t before;

        api_world(api);
        api_export(api, "/shared/site", "/var/www/site");
        before = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect(api, "PUT", cases[i].path, cases[i].body, cases[i].wanted);
        assert_int_equal(api_revision(api), before);
}

static void file_system_served_twice_is_refused(void **state)
{
        struct api *api = *state;

        expect(api, "PUT", "/v1/storages/disk", SINGLE, "201");
        expect(api, "PUT", "/v1/storages/again", SINGLE, "422 /mount_root storage.mount_root_taken");
        expect(api, "PUT", "/v1/storages/disk",
               "{'kind':'single','account':'acme','addresses':['10.77.0.12'],'mount_root':'/srv/other'}", "200");
}

#define CLUSTER(volume) "{'kind':'cluster','account':'acme','addresses':['10.77.0.11'],'volume':'" volume "'}"

/* gatehouse-volfiled serves one volume: a second would keep new native clients of both out. */
static void second_volume_is_refused_naming_the_first(void **state)
{
        struct api *api = *state;
        uint64_t before;

        expect(api, "PUT", "/v1/storages/files", CLUSTER("v1"), "201");
        expect(api, "PUT", "/v1/storages/disk", SINGLE, "201"); /* a single storage has no volume */
        before = api_revision(api);
        AUTO_ANSWER struct answer refused = call_of(api, "PUT", "/v1/storages/second", CLUSTER("v2"));
        assert_string_equal(answer_summary(&refused), "422 /volume storage.second_volume");
        assert_non_null(strstr(answer_at(&refused, "errors/0/detail"), "storage files is volume v1"));
        assert_non_null(strstr(answer_at(&refused, "errors/0/detail"), "delete that storage first"));
        expect(api, "PUT", "/v1/storages/second?dry_run=true", CLUSTER("v2"), "422 /volume storage.second_volume");
        expect(api, "PUT", "/v1/storages/disk", CLUSTER("v2"), "422 /volume storage.second_volume");
        assert_int_equal(api_revision(api), before);
        /* One volume may take the place of another, by the same name or after a deletion. */
        expect(api, "PUT", "/v1/storages/files", CLUSTER("v2"), "200");
        expect(api, "DELETE", "/v1/storages/files", NULL, "202");
        expect(api, "PUT", "/v1/storages/second", CLUSTER("v1"), "201");
}

static int two_volumes_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        const char *const volumes[] = { "v1", "v2" };

        (void)job;
        (void)fault;
        for (size_t i = 0; i < ARRAY_SIZE(volumes); i++) {
                AUTO_SHARED struct storage *storage = storage_new(volumes[i]);

                storage->account = memory_text("acme");
                storage->volume = memory_text(volumes[i]);
                storage->mount_root = memory_text("/data");
                assert_int_equal(address_parse("10.77.0.11", &storage->addresses[0]), 0);
                storage->address_count = 1;
                write_put(write, &storage->document);
        }
        return 0;
}

static void two_volumes_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        (void)job;
        (void)published;
        assert_int_equal(fault->code, FAULT_NONE);
}

/* Stored by a gatehoused that took a second volume: each can be written as what it is, and neither as a third. */
static void two_volumes_of_an_older_store_can_be_written(void **state)
{
        struct api *api = *state;
        struct write_job job = { .prepare = two_volumes_prepare, .done = two_volumes_done };

        writer_submit(api->writer, &job); /* before the requests below */
        expect(api, "PUT", "/v1/storages/v1", CLUSTER("v1"), "200");
        expect(api, "PUT", "/v1/storages/v2", CLUSTER("v2"), "200");
        expect(api, "PUT", "/v1/storages/v2", CLUSTER("v3"), "422 /volume storage.second_volume");
        expect(api, "DELETE", "/v1/storages/v1", NULL, "202");
        expect(api, "PUT", "/v1/storages/v2", CLUSTER("v3"), "200");
}

static void storage_in_use_is_not_deleted(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/shared/site", "/var/www/site");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_ANSWER struct answer used = call_of(api, "DELETE", "/v1/storages/files", NULL);
        assert_string_equal(answer_summary(&used), "409 path/name storage.in_use");
        assert_non_null(strstr(used.text, id));
        /* Until every layer has let go, a server may let in whom nobody remembers once the storage is gone. */
        expect(api, "DELETE", path, NULL, "202");
        expect(api, "DELETE", "/v1/storages/files", NULL, "409 path/name storage.in_use");
        expect(api, "PUT", "/v1/storages/files",
               "{'kind':'cluster','account':'acme','addresses':['10.77.0.11'],'volume':'v2'}",
               "409 /volume storage.in_use");
        expect(api, "PUT", "/v1/storages/files",
               "{'kind':'cluster','account':'acme','addresses':['10.77.0.12'],'volume':'data'}", "200");
        api_let_all_go(api);
        AUTO_ANSWER struct answer stale =
                call(api, (struct call){ "DELETE", "/v1/storages/files", .headers = { "If-Match: \"1\"" } });
        assert_int_equal(stale.status, 412);
        AUTO_ANSWER struct answer deleted = call_of(api, "DELETE", "/v1/storages/files", NULL);
        assert_int_equal(deleted.status, 202);
        assert_string_equal(answer_at(&deleted, "task/kind"), "storage.delete");
        expect(api, "DELETE", "/v1/storages/files", NULL, "404");
        api_follow(api);
        AUTO_ANSWER struct answer task = call_of(api, "GET", answer_field(&deleted, "Location"), NULL);
        assert_string_equal(answer_at(&task, "storage_nodes/0/layers/1/layer"), "gluster");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(storage_written_and_read_back),
                API_TEST(single_storage_is_looked_at_before_it_is_taken),
                API_TEST(bad_storage_is_refused_naming_the_place),
                API_TEST(second_volume_is_refused_naming_the_first),
                API_TEST(two_volumes_of_an_older_store_can_be_written),
                API_TEST(file_system_served_twice_is_refused),
                API_TEST(storage_in_use_is_not_deleted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
