/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"

#define ONE "{'storage':'files','path':'/a','environment':'shop','target':{'layer':'cp'},'mount_path':'/mnt/a'}"
#define AT_B "'environment':'shop','mount_path':'/mnt/b','protocol':'nfs'"
#define TWO "{'storage':'files','path':'/b'," AT_B ",'access':'ro'}"
#define TWO_RW "{'storage':'files','path':'/b'," AT_B "}"
#define TWO_ELSEWHERE "{'storage':'files','path':'/c'," AT_B ",'access':'ro'}"

static struct answer apply(struct api *api, const char *query, const char *body, const char *header)
{
        AUTO_FREE char *path = memory_format("/v1/apply%s", query);

        return call(api, (struct call){ .method = "POST", .path = path, .body = body, .headers = { header } });
}

/* "2 created, 0 changed, ..." of an answer, behind its status. */
static void expect_counts(struct api *api, const char *body, long status, const char *counts)
{
        AUTO_ANSWER struct answer answer = apply(api, "", body, NULL);

        if (answer.status != status)
                fail_msg("%s: %ld %s", body, answer.status, answer.text);
        assert_string_equal(answer_at(&answer, "counts"), counts);
}

#define COUNTS(created, changed, unchanged, removed) \
        "{\"created\":" #created ",\"changed\":" #changed ",\"unchanged\":" #unchanged ",\"removed\":" #removed "}"

static void document_is_made_true_step_by_step(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *body;
                long status;
                const char *counts;
        } steps[] = {
                { "{'manager':'ci','exports':[" ONE "," TWO "]}", 200, COUNTS(2, 0, 0, 0) },
                { "{'manager':'ci','prune':true,'exports':[" TWO "," ONE "]}", 200, COUNTS(0, 0, 2, 0) },
                { "{'manager':'ci','exports':[" ONE "," TWO_RW "]}", 200, COUNTS(0, 1, 1, 0) },
                { "{'manager':'ci','exports':[" TWO "]}", 202, COUNTS(0, 1, 0, 0) }, /* less than before */
                { "{'manager':'ci','prune':true,'exports':[" TWO "]}", 202, COUNTS(0, 0, 1, 1) },
                { "{'manager':'ci','prune':true,'exports':[" TWO_ELSEWHERE "]}", 202, COUNTS(1, 0, 0, 1) },
                { "{'manager':'other','prune':true}", 200, COUNTS(0, 0, 0, 0) },
                { "{'manager':'ci','prune':true,'exports':[]}", 202, COUNTS(0, 0, 0, 1) },
                { "{'manager':'ci','prune':true}", 200, COUNTS(0, 0, 0, 0) },
        };

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
                expect_counts(api, steps[i].body, steps[i].status, steps[i].counts);
                uint64_t revision = api_revision(api);
                AUTO_ANSWER struct answer again = apply(api, "", steps[i].body, NULL);
                assert_int_equal(again.status, 200);
                assert_int_equal(api_revision(api), revision);
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(pmap_count(now->kinds[DOCUMENT_EXPORT]), 0);
}

static void items_tell_id_tag_and_place(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer answer = apply(api, "", "{'manager':'ci','exports':[" ONE "," TWO "]}", NULL);
        assert_string_equal(answer_at(&answer, "items/1/pointer"), "/exports/1");
        assert_string_equal(answer_at(&answer, "items/1/result"), "created");
        assert_string_equal(answer_at(&answer, "items/1/mount_path"), "/mnt/b");
        AUTO_FREE char *tag = memory_text(answer_at(&answer, "items/1/etag"));
        AUTO_FREE char *path = memory_format("/v1/exports/%s", answer_at(&answer, "items/1/id"));
        AUTO_ANSWER struct answer got = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_field(&got, "ETag"), tag);
        assert_string_equal(answer_at(&got, "manager"), "ci");
}

