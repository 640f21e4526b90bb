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

#define MERGE_PATCH "Content-Type: application/merge-patch+json"

static char *export_path(const char *id)
{
        return memory_format("/v1/exports/%s", id);
}

static struct answer patch(struct api *api, const char *id, const char *body, const char *if_match)
{
        AUTO_FREE char *path = export_path(id);

        return call(api,
                    (struct call){
                            .method = "PATCH", .path = path, .body = body, .headers = { MERGE_PATCH, if_match } });
}

static void expect_patch(struct api *api, const char *id, const char *body, const char *wanted)
{
        AUTO_ANSWER struct answer answer = patch(api, id, body, "If-Match: *");

        if (strcmp(answer_summary(&answer), wanted) != 0)
                print_error("%s: %s\n", body, answer.text);
        assert_string_equal(answer_summary(&answer), wanted);
}

static struct answer revoke(struct api *api, const char *id, const char *body, const char *header)
{
        AUTO_FREE char *path = memory_format("/v1/exports/%s/revoke", id);

        return call(api, (struct call){ .method = "POST", .path = path, .body = body, .headers = { header } });
}

static void patch_changes_what_it_names(void **state)
{
        static const struct {
                const char *body, *member, *wanted;
                bool takes; /* something from somebody */
        } cases[] = {
                { "{'access':'ro'}", "access", "ro", true },
                { "{'access':null}", "access", "rw", true },
                { "{'squash':'all','anonymous_uid':33,'anonymous_gid':34}", "anonymous_gid", "34", true },
                { "{'anonymous_gid':null}", "anonymous_gid", "65534", true },
                { "{'protocol':'nfs'}", "protocol", "nfs", false },
                { "{'mount_style':'soft'}", "mount_style", "soft", false },
                { "{'labels':{'a':'1','b':'2'}}", "labels", "{\"a\":\"1\",\"b\":\"2\"}", false },
                { "{'labels':{'a':null}}", "labels", "{\"b\":\"2\"}", false },
                { "{'manager':'ci'}", "manager", "ci", false },
                { "{'manager':null}", "manager", "", false },
                { "{'enabled':false}", "enabled", "false", true },
                { "{'expires_at':'2099-01-01T00:00:00Z'}", "expires_at", "2099-01-01T00:00:00.000Z", false },
                { "{'expires_at':null}", "expires_at", "", false },
                { "{'target':{'except':['101']}}", "target", "{\"layer\":\"cp\",\"except\":[\"101\"]}", false },
                { "{'target':{'except':[]}}", "target", "{\"layer\":\"cp\"}", false },
                /* What stays may be said again. */
                { "{'path':'/a','target':{'layer':'cp'},'directory':{'mode':'0755'}}", "path", "/a", false },
        };
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = export_path(id);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer = patch(api, id, cases[i].body, "If-Match: *");
                AUTO_ANSWER struct answer got = call_of(api, "GET", path, NULL);

                if (answer.status != (cases[i].takes ? 202 : 200))
                        print_error("%s: %s\n", cases[i].body, answer.text);
                assert_int_equal(answer.status, cases[i].takes ? 202 : 200);
                assert_string_equal(answer_at(&answer, cases[i].member), cases[i].wanted);
                assert_int_equal(json_object_del(answer.json, "task"), cases[i].takes ? 0 : -1);
                assert_true(json_equal(got.json, answer.json));
                assert_string_equal(answer_at(&answer, "id"), id);
                assert_string_equal(answer_at(&answer, "account"), "acme");
                assert_string_equal(answer_at(&answer, "number"), "1");
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_string_equal(snapshot_export(now, id)->environment_uid, "e-1");
        assert_true(snapshot_export(now, id)->file_system_id > 0);
}

