/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"
#include "rest/mount_report.h"

#define MOUNTS "/v1/nodes/101/mounts"
#define MOUNTED "/v1/nodes/101/mounted"

/* Both sides are seen to hold the export at the newest revision. */
static void hold(struct api *api, const char *id)
{
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
}

static void mounts_tell_all_that_it_takes_to_mount(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/srv/a");
        expect(api, "PUT", "/v1/storages/files",
               "{'kind':'cluster','account':'acme','addresses':['10.77.0.11','10.77.0.12'],'volume':'data'}",
               "200");
        AUTO_ANSWER struct answer answer = call_of(api, "GET", MOUNTS, NULL);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "items/0/export"), id);
        assert_string_equal(answer_at(&answer, "items/0/state"), "pending");
        assert_string_equal(answer_at(&answer, "items/0/protocol"), "gluster");
        assert_string_equal(answer_at(&answer, "items/0/access"), "rw");
        assert_string_equal(answer_at(&answer, "items/0/mount/path"), "/srv/a");
        assert_string_equal(answer_at(&answer, "items/0/mount/servers"), "[\"10.77.0.11\",\"10.77.0.12\"]");
        assert_string_equal(answer_at(&answer, "items/0/mount/remote"), "/data/a");
        assert_string_equal(answer_at(&answer, "items/0/mount/options"),
                            "_netdev,backup-volfile-servers=10.77.0.12");
        assert_string_equal(answer_at(&answer, "items/1"), "");
        hold(api, id);
        AUTO_ANSWER struct answer active = call_of(api, "GET", MOUNTS, NULL);
        assert_string_equal(answer_at(&active, "items/0/state"), "active");
        AUTO_ANSWER struct answer other = call_of(api, "GET", "/v1/nodes/102/mounts", NULL); /* not in layer cp */
        assert_string_equal(answer_at(&other, "items"), "[]");
}

static void text_form_has_a_line_each_and_an_end(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/srv/a;b");
        AUTO_FREE char *expected = memory_format(
                "gatehouse-mounts 1 101 1\ngrant %s pending gluster rw glusterfs 10.77.0.11 /data/a _netdev "
                "/srv/a\\0073b default nothing\\0040speaks\\0040against\\0040Gluster\\0040Native\nend\n",
                id);
        AUTO_ANSWER struct answer answer =
                call(api, (struct call){ "GET", MOUNTS, .headers = { "Accept: text/plain" } });
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_field(&answer, "Content-Type"), "text/plain; charset=utf-8");
        assert_string_equal(answer_field(&answer, "Vary"), "Accept");
        assert_string_equal(answer.text, expected);
        AUTO_ANSWER struct answer json = call_of(api, "GET", MOUNTS, NULL);
        assert_string_equal(answer_field(&json, "Content-Type"), "application/json");
        AUTO_FREE char *tag = memory_text(answer_field(&json, "ETag"));
        assert_string_not_equal(answer_field(&answer, "ETag"), tag);
}

static void tag_changes_with_what_a_client_can_see(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/srv/a");
        AUTO_ANSWER struct answer first = call_of(api, "GET", MOUNTS, NULL);
        AUTO_FREE char *field = memory_format("If-None-Match: %s", answer_field(&first, "ETag"));
        AUTO_ANSWER struct answer same = call(api, (struct call){ "GET", MOUNTS, .headers = { field } });
        assert_int_equal(same.status, 304);
        AUTO_FREE char *again = memory_text(answer_field(&same, "ETag"));
        assert_string_equal(again, strchr(field, '"'));
        expect(api, "PUT", "/v1/environments/shop/nodes/102", "{'layer':'cache','addresses':['10.77.0.77']}",
               "200");
        expect(api, "PUT", MOUNTED, "{'items':[]}", "200");
        AUTO_ANSWER struct answer still = call(api, (struct call){ "GET", MOUNTS, .headers = { field } });
        assert_int_equal(still.status, 304); /* neither another node nor a report is anything new */
        hold(api, id);
        AUTO_ANSWER struct answer held = call(api, (struct call){ "GET", MOUNTS, .headers = { field } });
        assert_int_equal(held.status, 200);
}

