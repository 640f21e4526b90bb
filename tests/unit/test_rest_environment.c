/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"

#define SHOP "{'uid':'e-1','account':'acme','state':'running','platform_version':'8.3','layers':['cp','cache']}"
#define NODE "{'layer':'cp','addresses':['10.77.0.21'],'os':{'id':'debian'}}"

struct step {
        const char *method, *path, *body, *wanted;
};

static void steps_run(struct api *api, const struct step *steps, size_t count)
{
        for (size_t i = 0; i < count; i++)
                expect(api, steps[i].method, steps[i].path, steps[i].body, steps[i].wanted);
}

static void environment_written_and_read_back(void **state)
{
        struct api *api = *state;

        expect(api, "GET", "/v1/environments/shop", NULL, "404");
        AUTO_ANSWER struct answer made = call_of(api, "PUT", "/v1/environments/shop", SHOP);
        assert_int_equal(made.status, 201);
        assert_string_equal(answer_field(&made, "Location"), "/v1/environments/shop");
        AUTO_ANSWER struct answer got = call_of(api, "GET", "/v1/environments/shop", NULL);
        assert_int_equal(got.status, 200);
        assert_string_equal(got.text, made.text);
        assert_string_equal(answer_at(&got, "name"), "shop");
        assert_string_equal(answer_at(&got, "uid"), "e-1");
        assert_string_equal(answer_at(&got, "layers"), "[\"cp\",\"cache\"]");
        assert_string_equal(answer_at(&got, "platform_version"), "8.3");
}

static void equal_put_changes_nothing(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_SHARED const struct snapshot *before = writer_snapshot(api->writer);
        AUTO_ANSWER struct answer first = call_of(api, "GET", "/v1/environments/shop", NULL);
        AUTO_ANSWER struct answer again = call_of(api, "PUT", "/v1/environments/shop", SHOP);
        assert_int_equal(again.status, 200);
        assert_string_equal(again.text, first.text);
        expect(api, "PUT", "/v1/environments/shop/nodes/102",
               "{'layer':'cache','addresses':['10.77.0.22'],'os':{'id':'alpine'}}", "200");
        expect(api, "PUT", "/v1/storages/files", "{'kind':'cluster','account':'acme','addresses':['10.77.0.11']}",
               "200");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_ptr_equal(snapshot_environment(now, "shop"), snapshot_environment(before, "shop"));
        assert_ptr_equal(snapshot_node(now, "102"), snapshot_node(before, "102"));
        assert_ptr_equal(snapshot_storage(now, "files"), snapshot_storage(before, "files"));
}

static void state_revision_follows_the_state_alone(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'migrating','layers':['cp','cache']}", "200");
        AUTO_SHARED const struct snapshot *migrating = writer_snapshot(api->writer);
        uint64_t since = snapshot_environment(migrating, "shop")->document.revision;
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'migrating','layers':['cp','cache','bl']}", "200");
        AUTO_SHARED const struct snapshot *widened = writer_snapshot(api->writer);
        const struct environment *shop = snapshot_environment(widened, "shop");
        assert_int_equal(shop->state_revision, since);
        assert_true(shop->document.revision > since);
        /* And again, unchanged: the revision must stay, though state_revision is now a number. */
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'migrating','layers':['cp','cache','bl']}", "200");
        AUTO_SHARED const struct snapshot *same = writer_snapshot(api->writer);
        assert_int_equal(snapshot_environment(same, "shop")->document.revision, shop->document.revision);
}

/* The state that it has now began with the commit that last changed it, however often there were others before. */
static void state_that_changes_begins_anew(void **state)
{
        struct api *api = *state;
        static const char *const states[] = { "migrating", "migrating", "running", "running", "migrating" };
        static const char *const layers[] = { "'cp'", "'cp','x'", "'cp'", "'cp','x'", "'cp','x'" };
        uint64_t began = 0;

        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                AUTO_FREE char *body = memory_format("{'uid':'e-1','account':'acme','state':'%s','layers':[%s]}",
                                                     states[i], layers[i]);
                expect(api, "PUT", "/v1/environments/shop", body, i == 0 ? "201" : "200");
                AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
                const struct environment *shop = snapshot_environment(now, "shop");

                if (i == 0 || strcmp(states[i], states[i - 1]) != 0)
                        began = shop->document.revision;
                assert_int_equal(shop->state_revision ? shop->state_revision : shop->document.revision, began);
        }
}

static void equal_node_while_migrating_confirms_its_addresses_once(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'migrating','layers':['cp','cache']}", "200");
        const char *node = "{'layer':'cache','addresses':['10.77.0.22'],'os':{'id':'alpine'}}";
        AUTO_ANSWER struct answer before = call_of(api, "GET", "/v1/environments/shop/nodes/102", NULL);
        AUTO_ANSWER struct answer first = call_of(api, "PUT", "/v1/environments/shop/nodes/102", node);
        AUTO_ANSWER struct answer second = call_of(api, "PUT", "/v1/environments/shop/nodes/102", node);
        assert_int_equal(first.status, 200);
        assert_true(strtoull(answer_at(&first, "revision"), NULL, 10) >
                    strtoull(answer_at(&before, "revision"), NULL, 10));
        assert_string_equal(first.text, second.text);
}

