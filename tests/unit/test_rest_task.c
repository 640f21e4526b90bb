/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"
#include "reconcile/task_keeper.h"

/* "firewall confirmed gluster waiting ...": the layers of the only storage node. */
static const char *layers_of(const struct answer *answer, const char *task)
{
        static char text[256];

        text[0] = '\0';
        for (int i = 0; i < LAYER_COUNT; i++) {
                AUTO_FREE char *layer = memory_format("%sstorage_nodes/0/layers/%d/layer", task, i);
                AUTO_FREE char *state = memory_format("%sstorage_nodes/0/layers/%d/state", task, i);
                size_t length = strlen(text);

                if (*answer_at(answer, layer))
                        snprintf(text + length, sizeof text - length, "%s%s", i > 0 ? " " : "",
                                 answer_at(answer, layer));
                length = strlen(text);
                if (*answer_at(answer, state))
                        snprintf(text + length, sizeof text - length, " %s", answer_at(answer, state));
        }
        return text;
}

static struct answer waiting_join(struct api *api, struct caller *caller, uint64_t before)
{
        for (int tries = 0; api_revision(api) == before; tries++) {
                assert_true(tries < 2000);
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        }
        api_let_all_go(api);
        return caller_join(caller);
}

static void waiting_delete_is_answered_with_the_receipt(void **state)
{
        static const struct {
                const char *path, *kind, *layers;
        } cases[] = {
                { "/v1/exports/EXPORT", "export.delete", "firewall confirmed gluster confirmed nfs confirmed" },
                { "/v1/environments/shop/nodes/101", "node.delete",
                  "firewall confirmed gluster confirmed nfs confirmed" },
                { "/v1/environments/shop", "environment.delete",
                  "firewall confirmed gluster confirmed nfs confirmed" },
                { "/v1/environments/other", "environment.delete", "firewall confirmed" }, /* it had nothing */
        };
        struct api *api = *state;

        api_world(api);
        api_export(api, "/b", "/n");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *id = i == 0 ? api_export(api, "/a", "/m") : "";
                AUTO_FREE char *path = strstr(cases[i].path, "EXPORT") ? memory_format("/v1/exports/%s", id)
                                                                       : memory_text(cases[i].path);
                uint64_t before = api_revision(api);
                struct caller caller;

                caller_start(&caller, api,
                             (struct call){ .method = "DELETE", .path = path, .headers = { "Prefer: wait=50" } });
                AUTO_ANSWER struct answer answer = waiting_join(api, &caller, before);
                assert_int_equal(answer.status, 200);
                assert_string_equal(answer_at(&answer, "deleted"), "true");
                assert_string_equal(answer_at(&answer, "task/kind"), cases[i].kind);
                assert_string_equal(answer_at(&answer, "task/state"), "done");
                assert_string_equal(answer_at(&answer, "task/storage_nodes/0/storage_node"), "node1");
                assert_string_equal(layers_of(&answer, "task/"), cases[i].layers);
                assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=50");
                assert_string_equal(answer_field(&answer, "Location"), "");
                expect(api, "DELETE", path, NULL, "404");
        }
}

static void delete_in_a_hurry_is_answered_with_the_task(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s", api_export(api, "/a", "/a"));
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", path, NULL);
        assert_int_equal(answer.status, 202);
        assert_string_equal(answer_at(&answer, "task/state"), "running");
        AUTO_FREE char *location = memory_text(answer_field(&answer, "Location"));
        AUTO_FREE char *wanted = memory_format("/v1/tasks/%s", answer_at(&answer, "task/id"));
        assert_string_equal(location, wanted);
        api_let_go(api, LAYER_FIREWALL);
        AUTO_ANSWER struct answer half = call_of(api, "GET", location, NULL);
        assert_string_equal(answer_at(&half, "state"), "running");
        assert_string_equal(layers_of(&half, ""), "firewall confirmed gluster waiting nfs waiting");
        api_let_all_go(api);
        AUTO_ANSWER struct answer done = call_of(api, "GET", location, NULL);
        assert_string_equal(answer_at(&done, "state"), "done");
        assert_string_not_equal(answer_at(&done, "ended_at"), "");
}