static void wrong_patch_is_refused_naming_every_place(void **state)
{
        static const struct {
                const char *body, *wanted;
        } cases[] = {
                { "{'storage':'x','path':'/b','environment':'other','mount_path':'/n','directory':{'mode':'0700'},"
                  "'target':{'node':'101','layer':null}}",
                  "422 /storage export.fixed /path export.fixed /environment export.fixed "
                  "/mount_path export.fixed /directory export.fixed /target/layer export.fixed "
                  "/target/node export.fixed" },
                { "{'path':null}", "422 /path export.fixed" },
                { "{'target':null}", "422 /target export.fixed" },
                { "{'target':7}", "422 /target type.wrong" },
                { "{'target':{'layer':'cache'}}", "422 /target/layer export.fixed" },
                { "{'target':{'all':true}}", "422 /target/all export.fixed" },
                { "{'target':{'except':['101','9','8']}}",
                  "422 /target/except/1 node.unknown /target/except/2 node.unknown" },
                { "{'path':'/b','access':'x','enabled':1,'colour':1}",
                  "422 /path export.fixed /access word.unknown /enabled type.wrong /colour key.unknown" },
                { "{'id':'ex-1'}", "422 /id key.unknown" },
                { "{'id':null,'manager':null,'target':{'excpt':null},'directory':{'uid':0,'owner':null},"
                  "'labels':{'x':null}}",
                  "422 /target/excpt key.unknown /directory/owner key.unknown /id key.unknown" },
                { "{'access':'ro','protocol':'gluster'}", "422 /protocol export.read_only" },
                { "{'expires_at':'2020-01-01T00:00:00Z'}", "422 /expires_at export.expired" },
                { "[]", "400" },
                { "{", "400" },
        };
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        uint64_t before = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_patch(api, id, cases[i].body, cases[i].wanted);
        assert_int_equal(api_revision(api), before);
}

static void patch_needs_the_tag_of_what_it_was_made_for(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = export_path(id);
        AUTO_ANSWER struct answer before = call_of(api, "GET", path, NULL);
        AUTO_FREE char *old_tag = memory_text(answer_field(&before, "ETag"));
        AUTO_FREE char *if_match = memory_format("If-Match: %s", old_tag);
        /* What was seen of it, and others' changes, leave the tag alone. */
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        api_export(api, "/b", "/n");
        AUTO_ANSWER struct answer seen = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_field(&seen, "ETag"), old_tag);
        AUTO_ANSWER struct answer without = patch(api, id, "{'access':'ro'}", NULL);
        assert_int_equal(without.status, 428);
        assert_string_equal(answer_at(&without, "type"), "urn:gatehouse:problem:precondition_required");
        AUTO_ANSWER struct answer first = patch(api, id, "{'access':'ro'}", if_match);
        assert_int_equal(first.status, 202);
        AUTO_FREE char *new_tag = memory_text(answer_field(&first, "ETag"));
        assert_string_not_equal(new_tag, old_tag);
        AUTO_ANSWER struct answer late = patch(api, id, "{'access':'rw'}", if_match);
        assert_int_equal(late.status, 412);
        AUTO_ANSWER struct answer same = patch(api, id, "{'access':'ro'}", "If-Match: *");
        assert_string_equal(answer_field(&same, "ETag"), new_tag);
        AUTO_FREE char *known = memory_format("If-None-Match: %s", new_tag);
        AUTO_ANSWER struct answer got = call(api, (struct call){ "GET", path, .headers = { known } });
        assert_int_equal(got.status, 304);
}

static void patch_of_another_type_is_refused(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *path = export_path(api_export(api, "/a", "/m"));
        AUTO_ANSWER struct answer answer = call_of(api, "PATCH", path, "{'access':'ro'}");
        assert_int_equal(answer.status, 415);
        assert_string_equal(answer_field(&answer, "Accept-Patch"), "application/merge-patch+json");
}

static void foreign_exports_are_as_if_not_there(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        AUTO_ANSWER struct answer token =
                call_of(api, "POST", "/v1/tokens", "{'name':'f','scope':'account','account':'foreign'}");
        AUTO_FREE char *secret = memory_text(answer_at(&token, "secret"));
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = export_path(id);
        AUTO_FREE char *revoke_path = memory_format("%s/revoke", path);
        const struct {
                const char *token;
                long status;
        } cases[] = { { secret, 404 }, { api->tokens[1], 403 }, { api->tokens[2], 202 } };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer patched =
                        call(api, (struct call){ .method = "PATCH",
                                                 .path = path,
                                                 .body = "{'access':'ro'}",
                                                 .token = cases[i].token,
                                                 .headers = { MERGE_PATCH, "If-Match: *" } });
                AUTO_ANSWER struct answer revoked = call(api, (struct call){ .method = "POST",
                                                                             .path = revoke_path,
                                                                             .body = "{'node':'101'}",
                                                                             .token = cases[i].token });

                assert_int_equal(patched.status, cases[i].status);
                assert_int_equal(revoked.status, cases[i].status);
        }
        expect_patch(api, "none", "{}", "404");
}