static void bad_environment_is_refused_naming_the_place(void **state)
{
        struct api *api = *state;
        static const struct step steps[] = {
                { "PUT", "/v1/environments/shop",
                  "{'uid':'e-9','account':'acme','state':'running','layers':['cp','cache']}",
                  "409 /uid environment.uid_differs" },
                { "PUT", "/v1/environments/second", "{'uid':'e-1','account':'acme','state':'running','layers':[]}",
                  "409 /uid environment.uid_taken" },
                { "PUT", "/v1/environments/shop",
                  "{'uid':'e-1','account':'acme','state':'running','layers':['cp']}",
                  "409 /layers environment.layer_in_use" },
                { "PUT", "/v1/environments/a%20b", SHOP, "422 path/name name.malformed" },
                { "PUT", "/v1/environments/new",
                  "{'uid':'e-3','account':'acme','state':'running','layers':['cp'],'colour':'red'}",
                  "422 /colour key.unknown" },
                { "PUT", "/v1/environments/new",
                  "{'uid':'e-3','account':'acme','state':'dancing','layers':['cp']}", "422 /state word.unknown" },
                { "PUT", "/v1/environments/new", "{'uid':7,'account':'','layers':'cp'}", NULL },
                { "DELETE", "/v1/environments/none", NULL, "404" },
                { "GET", "/v1/environments/none/nodes", NULL, "404" },
        };
        uint64_t before;

        api_world(api);
        before = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
                if (steps[i].wanted) {
                        expect(api, steps[i].method, steps[i].path, steps[i].body, steps[i].wanted);
                        continue;
                }
                AUTO_ANSWER struct answer answer = call_of(api, steps[i].method, steps[i].path, steps[i].body);
                assert_int_equal(answer.status, 422);
                assert_int_equal(json_array_size(json_object_get(answer.json, "errors")), 4);
        }
        assert_int_equal(api_revision(api), before);
}

static void bad_node_is_refused_naming_the_place(void **state)
{
        struct api *api = *state;
        static const struct step steps[] = {
                { "PUT", "/v1/environments/none/nodes/1", NODE, "404" },
                { "PUT", "/v1/environments/shop/nodes/1", "{'layer':'sql','addresses':['10.77.0.31']}",
                  "422 /layer layer.unknown" },
                { "PUT", "/v1/environments/shop/nodes/1", "{'layer':'cp','addresses':['10.77.0.11']}",
                  "422 /addresses/0 address.storage_node" },
                { "PUT", "/v1/environments/shop/nodes/1",
                  "{'layer':'sql','addresses':['10.77.0.31','10.77.0.11']}",
                  "422 /layer layer.unknown /addresses/1 address.storage_node" },
                { "PUT", "/v1/environments/other/nodes/101", NODE, "409" },
                { "PUT", "/v1/environments/shop/nodes/-x", NODE, "422 path/id name.malformed" },
                { "GET", "/v1/environments/other/nodes/101", NULL, "404" },
                { "DELETE", "/v1/environments/other/nodes/101", NULL, "404" },
                { "DELETE", "/v1/environments/shop/nodes/1", NULL, "404" },
        };
        static const char *const addresses[] = { "[]",
                                                 "['0.0.0.0']",
                                                 "['224.0.0.1']",
                                                 "['127.0.0.1']",
                                                 "['255.255.255.255']",
                                                 "['10.0.0.1/24']",
                                                 "['x']",
                                                 "['::']",
                                                 "['ff02::1']",
                                                 "['10.0.0.1','10.0.0.1']",
                                                 "'10.0.0.1'" };
        uint64_t before;

        api_world(api);
        before = api_revision(api);
        steps_run(api, steps, ARRAY_SIZE(steps));
        for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
                AUTO_FREE char *body = memory_format("{'layer':'cp','addresses':%s}", addresses[i]);
                AUTO_ANSWER struct answer answer = call_of(api, "PUT", "/v1/environments/shop/nodes/1", body);

                assert_int_equal(answer.status, 422);
                assert_int_equal(strncmp(answer_at(&answer, "errors/0/pointer"), "/addresses", 10), 0);
        }
        assert_int_equal(api_revision(api), before);
}