static enum let_go hindered(void *context, const struct task_export *export, struct fault *fault)
{
        (void)context;
        (void)export;
        fault_set(fault, FAULT_UNAVAILABLE, "glusterd does not answer");
        return LET_GO_HINDERED;
}

static void layer_that_cannot_confirm_is_named(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s", api_export(api, "/a", "/a"));
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", path, NULL);
        AUTO_FREE char *location = memory_text(answer_field(&answer, "Location"));
        api_let_go(api, LAYER_FIREWALL);
        api_let_go(api, LAYER_NFS);
        status_review(api->status, &(struct let_go_question){ LAYER_GLUSTER, api_revision(api), hindered, NULL });
        AUTO_ANSWER struct answer task =
                call(api, (struct call){ .method = "GET", .path = location, .headers = { "Prefer: wait=1" } });
        assert_int_equal(task.status, 200);
        assert_string_equal(answer_at(&task, "state"), "running");
        assert_string_equal(answer_at(&task, "storage_nodes/0/layers/1/layer"), "gluster");
        assert_string_equal(answer_at(&task, "storage_nodes/0/layers/1/cause/code"), "unavailable");
        assert_string_equal(answer_at(&task, "storage_nodes/0/layers/1/cause/sentence"),
                            "glusterd does not answer");
        caller_start(&caller, api,
                     (struct call){ .method = "GET", .path = location, .headers = { "Prefer: wait=50" } });
        api_let_go(api, LAYER_GLUSTER);
        AUTO_ANSWER struct answer ended = caller_join(&caller);
        assert_string_equal(answer_at(&ended, "state"), "done");
        assert_string_equal(answer_at(&ended, "storage_nodes/0/layers/1/cause"), "");
}