/* What is wrong already, and stays, is no reason to refuse a change. */
static void export_of_a_world_that_is_gone_can_be_switched_off(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        expect_patch(api, id, "{'protocol':'gluster','target':{'except':['101']}}", "202");
        struct protocol_facts facts = { .pool_enforced = KNOWN_ABSENT };
        status_set_facts(api->status, &facts);
        expect(api, "DELETE", "/v1/environments/shop", NULL, "202");
        expect_patch(api, id, "{'enabled':false}", "200");
        expect_patch(api, id, "{'target':{'except':['101','102']}}", "422 /target/except/1 node.unknown");
        expect_patch(api, id, "{'squash':'root'}", "422 /protocol storage.peer_unenforced");
        expect_patch(api, id, "{'target':{'except':[]}}", "200");
}

static void export_that_has_expired_can_be_changed_and_prolonged(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        expect_patch(api, id, "{'expires_at':'2099-01-01T00:00:00Z'}", "200");
        atomic_store(&api->wall_offset_ms, 100 * 366 * 86400000LL);
        expect_patch(api, id, "{'labels':{'a':'b'}}", "200");
        expect_patch(api, id, "{'expires_at':'2099-01-02T00:00:00Z'}", "422 /expires_at export.expired");
        expect_patch(api, id, "{'expires_at':null}", "200");
}

static void revoked_node_stays_revoked(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = export_path(id);
        AUTO_FREE char *grants_path = memory_format("%s/grants", path);
        AUTO_ANSWER struct answer revoked = revoke(api, id, "{'node':'101'}", NULL);
        assert_int_equal(revoked.status, 202);
        assert_string_equal(answer_at(&revoked, "revoked"), "true");
        assert_string_equal(answer_at(&revoked, "task/kind"), "export.revoke");
        assert_string_equal(answer_at(&revoked, "task/state"), "running");
        expect(api, "DELETE", "/v1/environments/shop/nodes/101", NULL, "202");
        expect(api, "PUT", "/v1/environments/shop/nodes/101", "{'layer':'cp','addresses':['10.77.0.31']}", "201");
        AUTO_ANSWER struct answer grants = call_of(api, "GET", grants_path, NULL);
        assert_string_equal(answer_at(&grants, "items"), "[]");
        AUTO_ANSWER struct answer before = call_of(api, "GET", path, NULL);
        AUTO_ANSWER struct answer again = revoke(api, id, "{'node':'101'}", NULL);
        assert_int_equal(again.status, 202);
        AUTO_ANSWER struct answer after = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_field(&before, "ETag"), answer_field(&after, "ETag"));
        expect_patch(api, id, "{'target':{'except':null}}", "200");
        AUTO_ANSWER struct answer back = call_of(api, "GET", grants_path, NULL);
        assert_string_equal(answer_at(&back, "items/0/node"), "101");
}

static void wrong_revocation_is_refused(void **state)
{
        static const struct {
                const char *body, *wanted;
        } cases[] = {
                { "{}", "422 /node key.missing" },
                { "{'node':'9'}", "422 /node node.unknown" },
                { "{'node':7,'x':1}", "422 /node type.wrong /x key.unknown" },
                { "[]", "400" },
        };
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_ANSWER struct answer answer = revoke(api, id, cases[i].body, NULL);

                assert_string_equal(answer_summary(&answer), cases[i].wanted);
        }
        AUTO_ANSWER struct answer stale = revoke(api, id, "{'node':'101'}", "If-Match: \"1\"");
        assert_int_equal(stale.status, 412);
        AUTO_ANSWER struct answer missing = revoke(api, "none", "{'node':'101'}", NULL);
        assert_int_equal(missing.status, 404);
        AUTO_ANSWER struct answer single = call_of(api, "POST", "/v1/exports",
                                                   "{'storage':'files','path':'/b','environment':'shop',"
                                                   "'target':{'node':'101'},'mount_path':'/n'}");
        AUTO_FREE char *single_id = memory_text(answer_at(&single, "id"));
        AUTO_ANSWER struct answer of_node = revoke(api, single_id, "{'node':'101'}", NULL);
        assert_string_equal(answer_summary(&of_node), "422 /node target.except_of_node");
}