static void environment_delete_takes_its_nodes_and_leaves_exports(void **state)
{
        struct api *api = *state;
        const char *id;

        api_world(api);
        id = api_export(api, "/shared/site", "/var/www/site");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", "/v1/environments/shop", NULL);
        assert_int_equal(answer.status, 202);
        assert_string_equal(answer_at(&answer, "nodes_deleted"), "2");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_null(snapshot_node(now, "101"));
        assert_null(snapshot_node(now, "102"));
        expect(api, "GET", path, NULL, "200");
        /* The name is free for another environment, which the old export does not follow. */
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-7','account':'acme','state':'running','layers':['cp']}", "201");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/exports?environment=shop", NULL);
        assert_string_equal(answer_at(&list, "items"), "[]");
        expect(api, "DELETE", "/v1/environments/shop", NULL, "202");
        AUTO_ANSWER struct answer dangling = call_of(api, "GET", "/v1/exports?environment=shop", NULL);
        assert_string_equal(answer_at(&dangling, "items/0/id"), id);
        assert_string_equal(answer_at(&dangling, "items/0/dangling"), "true");
        /* It may come back under another name: what is bound to it is found by that. */
        expect(api, "PUT", "/v1/environments/shop2",
               "{'uid':'e-1','account':'acme','state':'running','layers':['cp']}", "201");
        AUTO_ANSWER struct answer back = call_of(api, "GET", "/v1/exports?environment=shop2", NULL);
        assert_string_equal(answer_at(&back, "items/0/id"), id);
        assert_string_equal(answer_at(&back, "items/0/dangling"), "");
}

static void entity_tags_guard_against_lost_updates(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer got = call_of(api, "GET", "/v1/environments/shop", NULL);
        AUTO_FREE char *tag = memory_text(answer_field(&got, "ETag"));
        AUTO_FREE char *match = memory_format("If-Match: %s", tag);
        AUTO_FREE char *none_match = memory_format("If-None-Match: %s", tag);
        const char *changed = "{'uid':'e-1','account':'acme','state':'sleeping','layers':['cp','cache']}";

        assert_string_not_equal(tag, "");
        AUTO_ANSWER struct answer known = call(
                api, (struct call){ .method = "GET", .path = "/v1/environments/shop", .headers = { none_match } });
        assert_int_equal(known.status, 304);
        assert_string_equal(known.text, "");
        AUTO_ANSWER struct answer first = call(api, (struct call){ .method = "PUT",
                                                                   .path = "/v1/environments/shop",
                                                                   .body = changed,
                                                                   .headers = { match } });
        assert_int_equal(first.status, 200);
        AUTO_ANSWER struct answer late = call(api, (struct call){ .method = "PUT",
                                                                  .path = "/v1/environments/shop",
                                                                  .body = SHOP,
                                                                  .headers = { match } });
        assert_int_equal(late.status, 412);
        AUTO_ANSWER struct answer create = call(api, (struct call){ .method = "PUT",
                                                                    .path = "/v1/environments/shop",
                                                                    .body = SHOP,
                                                                    .headers = { "If-None-Match: *" } });
        assert_int_equal(create.status, 412);
        AUTO_ANSWER struct answer gone = call(
                api, (struct call){ .method = "DELETE", .path = "/v1/environments/shop", .headers = { match } });
        assert_int_equal(gone.status, 412);
}

static void node_contested_by_another_is_taken_and_suspended(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/shared/site", "/var/www/site");
        AUTO_FREE char *path = memory_format("/v1/exports/%s/grants", id);
        expect(api, "PUT", "/v1/environments/shop/nodes/103", "{'layer':'cache','addresses':['10.77.0.21']}",
               "201");
        AUTO_ANSWER struct answer grants = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&grants, "items/0/node"), "101");
        assert_string_equal(answer_at(&grants, "items/0/state"), "suspended");
        assert_string_equal(answer_at(&grants, "items/0/cause/code"), "address.contested");
        expect(api, "DELETE", "/v1/environments/shop/nodes/103", NULL, "202");
        AUTO_ANSWER struct answer after = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&after, "items/0/state"), "pending");
}

static void lists_show_environments_by_account_and_their_nodes(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer all = call_of(api, "GET", "/v1/environments", NULL);
        AUTO_ANSWER struct answer own = call_of(api, "GET", "/v1/environments?account=foreign", NULL);
        AUTO_ANSWER struct answer nodes = call_of(api, "GET", "/v1/environments/shop/nodes?limit=1", NULL);
        assert_int_equal(json_array_size(json_object_get(all.json, "items")), 2);
        assert_string_equal(answer_at(&all, "next"), "null");
        assert_string_equal(answer_at(&own, "items/0/name"), "other");
        assert_int_equal(json_array_size(json_object_get(own.json, "items")), 1);
        assert_string_equal(answer_at(&nodes, "items/0/id"), "101");
        AUTO_FREE char *path =
                memory_format("/v1/environments/shop/nodes?limit=1&cursor=%s", answer_at(&nodes, "next"));
        AUTO_ANSWER struct answer more = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&more, "items/0/id"), "102");
        assert_string_equal(answer_at(&more, "next"), "null");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(environment_written_and_read_back),
                API_TEST(equal_put_changes_nothing),
                API_TEST(state_revision_follows_the_state_alone),
                API_TEST(state_that_changes_begins_anew),
                API_TEST(equal_node_while_migrating_confirms_its_addresses_once),
                API_TEST(bad_environment_is_refused_naming_the_place),
                API_TEST(bad_node_is_refused_naming_the_place),
                API_TEST(environment_delete_takes_its_nodes_and_leaves_exports),
                API_TEST(entity_tags_guard_against_lost_updates),
                API_TEST(node_contested_by_another_is_taken_and_suspended),
                API_TEST(lists_show_environments_by_account_and_their_nodes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