/* What a write says of the inventory may take access away like a DELETE. */
static void write_that_takes_away_begins_a_task(void **state)
{
        static const struct {
                const char *path, *body, *kind, *subject;
        } cases[] = {
                { "/v1/environments/shop/nodes/101",
                  "{'layer':'cp','addresses':['10.77.0.21','fd77::21'],'os':{'id':'debian'}}", "", "" },
                { "/v1/environments/shop/nodes/101",
                  "{'layer':'cp','addresses':['10.77.0.31','fd77::21'],'os':{'id':'debian'}}", "node.put", "101" },
                { "/v1/environments/shop/nodes/103", "{'layer':'cp','addresses':['10.77.0.33']}", "", "" },
                { "/v1/environments/shop/nodes/103", "{'layer':'cache','addresses':['10.77.0.33']}", "node.put",
                  "103" },
                { "/v1/environments/shop",
                  "{'uid':'e-1','account':'acme','state':'sleeping','platform_version':'8.3','layers':['cp','"
                  "cache']}",
                  "environment.put", "shop" },
                { "/v1/environments/shop",
                  "{'uid':'e-1','account':'acme','state':'running','platform_version':'8.3','layers':['cp','cache'"
                  "]}",
                  "", "" },
                { "/v1/environments/shop",
                  "{'uid':'e-1','account':'foreign','state':'running','platform_version':'8.3',"
                  "'layers':['cp','cache']}",
                  "environment.put", "shop" },
                { "/v1/environments/shop",
                  "{'uid':'e-1','account':'acme','state':'running','platform_version':'8.3','layers':['cp','cache'"
                  "]}",
                  "", "" },
                { "/v1/inventory",
                  "{'source':'platform','revision':1,'environments':[{'name':'shop','uid':'e-1','account':'acme',"
                  "'state':'running','platform_version':'8.3','layers':['cp','cache'],'nodes':[{'id':'101',"
                  "'layer':'cp','addresses':['10.77.0.41'],'os':{'id':'debian'}}]}]}",
                  "inventory.report", "platform" },
                { "/v1/inventory", "{'source':'platform','revision':2,'environments':[]}", "inventory.report",
                  "platform" },
                { "/v1/inventory", "{'source':'platform','revision':3,'environments':[]}", "", "" },
        };
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *export = memory_text(api_export(api, "/a", "/m"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *dry = memory_format("%s?dry_run=true", cases[i].path);
                AUTO_ANSWER struct answer tried = call_of(api, "PUT", dry, cases[i].body);
                AUTO_ANSWER struct answer answer = call_of(api, "PUT", cases[i].path, cases[i].body);

                if (answer.status / 100 != 2 || strcmp(answer_at(&answer, "task/kind"), cases[i].kind) != 0)
                        fail_msg("case %zu: %ld %s", i, answer.status, answer.text);
                assert_string_equal(answer_at(&tried, "task"), "");
                if (!cases[i].kind[0])
                        continue;
                assert_string_equal(answer_at(&answer, "task/subject"), cases[i].subject);
                assert_string_equal(answer_at(&answer, "task/account"), "acme");
                assert_string_equal(answer_at(&answer, "task/exports/0"), export);
                assert_string_equal(answer_at(&answer, "task/state"), "running");
                AUTO_FREE char *path = memory_format("/v1/tasks/%s", answer_at(&answer, "task/id"));
                api_let_all_go(api);
                AUTO_ANSWER struct answer done = call_of(api, "GET", path, NULL);
                assert_string_equal(answer_at(&done, "state"), "done");
        }
}

static void connections_that_were_ended_are_listed(void **state)
{
        struct api *api = *state;
        struct firewall_pair pair = { .service = SERVICE_GLUSTER }, stranger = { .service = SERVICE_NFS };

        api_world(api);
        address_parse("10.77.0.21", &pair.address);
        address_parse("10.77.0.99", &stranger.address);
        AUTO_FREE char *path = memory_format("/v1/exports/%s", api_export(api, "/a", "/a"));
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", path, NULL);
        AUTO_FREE char *location = memory_text(answer_field(&answer, "Location"));
        api_follow(api);
        status_note_cut(api->status, &stranger, 1);
        status_note_cut(api->status, &pair, 3);
        AUTO_ANSWER struct answer task = call_of(api, "GET", location, NULL);
        assert_string_equal(answer_at(&task, "clients"),
                            "[{\"address\":\"10.77.0.21\",\"service\":\"gluster\",\"connections\":3}]");
}

/* The list as ids' kinds in order: "export.delete node.delete". */
static void expect_list(struct api *api, const char *token, const char *query, const char *kinds)
{
        AUTO_FREE char *path = memory_format("/v1/tasks%s", query);
        AUTO_ANSWER struct answer answer = call(api, (struct call){ "GET", path, .token = token });
        AUTO_TEXT struct text text = { 0 };
        size_t count = json_array_size(json_object_get(answer.json, "items"));

        for (size_t i = 0; i < count; i++) {
                AUTO_FREE char *at = memory_format("items/%zu/kind", i);

                text_addf(&text, "%s%s", i > 0 ? " " : "", answer_at(&answer, at));
        }
        assert_string_equal(text_get(&text), kinds);
}

static void lists_show_what_the_asker_may_see(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        const char *id = api_export(api, "/a", "/a");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_FREE char *by_export = memory_format("?export=%s", id);
        atomic_fetch_add(&api->wall_offset_ms, 1000);                 /* ids sort by time */
        expect(api, "DELETE", "/v1/environments/other", NULL, "202"); /* of the account foreign */
        api_let_all_go(api);
        atomic_fetch_add(&api->wall_offset_ms, 1000); /* ids sort by time */
        expect(api, "DELETE", path, NULL, "202");
        expect_list(api, NULL, "?kind=export.create", "export.create");
        expect_list(api, NULL, "?kind=environment.delete", "environment.delete");
        expect_list(api, NULL, "?kind=apply", "");
        expect_list(api, NULL, "?state=running", "export.delete");
        expect_list(api, NULL, by_export, "export.create export.delete");
        expect_list(api, NULL, "?export=ex-none", "");
        expect_list(api, api->tokens[1], "", "export.create environment.delete export.delete");
        expect_list(api, api->tokens[2], "", "export.create export.delete");
        expect(api, "GET", "/v1/tasks?state=x", NULL, "400 query/state word.unknown");
        expect(api, "GET", "/v1/tasks?kind=x", NULL, "400 query/kind word.unknown");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/tasks", NULL);
        AUTO_FREE char *foreign = memory_format("/v1/tasks/%s", answer_at(&list, "items/1/id"));
        AUTO_FREE char *own = memory_format("/v1/tasks/%s", answer_at(&list, "items/2/id"));
        AUTO_ANSWER struct answer hidden = call(api, (struct call){ "GET", foreign, .token = api->tokens[2] });
        AUTO_ANSWER struct answer none =
                call(api, (struct call){ "GET", "/v1/tasks/ta-x", .token = api->tokens[2] });
        AUTO_ANSWER struct answer shown = call(api, (struct call){ "GET", own, .token = api->tokens[2] });
        assert_int_equal(hidden.status, 404);
        assert_string_equal(answer_at(&hidden, "detail"), answer_at(&none, "detail"));
        assert_int_equal(shown.status, 200);
}

/* The ends of many tasks are one commit, and are forgotten after 30 days. */
static void ends_are_written_together_and_forgotten_in_time(void **state)
{
        struct api *api = *state;
        struct task_keeper *keeper;

        api_world(api);
        keeper = task_keeper_new(api->writer, api->status, &api->clock);
        expect(api, "DELETE", "/v1/environments/shop/nodes/101", NULL, "202");
        expect(api, "DELETE", "/v1/environments/shop/nodes/102", NULL, "202");
        uint64_t before = api_revision(api);
        task_keeper_look(keeper); /* nothing has ended */
        api_let_all_go(api);
        expect_list(api, NULL, "?state=done", "node.delete node.delete");
        assert_int_equal(api_revision(api), before);
        task_keeper_look(keeper);
        expect(api, "PUT", "/v1/environments/shop/nodes/103", "{'layer':'cp','addresses':['10.77.0.23']}", "201");
        assert_int_equal(api_revision(api), before + 2);
        api_follow(api); /* what is written is not told again */
        task_keeper_look(keeper);
        expect(api, "DELETE", "/v1/environments/shop/nodes/103", NULL, "202");
        assert_int_equal(api_revision(api), before + 3);
        expect_list(api, NULL, "?state=done", "node.delete node.delete");
        atomic_store(&api->wall_offset_ms, TASK_KEPT_MS + 60000);
        task_keeper_look(keeper);
        expect(api, "PUT", "/v1/environments/shop/nodes/104", "{'layer':'cp','addresses':['10.77.0.24']}", "201");
        expect_list(api, NULL, "", "node.delete"); /* it runs: it is not forgotten */
        task_keeper_free(keeper);                  /* its last job came before that of the PUT */
}

/* Has the keeper look, and the writer make whatever it was handed. */
static void keeper_look(struct api *api, struct task_keeper *keeper)
{
        static unsigned next = 200;
        AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/%u", next);
        AUTO_FREE char *body = memory_format("{'layer':'cache','addresses':['10.77.0.%u']}", next++);

        task_keeper_look(keeper);
        expect(api, "PUT", path, body, "201");
}

static void held_by_all(struct api *api, const char *export)
{
        status_note(api->status, export, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        status_note(api->status, export, PROTOCOL_IS_NFS, api_revision(api), NULL);
}

/* "state outcome confirmed/of tag": of one task. */
static const char *task_summary(struct api *api, const char *id)
{
        static char text[256];
        AUTO_FREE char *path = memory_format("/v1/tasks/ta-%s", id + 3);
        AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);

        if (answer.status != 200)
                return answer_summary(&answer);
        AUTO_FREE char *outcome = memory_text(answer_at(&answer, "outcome"));
        AUTO_FREE char *confirmed = memory_text(answer_at(&answer, "progress/confirmed"));
        AUTO_FREE char *of = memory_text(answer_at(&answer, "progress/of"));
        snprintf(text, sizeof text, "%s %s %s/%s", answer_at(&answer, "state"), outcome, confirmed, of);
        return text;
}

/* The end of a create is noted once, without a revision and without another entity tag of the export: what becomes
 * of the servers later does not make it run again. */
static void create_that_has_ended_stays_so(void **state)
{
        struct api *api = *state;
        struct task_keeper *keeper;
        struct fault down = { 0 };

        api_world(api);
        keeper = task_keeper_new(api->writer, api->status, &api->clock);
        const char *id = api_export(api, "/a", "/a");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_ANSWER struct answer before = call_of(api, "GET", path, NULL);
        assert_string_equal(task_summary(api, id), "running  0/1");
        keeper_look(api, keeper);
        assert_string_equal(task_summary(api, id), "running  0/1");
        held_by_all(api, id);
        assert_string_equal(task_summary(api, id), "done confirmed 1/1");
        uint64_t revision = api_revision(api);
        keeper_look(api, keeper);
        assert_int_equal(api_revision(api), revision + 1); /* that of the PUT */
        fault_set(&down, FAULT_UNAVAILABLE, "down");
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), &down);
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), &down);
        assert_string_equal(task_summary(api, id), "done confirmed 1/1");
        AUTO_ANSWER struct answer after = call_of(api, "GET", path, NULL);
        AUTO_FREE char *tag = memory_text(answer_field(&before, "ETag"));
        assert_string_equal(answer_field(&after, "ETag"), tag);
        AUTO_FREE char *match = memory_format("If-Match: %s", tag);
        AUTO_ANSWER struct answer changed =
                call(api, (struct call){ .method = "PATCH",
                                         .path = path,
                                         .body = "{'access':'ro'}",
                                         .headers = { match, "Content-Type: application/merge-patch+json" } });
        assert_int_equal(changed.status, 202);
        assert_string_equal(task_summary(api, id), "done confirmed 1/1");
        task_keeper_free(keeper);
}