static void follower_hears_of_what_is_new(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        const char *id = api_export(api, "/a", "/srv/a");
        for (int round = 0; round < 3; round++) {
                AUTO_ANSWER struct answer known = call_of(api, "GET", MOUNTS, NULL);
                AUTO_FREE char *field = memory_format("If-None-Match: %s", answer_field(&known, "ETag"));
                AUTO_FREE char *path = memory_format("/v1/exports/%s", id);

                caller_start(&caller, api,
                             (struct call){ "GET", MOUNTS, .headers = { field, "Prefer: wait=50" } });
                if (round == 0)
                        hold(api, id);
                else if (round == 1)
                        api_export(api, "/b", "/srv/b");
                else
                        expect(api, "DELETE", path, NULL, "202");
                api_follow(api);
                AUTO_ANSWER struct answer heard = caller_join(&caller);
                assert_int_equal(heard.status, 200);
                assert_string_equal(answer_field(&heard, "Preference-Applied"), "wait=50");
        }
        AUTO_ANSWER struct answer left = call_of(api, "GET", MOUNTS, NULL);
        assert_string_equal(answer_at(&left, "items/0/mount/path"), "/srv/b");
        assert_string_equal(answer_at(&left, "items/1"), "");
}

static void follower_waits_in_vain_and_no_longer(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        AUTO_ANSWER struct answer known = call_of(api, "GET", MOUNTS, NULL);
        AUTO_FREE char *field = memory_format("If-None-Match: %s", answer_field(&known, "ETag"));
        AUTO_ANSWER struct answer late =
                call(api, (struct call){ "GET", MOUNTS, .headers = { field, "Prefer: wait=1" } });
        assert_int_equal(late.status, 304);
        expect(api, "PUT", "/v1/environments/shop/nodes/102", "{'layer':'cache','addresses':['10.77.0.77']}",
               "200");
        AUTO_ANSWER struct answer at_once = call(
                api, (struct call){ "GET", MOUNTS, .headers = { "If-None-Match: \"x\"", "Prefer: wait=50" } });
        assert_int_equal(at_once.status, 200);
        AUTO_ANSWER struct answer wrong =
                call(api, (struct call){ "GET", MOUNTS, .headers = { "Prefer: wait=61" } });
        assert_string_equal(answer_summary(&wrong), "400 header/Prefer prefer.wait");
        caller_start(&caller, api, (struct call){ "GET", MOUNTS, .headers = { field, "Prefer: wait=50" } });
        expect(api, "DELETE", "/v1/environments/shop/nodes/101", NULL, "202");
        api_follow(api);
        AUTO_ANSWER struct answer gone = caller_join(&caller);
        assert_int_equal(gone.status, 404);
}

/* An export that expires makes no noise. */
static void follower_hears_of_what_time_brings(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        expect(api, "POST", "/v1/exports",
               "{'storage':'files','path':'/a','environment':'shop','mount_path':'/srv/"
               "a','expires_at':'2099-01-01T00:00:00Z'}",
               "201");
        AUTO_ANSWER struct answer known = call_of(api, "GET", MOUNTS, NULL);
        AUTO_FREE char *field = memory_format("If-None-Match: %s", answer_field(&known, "ETag"));
        caller_start(&caller, api, (struct call){ "GET", MOUNTS, .headers = { field, "Prefer: wait=50" } });
        atomic_fetch_add(&api->wall_offset_ms, INT64_C(100) * 366 * 86400 * 1000);
        AUTO_ANSWER struct answer heard = caller_join(&caller);
        assert_int_equal(heard.status, 200);
        assert_string_equal(answer_at(&heard, "items/0/cause/code"), "export.expired");
}

static void waits_end_when_the_server_stops(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        AUTO_ANSWER struct answer known = call_of(api, "GET", MOUNTS, NULL);
        AUTO_FREE char *field = memory_format("If-None-Match: %s", answer_field(&known, "ETag"));
        caller_start(&caller, api, (struct call){ "GET", MOUNTS, .headers = { field, "Prefer: wait=50" } });
        api_follow(api);
        api_stop_server(api);
        AUTO_ANSWER struct answer ended = caller_join(&caller);
        assert_true(ended.status == 304 || ended.status == 0); /* 0: it had not connected yet */
}