static void full_list_of_revoked_nodes_takes_no_more(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text body = { 0 };

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        for (int i = 0; i < EXPORT_EXCEPT_MAX; i++) {
                AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/n%d", i);
                AUTO_FREE char *node =
                        memory_format("{'layer':'cp','addresses':['10.78.%d.%d']}", i / 200, i % 200 + 1);

                expect(api, "PUT", path, node, "201");
                text_addf(&body, "%s'n%d'", i == 0 ? "{'target':{'except':[" : ",", i);
        }
        text_add(&body, "]}}");
        expect_patch(api, id, text_get(&body), "202");
        AUTO_ANSWER struct answer full = revoke(api, id, "{'node':'101'}", NULL);
        assert_string_equal(answer_summary(&full), "422 /node target.except_full");
        AUTO_ANSWER struct answer known = revoke(api, id, "{'node':'n7'}", NULL);
        assert_int_equal(known.status, 202);
}

/* Waits until the export was changed after `before`. */
static void await_revision_after(struct api *api, uint64_t before)
{
        for (int tries = 0; api_revision(api) == before; tries++) {
                assert_true(tries < 2000);
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        }
}

/* Going over from one protocol to the other: the new one must hold it, and the old one nothing of it. */
static void waiting_patch_sees_both_sides_follow(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = export_path(id);
        uint64_t before = api_revision(api);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, before, NULL);
        caller_start(&caller, api,
                     (struct call){ .method = "PATCH",
                                    .path = path,
                                    .body = "{'access':'ro'}",
                                    .headers = { MERGE_PATCH, "If-Match: *", "Prefer: wait=50" } });
        await_revision_after(api, before);
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), NULL);
        api_let_all_go(api);
        AUTO_ANSWER struct answer answer = caller_join(&caller);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "task/state"), "done");
        assert_string_equal(answer_at(&answer, "status/active"), "1");
        assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=50");
}

static void waiting_patch_does_not_trust_one_side_alone(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *id = api_export(api, "/a", "/m");
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_NFS, UINT64_MAX, NULL);
        AUTO_ANSWER struct answer answer = revoke(api, id, "{'node':'101'}", "Prefer: wait=1");
        assert_int_equal(answer.status, 202);
        assert_string_equal(answer_at(&answer, "task/state"), "running");
        assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=1");
}

/* Others are let in by NFS still: what was an export stays one, with one client less. */
static void waiting_revocation_sees_the_export_without_the_node(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        expect(api, "PUT", "/v1/environments/shop/nodes/103",
               "{'layer':'cp','addresses':['10.77.0.23'],'os':{'id':'alpine'}}", "201");
        expect(api, "PUT", "/v1/environments/shop/nodes/104",
               "{'layer':'cp','addresses':['10.77.0.24'],'os':{'id':'alpine'}}", "201");
        const char *id = api_export(api, "/a", "/m");
        AUTO_FREE char *path = memory_format("/v1/exports/%s/revoke", id);
        uint64_t before = api_revision(api);
        status_note(api->status, id, PROTOCOL_IS_NFS, before, NULL);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, before, NULL);
        caller_start(&caller, api,
                     (struct call){ .method = "POST",
                                    .path = path,
                                    .body = "{'node':'103'}",
                                    .headers = { "Prefer: wait=50" } });
        await_revision_after(api, before);
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        api_let_all_go(api);
        AUTO_ANSWER struct answer answer = caller_join(&caller);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer_at(&answer, "task/state"), "done");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(patch_changes_what_it_names),
                API_TEST(wrong_patch_is_refused_naming_every_place),
                API_TEST(patch_needs_the_tag_of_what_it_was_made_for),
                API_TEST(patch_of_another_type_is_refused),
                API_TEST(foreign_exports_are_as_if_not_there),
                API_TEST(export_of_a_world_that_is_gone_can_be_switched_off),
                API_TEST(export_that_has_expired_can_be_changed_and_prolonged),
                API_TEST(revoked_node_stays_revoked),
                API_TEST(wrong_revocation_is_refused),
                API_TEST(full_list_of_revoked_nodes_takes_no_more),
                API_TEST(waiting_patch_sees_both_sides_follow),
                API_TEST(waiting_patch_does_not_trust_one_side_alone),
                API_TEST(waiting_revocation_sees_the_export_without_the_node),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