/* After its export it is a document, as it was, and is forgotten like every task. */
static void task_of_a_create_outlives_its_export(void **state)
{
        static const struct {
                bool is_held;
                const char *wanted;
        } cases[] = { { true, "done confirmed 1/1" }, { false, "done overtaken 0/1" } };
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct task_keeper *keeper = task_keeper_new(api->writer, api->status, &api->clock);
                const char *id = api_export(api, "/a", "/a");
                AUTO_FREE char *path = memory_format("/v1/exports/%s", id);

                if (cases[i].is_held)
                        held_by_all(api, id);
                atomic_fetch_add(&api->wall_offset_ms, 1000); /* ids sort by time */
                expect(api, "DELETE", path, NULL, "202");
                assert_string_equal(task_summary(api, id), cases[i].wanted);
                expect_list(api, NULL, "?kind=export.create", "export.create");
                AUTO_FREE char *by_export = memory_format("?export=%s", id);
                expect_list(api, api->tokens[2], by_export, "export.create export.delete");
                api_let_all_go(api);
                atomic_fetch_add(&api->wall_offset_ms, TASK_KEPT_MS + 60000);
                keeper_look(api, keeper);
                assert_string_equal(task_summary(api, id), "404");
                expect_list(api, NULL, "?kind=export.create", "");
                task_keeper_free(keeper);
        }
}