static void all_that_is_wrong_is_told_and_nothing_changes(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *body, *wanted;
        } cases[] = {
                { "{'exports':[]}", "422 /manager key.missing" },
                { "{'prune':true,'more':1,'exports':[" ONE ",7]}",
                  "422 /manager key.missing /more key.unknown /exports/1 type.wrong" },
                { "{'manager':'ci','prune':true,'more':1,'exports':[" TWO_ELSEWHERE
                  "],'environments':[{'name':'-'}]}",
                  "422 /more key.unknown /environments/0/name name.malformed" },
                { "{'manager':'ci','exports':{},'more':1}", "422 /exports type.wrong /more key.unknown" },
                { "{'manager':'ci','exports':[" ONE ",7]}", "422 /exports/1 type.wrong" },
                { "{'manager':'ci','exports':[" ONE "," ONE "]}", "409 /exports/1/mount_path apply.overlaps" },
                { "{'manager':'ci','exports':[" ONE ",{'storage':'none','path':'x','environment':'none','mount_"
                  "path':'/m'},{'storage':'none','path':'/"
                  "x','environment':'none','mount_path':'/m'}]}",
                  "422 /exports/1/path path.not_absolute /exports/2/storage storage.unknown "
                  "/exports/2/environment "
                  "environment.unknown" },
                { "{'manager':'ci','exports':[{'storage':'files','path':'/a','environment':'shop','mount_path':'/"
                  "m','manager':'else'}]}",
                  "422 /exports/0/manager manager.differs" },
                { "{'manager':'ci','exports':[" TWO_RW "," TWO_RW "]}",
                  "422 /exports/1/mount_path apply.repeated" },
                { "{'manager':'ci','exports':[" TWO_ELSEWHERE "]}", "409 /exports/0/path export.fixed" },
                { "{'manager':'other','prune':true,'exports':[" TWO "]}",
                  "409 /exports/0/mount_path manager.other" },
                { "{'manager':'ci','environments':[{'name':'-'},{'name':'new','uid':'e-1','account':'acme','state'"
                  ":'"
                  "running','layers':[]}]}",
                  "422 /environments/0/name name.malformed /environments/1/uid environment.uid_taken" },
                { "{'manager':'ci','environments':[{'name':'shop','uid':'e-1','account':'acme','state':'running','"
                  "layers':['cp']}]}",
                  "409 /environments/0/layers environment.layer_in_use" },
        };

        api_world(api);
        expect_counts(api, "{'manager':'ci','exports':[" TWO "]}", 200, COUNTS(1, 0, 0, 0));
        uint64_t revision = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect(api, "POST", "/v1/apply", cases[i].body, cases[i].wanted);
        assert_int_equal(api_revision(api), revision);
}

static void path_that_is_no_directory_is_told_by_item(void **state)
{
        struct api *api = *state;

        api_world(api);
        files_say(&api->fake, FAULT_NONE, PATH_LINK);
        expect(api, "POST", "/v1/apply", "{'manager':'ci','exports':[" ONE "," TWO "]}",
               "422 /exports/0/path path.is_link /exports/1/path path.is_link");
        assert_int_equal(files_asked(&api->fake), 2);
        files_say(&api->fake, FAULT_UNAVAILABLE, PATH_LINK);
        expect_counts(api, "{'manager':'ci','exports':[" ONE "," TWO "]}", 200, COUNTS(2, 0, 0, 0));
        files_say(&api->fake, FAULT_NONE, PATH_LINK); /* what is known is not asked about */
        expect_counts(api, "{'manager':'ci','exports':[" ONE "," TWO_RW "]}", 200, COUNTS(0, 1, 1, 0));
        assert_int_equal(files_asked(&api->fake), 4);
}

static void environments_need_the_scope_for_them(void **state)
{
        struct api *api = *state;
        static const char environment[] =
                "{'manager':'ci','environments':[{'name':'new','uid':'e-9','account':'acme','"
                "state':'running','layers':['cp']}]}";
        static const struct {
                int token;
                const char *body, *wanted;
        } cases[] = {
                { 2, environment, "403" },
                { 2, "{'manager':'ci','prune':true,'exports':[" ONE "]}", "200" },
                { 1, "{'manager':'ci','exports':[" ONE "]}", "403" },
                { 1, "{'manager':'ci','prune':true}", "403" },
                { 1, environment, "200" },
                { 2,
                  "{'manager':'ci','exports':[{'storage':'files','path':'/a','environment':'other','mount_path':'/"
                  "m'}]}",
                  "422 /exports/0/environment environment.unknown" },
        };

        api_world(api);
        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer =
                        call(api, (struct call){ .method = "POST",
                                                 .path = "/v1/apply",
                                                 .body = cases[i].body,
                                                 .token = api->tokens[cases[i].token] });

                if (strcmp(answer_summary(&answer), cases[i].wanted) != 0)
                        fail_msg("%zu: %s", i, answer.text);
        }
}

static void environment_and_its_export_come_together(void **state)
{
        struct api *api = *state;
        static const char body[] =
                "{'manager':'ci','environments':[{'name':'new','uid':'e-9','account':'acme','state':'"
                "running','layers':['cp']}],'exports':[{'storage':'files','path':'/n','environment':"
                "'new','target':{'layer':'cp'},'mount_path':'/n'}]}";

        api_world(api);
        expect_counts(api, body, 200, COUNTS(2, 0, 0, 0));
        expect_counts(api, body, 200, COUNTS(0, 0, 2, 0));
}