static void report_is_shown_with_the_grant_and_its_age(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/srv/a");
        AUTO_FREE char *grants = memory_format("/v1/exports/%s/grants", id);
        AUTO_FREE char *body =
                memory_format("{'client':'mount.gatehouse 1','items':[{'export':'%s','state':'failed',"
                              "'protocol':'gluster','server':'10.77.0.11','sentence':'no route'},"
                              "{'export':'ex-gone','state':'mounted'}]}",
                              id);
        AUTO_ANSWER struct answer before = call_of(api, "GET", grants, NULL);
        assert_string_equal(answer_at(&before, "items/0/client"), "");
        expect(api, "GET", MOUNTED, NULL, "404");
        expect(api, "PUT", MOUNTED, body, "200");
        atomic_fetch_add(&api->monotonic_offset_ms, 90 * 1000);
        AUTO_ANSWER struct answer shown = call_of(api, "GET", grants, NULL);
        assert_string_equal(answer_at(&shown, "items/0/client/state"), "failed");
        assert_string_equal(answer_at(&shown, "items/0/client/protocol"), "gluster");
        assert_string_equal(answer_at(&shown, "items/0/client/server"), "10.77.0.11");
        assert_string_equal(answer_at(&shown, "items/0/client/sentence"), "no route");
        assert_int_equal(strtol(answer_at(&shown, "items/0/client/age_s"), NULL, 10) / 10, 9);
        AUTO_ANSWER struct answer all = call_of(api, "GET", MOUNTED, NULL);
        assert_string_equal(answer_at(&all, "client"), "mount.gatehouse 1");
        assert_string_equal(answer_at(&all, "node"), "101");
        assert_string_equal(answer_at(&all, "items/1"), "{\"state\":\"mounted\",\"export\":\"ex-gone\"}");
        expect(api, "PUT", MOUNTED, "{'items':[]}", "200");
        AUTO_ANSWER struct answer after = call_of(api, "GET", grants, NULL);
        assert_string_equal(answer_at(&after, "items/0/client"), "");
}

/* The node has the same id and another owner: what it said before is nobody's. */
static void report_stays_with_the_account_that_it_was_made_for(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect(api, "PUT", MOUNTED, "{'items':[]}", "200");
        expect(api, "GET", MOUNTED, NULL, "200");
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'foreign','state':'running','layers':['cp','cache']}", "200");
        expect(api, "GET", MOUNTED, NULL, "404");
}

static void wrong_reports_are_told_place_by_place(void **state)
{
        static const struct {
                const char *body, *summary;
        } rows[] = {
                { "{}", "422 /items key.missing" },
                { "{'items':[1]}", "422 /items/0 type.wrong" },
                { "{'items':[{}]}", "422 /items/0/export key.missing /items/0/state key.missing" },
                { "{'items':[{'export':'ex-1','state':'gone','protocol':'smb','server':'nas','x':1}]}",
                  "422 /items/0/state word.unknown /items/0/protocol word.unknown /items/0/server "
                  "address.malformed "
                  "/items/0/x key.unknown" },
                { "{'items':[{'export':'ex-1','state':'failed','sentence':'two\\nlines'}]}",
                  "422 /items/0/sentence text.control_character" },
                { "{'items':[{'export':'ex-1','state':'failed'},{'export':'ex-1','state':'failed'}]}",
                  "422 /items/1/export export.repeated" },
        };
        struct api *api = *state;

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect(api, "PUT", MOUNTED, rows[i].body, rows[i].summary);
        expect(api, "GET", MOUNTED, NULL, "404");
}