/* That of an export that is there is told for 30 days, too. */
static void task_of_an_old_export_is_not_told(void **state)
{
        struct api *api = *state;
        struct task_keeper *keeper;

        api_world(api);
        keeper = task_keeper_new(api->writer, api->status, &api->clock);
        AUTO_FREE char *old = memory_text(api_export(api, "/a", "/a"));
        AUTO_FREE char *running = memory_text(api_export(api, "/b", "/b"));
        held_by_all(api, old);
        keeper_look(api, keeper);
        atomic_fetch_add(&api->wall_offset_ms, TASK_KEPT_MS + 60000);
        assert_string_equal(task_summary(api, old), "404");
        assert_string_equal(task_summary(api, running), "running  0/1");
        expect_list(api, NULL, "", "export.create");
        task_keeper_free(keeper);
}

/* Pages of one, over tasks that are documents and those that are derived. */
static void pages_hold_both_kinds_in_order(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text kinds = { 0 };
        AUTO_FREE char *path = memory_text("/v1/tasks?limit=1");

        api_world(api);
        for (int i = 0; i < 6; i++) {
                AUTO_FREE char *at = memory_format("/%d", i);
                const char *id = api_export(api, at, at);
                AUTO_FREE char *export = memory_format("/v1/exports/%s", id);

                if (i % 2 == 0)
                        expect(api, "DELETE", export, NULL, "202");
                atomic_fetch_add(&api->wall_offset_ms, 1000);
        }
        for (int i = 0; i < 20 && path; i++) {
                AUTO_ANSWER struct answer page = call_of(api, "GET", path, NULL);

                assert_int_equal(page.status, 200);
                text_addf(&kinds, "%s ", answer_at(&page, "items/0/kind"));
                free(path);
                path = *answer_at(&page, "next") && strcmp(answer_at(&page, "next"), "null") != 0
                               ? memory_format("/v1/tasks?limit=1&cursor=%s", answer_at(&page, "next"))
                               : NULL;
        }
        size_t creates = 0, deletes = 0;
        for (const char *at = text_get(&kinds); (at = strstr(at, "export.create")); at++)
                creates++;
        for (const char *at = text_get(&kinds); (at = strstr(at, "export.delete")); at++)
                deletes++;
        assert_int_equal(creates, 6);
        assert_int_equal(deletes, 3);
}