static void dry_run_tells_items_and_outlook(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect_counts(api, "{'manager':'ci','exports':[" TWO "]}", 200, COUNTS(1, 0, 0, 0));
        uint64_t revision = api_revision(api);
        AUTO_ANSWER struct answer answer =
                apply(api, "?dry_run=true", "{'manager':'ci','prune':true,'exports':[" ONE "]}", NULL);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "dry_run"), "true");
        assert_string_equal(answer_at(&answer, "counts"), COUNTS(1, 0, 0, 1));
        assert_string_equal(answer_at(&answer, "grants/counts"), "{\"appear\":1,\"change\":0,\"vanish\":2}");
        assert_int_equal(api_revision(api), revision);
        AUTO_FREE char *passed = memory_format("Gatehouse-If-Revision: %llu", (unsigned long long)revision - 1);
        AUTO_ANSWER struct answer late =
                apply(api, "", "{'manager':'ci','prune':true,'exports':[" ONE "]}", passed);
        assert_string_equal(answer_summary(&late), "412 header/Gatehouse-If-Revision revision.passed");
}

static void key_answers_what_it_was_answered(void **state)
{
        struct api *api = *state;
        static const char body[] = "{'manager':'ci','exports':[" ONE "]}";

        api_world(api);
        AUTO_ANSWER struct answer first = apply(api, "", body, "Idempotency-Key: a-1");
        AUTO_ANSWER struct answer again = apply(api, "", body, "Idempotency-Key: a-1");
        assert_int_equal(first.status, 200);
        assert_string_equal(again.text, first.text);
        assert_string_equal(answer_field(&again, "Idempotency-Replayed"), "true");
        uint64_t revision = api_revision(api);
        AUTO_ANSWER struct answer same = apply(api, "", body, "Idempotency-Key: a-2");
        assert_string_equal(answer_at(&same, "counts"), COUNTS(0, 0, 1, 0));
        assert_int_equal(api_revision(api), revision);
        AUTO_ANSWER struct answer other = apply(api, "", "{'manager':'ci'}", "Idempotency-Key: a-1");
        assert_string_equal(answer_summary(&other), "422 header/Idempotency-Key idempotency.key_reused");
}

/* Longer than what anything else answers. */
static void long_reply_is_kept_for_its_key(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text body = { 0 };

        api_world(api);
        files_say(&api->fake, FAULT_UNAVAILABLE, PATH_LINK);
        text_add(&body, "{'manager':'ci','exports':[");
        for (int i = 0; i < 500; i++)
                text_addf(&body, "%s{'storage':'files','path':'/%d','environment':'shop','mount_path':'/mnt/%d'}",
                          i ? "," : "", i, i);
        text_add(&body, "]}");
        AUTO_ANSWER struct answer first = apply(api, "", text_get(&body), "Idempotency-Key: long");
        AUTO_ANSWER struct answer again = apply(api, "", text_get(&body), "Idempotency-Key: long");
        assert_int_equal(first.status, 200);
        assert_true(strlen(first.text) > 64 * 1024);
        assert_string_equal(answer_field(&again, "Idempotency-Replayed"), "true");
        assert_string_equal(again.text, first.text);
}

static void apply_waits_for_grants_and_receipt(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        expect_counts(api, "{'manager':'ci','exports':[" TWO "]}", 200, COUNTS(1, 0, 0, 0));
        uint64_t before = api_revision(api);
        caller_start(&caller, api,
                     (struct call){ .method = "POST",
                                    .path = "/v1/apply",
                                    .body = "{'manager':'ci','prune':true,'exports':[" ONE "]}",
                                    .headers = { "Prefer: wait=50" } });
        while (api_revision(api) == before)
                sched_yield();
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        struct snapshot_walk walk;
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        const struct document *export = snapshot_walk_next(&walk);
        status_note(api->status, export->id, PROTOCOL_IS_GLUSTER, now->revision, NULL);
        api_follow(api);
        api_let_all_go(api);
        AUTO_ANSWER struct answer answer = caller_join(&caller);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "task/kind"), "apply");
        assert_string_equal(answer_at(&answer, "task/state"), "done");
        assert_string_equal(answer_at(&answer, "task/subject"), "ci");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(document_is_made_true_step_by_step),
                API_TEST(items_tell_id_tag_and_place),
                API_TEST(all_that_is_wrong_is_told_and_nothing_changes),
                API_TEST(path_that_is_no_directory_is_told_by_item),
                API_TEST(environments_need_the_scope_for_them),
                API_TEST(environment_and_its_export_come_together),
                API_TEST(dry_run_tells_items_and_outlook),
                API_TEST(key_answers_what_it_was_answered),
                API_TEST(long_reply_is_kept_for_its_key),
                API_TEST(apply_waits_for_grants_and_receipt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