static void reports_are_bounded_in_all(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text body = { 0 };
        unsigned node, nodes = MOUNT_REPORTS_ITEMS_MAX / MOUNT_REPORT_ITEMS_MAX;

        api_world(api);
        text_add(&body, "{'items':[");
        for (int i = 0; i < MOUNT_REPORT_ITEMS_MAX; i++)
                text_addf(&body, "%s{'export':'e%d','state':'failed'}", i > 0 ? "," : "", i);
        text_add(&body, "]}");
        for (node = 0; node <= nodes; node++) {
                AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/n%u", node);
                AUTO_FREE char *mounted = memory_format("/v1/nodes/n%u/mounted", node);
                AUTO_FREE char *content =
                        memory_format("{'layer':'cp','addresses':['10.78.%u.%u']}", node / 200, node % 200 + 1);

                expect(api, "PUT", path, content, "201");
                expect(api, "PUT", mounted, text_get(&body), node < nodes ? "200" : "507");
        }
        expect(api, "PUT", "/v1/nodes/n0/mounted", text_get(&body), "200"); /* in place of its own */
        expect(api, "DELETE", "/v1/environments/shop/nodes/n0", NULL, "202");
        expect(api, "PUT", MOUNTED, text_get(&body), "200"); /* in place of one that is gone */
}

static void who_may_read_and_report_mounts(void **state)
{
        static const struct {
                int token; /* of api_tokens; 3 = of node 101 */
                const char *method, *path, *summary;
        } rows[] = {
                { 0, "GET", MOUNTS, "200" },
                { 0, "PUT", MOUNTED, "200" },
                { 1, "GET", MOUNTS, "200" },
                { 1, "PUT", MOUNTED, "403" },
                { 2, "GET", MOUNTS, "200" },
                { 2, "PUT", MOUNTED, "200" },
                { 2, "GET", MOUNTED, "200" },
                { 2, "GET", "/v1/nodes/201/mounts", "404" },
                { 2, "PUT", "/v1/nodes/201/mounted", "404" },
                { 2, "GET", "/v1/nodes/201/mounted", "404" },
                { 2, "GET", "/v1/nodes/none/mounts", "404" },
                { 0, "GET", "/v1/nodes/none/mounts", "404" },
                { 3, "GET", MOUNTS, "200" },
                { 3, "PUT", MOUNTED, "200" },
                { 3, "GET", MOUNTED, "200" },
                { 3, "GET", "/v1/nodes/102/mounts", "404" },
                { 3, "PUT", "/v1/nodes/102/mounted", "404" },
                { 3, "GET", "/v1/nodes/201/mounts", "404" },
                { 3, "GET", "/v1/nodes/none/mounts", "404" },
        };
        struct api *api = *state;
        char tokens[4][SECRET_TEXT_SIZE];

        api_world(api);
        api_tokens(api);
        expect(api, "PUT", "/v1/environments/other/nodes/201", "{'layer':'cp','addresses':['10.77.0.41']}", "201");
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/tokens", "{'name':'n','scope':'node','node':'101'}");
        memcpy(tokens, api->tokens, sizeof api->tokens);
        snprintf(tokens[3], sizeof tokens[3], "%s", answer_at(&made, "secret"));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                AUTO_ANSWER struct answer answer = call(
                        api, (struct call){ .method = rows[i].method,
                                            .path = rows[i].path,
                                            .body = strcmp(rows[i].method, "PUT") == 0 ? "{'items':[]}" : NULL,
                                            .token = tokens[rows[i].token] });

                assert_string_equal(answer_summary(&answer), rows[i].summary);
        }
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(mounts_tell_all_that_it_takes_to_mount),
                API_TEST(text_form_has_a_line_each_and_an_end),
                API_TEST(tag_changes_with_what_a_client_can_see),
                API_TEST(follower_hears_of_what_is_new),
                API_TEST(follower_waits_in_vain_and_no_longer),
                API_TEST(follower_hears_of_what_time_brings),
                API_TEST(waits_end_when_the_server_stops),
                API_TEST(report_is_shown_with_the_grant_and_its_age),
                API_TEST(report_stays_with_the_account_that_it_was_made_for),
                API_TEST(wrong_reports_are_told_place_by_place),
                API_TEST(reports_are_bounded_in_all),
                API_TEST(who_may_read_and_report_mounts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