static void tag_is_of_what_is_told(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/a");
        AUTO_FREE char *path = memory_format("/v1/tasks/ta-%s", id + 3);
        AUTO_ANSWER struct answer first = call_of(api, "GET", path, NULL);
        AUTO_FREE char *known = memory_format("If-None-Match: %s", answer_field(&first, "ETag"));
        const struct call again = { .method = "GET", .path = path, .headers = { known } };
        AUTO_ANSWER struct answer same = call(api, again);
        assert_int_equal(same.status, 304);
        held_by_all(api, id);
        AUTO_ANSWER struct answer other = call(api, again);
        assert_int_equal(other.status, 200);
        assert_string_equal(answer_at(&other, "state"), "done");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(write_that_takes_away_begins_a_task),
                API_TEST(waiting_delete_is_answered_with_the_receipt),
                API_TEST(delete_in_a_hurry_is_answered_with_the_task),
                API_TEST(layer_that_cannot_confirm_is_named),
                API_TEST(connections_that_were_ended_are_listed),
                API_TEST(lists_show_what_the_asker_may_see),
                API_TEST(ends_are_written_together_and_forgotten_in_time),
                API_TEST(create_that_has_ended_stays_so),
                API_TEST(task_of_a_create_outlives_its_export),
                API_TEST(task_of_an_old_export_is_not_told),
                API_TEST(pages_hold_both_kinds_in_order),
                API_TEST(tag_is_of_what_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
