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

#define SITE "{'storage':'files','path':'/shared/site','environment':'shop','mount_path':'/var/www/site'}"

static struct answer create(struct api *api, const char *body, const char *header)
{
        return call(api,
                    (struct call){ .method = "POST", .path = "/v1/exports", .body = body, .headers = { header } });
}

static void export_made_is_answered_when_durable(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer made = create(api, SITE, NULL);
        assert_int_equal(made.status, 201);
        AUTO_FREE char *path = memory_format("/v1/exports/%s", answer_at(&made, "id"));
        assert_string_equal(answer_field(&made, "Location"), path);
        assert_string_equal(answer_field(&made, "Preference-Applied"), "");
        assert_string_equal(answer_at(&made, "account"), "acme");
        assert_string_equal(answer_at(&made, "target"), "{\"all\":true}");
        assert_string_equal(answer_at(&made, "status"),
                            "{\"pending\":2,\"active\":0,\"suspended\":0,\"refused\":0,\"failed\":0}");
        AUTO_ANSWER struct answer got = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_field(&got, "ETag"), answer_field(&made, "ETag"));
        AUTO_FREE char *known = memory_format("If-None-Match: %s", answer_field(&got, "ETag"));
        AUTO_ANSWER struct answer same =
                call(api, (struct call){ .method = "GET", .path = path, .headers = { known } });
        assert_int_equal(same.status, 304);
        assert_string_equal(answer_field(&same, "ETag"), answer_field(&got, "ETag"));
        json_object_del(made.json, "task");
        assert_true(json_equal(got.json, made.json));
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        const struct export *export = snapshot_export(now, answer_at(&made, "id"));
        assert_int_equal(export->number, 1);
        assert_string_equal(export->environment_uid, "e-1");
        assert_true(export->file_system_id > 0 && export->file_system_id <= INT64_MAX);
}

static void bad_export_is_refused_naming_the_place(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *body, *wanted;
        } cases[] = {
                { "{'storage':'none','path':'/a','environment':'none','mount_path':'/m'}",
                  "422 /storage storage.unknown /environment environment.unknown" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/"
                  "m','target':{'layer':'sql'}}",
                  "422 /target/layer layer.unknown" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m','target':{'node':'9'}}",
                  "422 /target/node node.unknown" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/"
                  "m','target':{'all':true,'except':['101','9']}}",
                  "422 /target/except/1 node.unknown" },
                { "{'storage':'files','path':'/a','environment':'other','mount_path':'/m'}",
                  "422 /environment environment.other_account" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/"
                  "m','access':'ro','protocol':'gluster'}",
                  "422 /protocol export.read_only" },
                { "{'storage':'files','path':'/a b','environment':'shop','mount_path':'/m','protocol':'gluster'}",
                  "422 /protocol path.not_expressible" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m n','protocol':'gluster'}",
                  "422 /protocol mount_path.not_mountable" },
                { "{'storage':'files','path':'/a/../b','environment':'shop','mount_path':'/proc/x'}",
                  "422 /path path.dot_component /mount_path mount_path.forbidden" },
                { "{'storage':'files','path':'a','environment':'shop','mount_path':'/m','colour':1}",
                  "422 /path path.not_absolute /colour key.unknown" },
                { "{'storage':'files','path':'/a','environment':'shop','mount_path':'/"
                  "m','expires_at':'2020-01-01T00:00:00Z'}",
                  "422 /expires_at export.expired" },
                { "{'storage':7,'path':'/a','environment':'shop','mount_path':'/m'}", "422 /storage type.wrong" },
                { "{'storage':'files','storage':'files','path':'/a','environment':'shop','mount_path':'/m'}",
                  "400" },
                { "[1]", "400" },
                { "{", "400" },
                { "", "400" },
        };
        uint64_t before;

        api_world(api);
        before = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect(api, "POST", "/v1/exports", cases[i].body, cases[i].wanted);
        AUTO_ANSWER struct answer latin =
                create(api, "{'storage':'files','path':'/caf\xe9','environment':'shop','mount_path':'/m'}", NULL);
        assert_int_equal(latin.status, 400);
        assert_int_equal(api_revision(api), before);
        assert_int_equal(files_asked(&api->fake), 0);
}

/* The one made last: its directory needs no second look only where it was seen. */
static bool last_directory_was_seen(struct api *api)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        struct pmap_cursor cursor;
        struct pmap_entry entry;
        const struct export *last = NULL;

        pmap_first(now->kinds[DOCUMENT_EXPORT], NULL, 0, &cursor);
        while (pmap_next(&cursor, &entry)) {
                const struct export *export = entry.value;

                last = last && last->number > export->number ? last : export;
        }
        assert_non_null(last);
        return last->directory_seen;
}

static void path_that_is_no_directory_is_refused_when_somebody_can_say(void **state)
{
        struct api *api = *state;
        static const struct {
                enum fault_code code;
                enum path_kind kind;
                const char *wanted;
        } cases[] = {
                { FAULT_NONE, PATH_LINK, "422 /path path.is_link" },
                { FAULT_NONE, PATH_OTHER, "422 /path path.not_directory" },
                { FAULT_INVALID, PATH_ABSENT, "422 /path path.not_usable" },
                { FAULT_NONE, PATH_DIRECTORY, "201" },
                { FAULT_NONE, PATH_ABSENT, "201" },
                { FAULT_UNAVAILABLE, PATH_LINK, "201" },
                { FAULT_TIMEOUT, PATH_LINK, "201" },
                { FAULT_INTERNAL, PATH_LINK, "201" },
        };

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *body = memory_format(
                        "{'storage':'files','path':'/p%zu','environment':'shop','mount_path':'/m%zu'}", i, i);

                files_say(&api->fake, cases[i].code, cases[i].kind);
                expect(api, "POST", "/v1/exports", body, cases[i].wanted);
                assert_int_equal(files_asked(&api->fake), i + 1);
                if (strcmp(cases[i].wanted, "201") == 0)
                        assert_int_equal(last_directory_was_seen(api),
                                         cases[i].code == FAULT_NONE && cases[i].kind == PATH_DIRECTORY);
        }
        /* Another export has the path of the last one: somebody has looked at it. */
        files_say(&api->fake, FAULT_NONE, PATH_LINK);
        expect(api, "POST", "/v1/exports",
               "{'storage':'files','path':'/p7','environment':'shop','mount_path':'/z'}", "201");
        assert_int_equal(files_asked(&api->fake), ARRAY_SIZE(cases));
        assert_false(last_directory_was_seen(api));
}

static void export_is_told_as_coming_until_it_is_committed_or_refused(void **state)
{
        static const enum path_kind kinds[] = { PATH_LINK, PATH_DIRECTORY };
        struct call call = { .method = "POST", .path = "/v1/exports", .body = SITE };
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
                files_say(&api->fake, FAULT_NONE, kinds[i]);
                files_hold(&api->fake, true);
                caller_start(&caller, api, call);
                files_await_asked(&api->fake, i + 1);
                size_t coming = status_coming(api->status);
                files_hold(&api->fake, false);
                AUTO_ANSWER struct answer answer = caller_join(&caller);
                assert_int_equal(answer.status, kinds[i] == PATH_LINK ? 422 : 201);
                assert_true(coming == 1 && status_coming(api->status) == 0);
        }
}

static void taken_mount_path_answers_with_the_export_there(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *path, *environment, *target, *mount, *wanted;
        } cases[] = {
                { "/shared/site", "shop", "{'layer':'cp'}", "/var/www/site", "409  export.exists" },
                { "/shared/else", "shop", "{'layer':'cp'}", "/var/www/site", "409 /mount_path mount_path.taken" },
                { "/shared/else", "shop", "{'all':true}", "/var/www/site", "409 /mount_path mount_path.taken" },
                { "/shared/else", "shop", "{'node':'101'}", "/var/www/site", "409 /mount_path mount_path.taken" },
                { "/shared/else", "shop", "{'node':'101'}", "/var/www/site/in",
                  "409 /mount_path mount_path.nested" },
                { "/shared/else", "shop", "{'all':true}", "/var/www", "409 /mount_path mount_path.nested" },
                { "/shared/else", "shop", "{'all':true}", "/var/www/site2", "201" },
                { "/shared/else", "shop", "{'layer':'cache'}", "/var/www/site", "201" },
        };

        api_world(api);
        const char *id = api_export(api, "/shared/site", "/var/www/site");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *body = memory_format(
                        "{'storage':'files','path':'%s','environment':'%s','target':%s,'mount_path':'%s'}",
                        cases[i].path, cases[i].environment, cases[i].target, cases[i].mount);
                AUTO_ANSWER struct answer answer = create(api, body, NULL);

                assert_string_equal(answer_summary(&answer), cases[i].wanted);
                if (answer.status == 409)
                        assert_string_equal(answer_at(&answer, "export/id"), id);
        }
}

static void same_key_answers_the_same_export(void **state)
{
        struct api *api = *state;
        const char *reordered =
                "{ 'mount_path':'/var/www/site', 'environment':'shop','path':'/shared/site','storage':'files' }";

        api_world(api);
        AUTO_ANSWER struct answer first = create(api, SITE, "Idempotency-Key: k-1");
        AUTO_ANSWER struct answer again = create(api, reordered, "Idempotency-Key: k-1");
        assert_int_equal(first.status, 201);
        assert_int_equal(again.status, 201);
        assert_string_equal(again.text, first.text);
        assert_string_equal(answer_field(&first, "Idempotency-Replayed"), "");
        assert_string_equal(answer_field(&again, "Idempotency-Replayed"), "true");
        assert_string_equal(answer_field(&again, "ETag"), answer_field(&first, "ETag"));
        assert_string_equal(answer_field(&again, "Location"), answer_field(&first, "Location"));
        AUTO_ANSWER struct answer other =
                create(api, "{'storage':'files','path':'/else','environment':'shop','mount_path':'/m'}",
                       "Idempotency-Key: k-1");
        assert_string_equal(answer_summary(&other), "422 header/Idempotency-Key idempotency.key_reused");
        AUTO_ANSWER struct answer another_key = create(api, SITE, "Idempotency-Key: k-2");
        assert_string_equal(answer_summary(&another_key), "409  export.exists");
        assert_string_equal(answer_at(&another_key, "export/id"), answer_at(&first, "id"));
        AUTO_FREE char *path = memory_format("/v1/exports/%s", answer_at(&first, "id"));
        expect(api, "DELETE", path, NULL, "202");
        AUTO_ANSWER struct answer late = create(api, SITE, "Idempotency-Key: k-1");
        assert_int_equal(late.status, 201);
        assert_string_equal(late.text, first.text);
        expect(api, "GET", path, NULL, "404");
        atomic_store(&api->wall_offset_ms, 25 * 3600 * 1000LL);
        AUTO_ANSWER struct answer next_day = create(api, SITE, "Idempotency-Key: k-1");
        assert_int_equal(next_day.status, 201);
        AUTO_FREE char *made_anew = memory_text(answer_at(&next_day, "id"));
        assert_string_not_equal(made_anew, answer_at(&first, "id"));
        AUTO_ANSWER struct answer bad = create(api, SITE, "Idempotency-Key: a b");
        assert_string_equal(answer_summary(&bad), "400 header/Idempotency-Key idempotency.key_malformed");
}

static void key_of_a_request_under_way_is_refused(void **state)
{
        struct api *api = *state;
        struct caller caller;

        api_world(api);
        files_hold(&api->fake, true);
        caller_start(&caller, api,
                     (struct call){ .method = "POST",
                                    .path = "/v1/exports",
                                    .body = SITE,
                                    .headers = { "Idempotency-Key: k-1", "Prefer: wait=1" } });
        files_await_asked(&api->fake, 1);
        AUTO_ANSWER struct answer second = create(api, SITE, "Idempotency-Key: k-1");
        assert_string_equal(answer_summary(&second), "409 header/Idempotency-Key idempotency.running");
        assert_string_equal(answer_field(&second, "Retry-After"), "1");
        files_hold(&api->fake, false);
        AUTO_ANSWER struct answer first = caller_join(&caller);
        assert_int_equal(first.status, 201);
        AUTO_ANSWER struct answer third = create(api, SITE, "Idempotency-Key: k-1");
        AUTO_FREE char *id = memory_text(answer_at(&first, "id"));
        assert_string_equal(answer_at(&third, "id"), id);
}

static void refused_request_leaves_its_key_free(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer wrong =
                create(api, "{'storage':'none','path':'/a','environment':'shop','mount_path':'/m'}",
                       "Idempotency-Key: k-1");
        assert_int_equal(wrong.status, 422);
        AUTO_ANSWER struct answer right = create(api, SITE, "Idempotency-Key: k-1");
        assert_int_equal(right.status, 201);
}

static void task_of_a_create_ends_when_the_servers_hold_it(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer made = create(api, SITE, NULL);
        AUTO_FREE char *id = memory_text(answer_at(&made, "id"));
        AUTO_FREE char *path = memory_format("/v1/tasks/ta-%s", id + 3);
        assert_string_equal(answer_at(&made, "task/id"), path + strlen("/v1/tasks/"));
        assert_string_equal(answer_at(&made, "task/kind"), "export.create");
        assert_string_equal(answer_at(&made, "task/state"), "running");
        struct fault down = { 0 };
        fault_set(&down, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the bus");
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), &down);
        AUTO_ANSWER struct answer half = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&half, "state"), "running");
        assert_string_equal(answer_at(&half, "storage_nodes/0/layers/1/layer"), "gluster");
        assert_string_equal(answer_at(&half, "storage_nodes/0/layers/1/state"), "confirmed");
        assert_string_equal(answer_at(&half, "storage_nodes/0/layers/0/cause/code"), "unavailable");
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), NULL);
        AUTO_ANSWER struct answer whole =
                call(api, (struct call){ .method = "GET", .path = path, .headers = { "Prefer: wait=50" } });
        assert_string_equal(answer_at(&whole, "state"), "done");
        assert_string_not_equal(answer_at(&whole, "ended_at"), "");
}

static void keys_of_two_callers_never_meet(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        AUTO_ANSWER struct answer first = create(api, SITE, "Idempotency-Key: k-1");
        AUTO_ANSWER struct answer other = call(
                api,
                (struct call){ .method = "POST",
                               .path = "/v1/exports",
                               .token = api->tokens[2],
                               .body = "{'storage':'files','path':'/b','environment':'shop','mount_path':'/b'}",
                               .headers = { "Idempotency-Key: k-1" } });
        assert_int_equal(first.status, 201);
        assert_int_equal(other.status, 201);
}

static void old_keys_are_let_go(void **state)
{
        struct api *api = *state;

        api_world(api);
        for (int i = 0; i < 24; i++) {
                AUTO_FREE char *body = memory_format(
                        "{'storage':'files','path':'/p','environment':'shop','mount_path':'/m%d'}", i);
                AUTO_FREE char *key = memory_format("Idempotency-Key: old-%d", i);
                AUTO_ANSWER struct answer answer = create(api, body, key);

                assert_int_equal(answer.status, 201);
        }
        atomic_store(&api->wall_offset_ms, 72 * 3600 * 1000LL);
        for (int i = 0; i < 24; i++) {
                AUTO_FREE char *body = memory_format(
                        "{'storage':'files','path':'/p','environment':'shop','mount_path':'/n%d'}", i);
                AUTO_FREE char *key = memory_format("Idempotency-Key: new-%d", i);
                AUTO_ANSWER struct answer answer = create(api, body, key);

                assert_int_equal(answer.status, 201);
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(pmap_count(now->kinds[DOCUMENT_REPLY]), 24);
}

static void export_numbers_are_given_out_in_turn(void **state)
{
        struct api *api = *state;

        api_world(api);
        const char *first = api_export(api, "/a", "/a");
        const char *second = api_export(api, "/b", "/b");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", first);
        expect(api, "DELETE", path, NULL, "202");
        const char *third = api_export(api, "/c", "/c");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(snapshot_export(now, second)->number, 2);
        assert_int_equal(snapshot_export(now, third)->number, 3);
}

/* A write that no request makes, waited for. */
struct number_job {
        struct write_job job;
        uint64_t value;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool done;
};

static int counter_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        AUTO_SHARED struct counter *counter = counter_new("export_number");

        (void)fault;
        counter->value = ((struct number_job *)job)->value;
        write_put(write, &counter->document);
        return 0;
}

/* As many exports as `value` says, with the numbers from 1. */
static int exports_prepare(struct write_job *job, struct write *write, struct fault *fault)
{
        (void)fault;
        for (uint64_t number = 1; number <= ((struct number_job *)job)->value; number++) {
                AUTO_FREE char *id = memory_format("ex-%05u", (unsigned)number);
                AUTO_SHARED struct export *export = export_new(id);

                export->number = (uint16_t)number;
                export->file_system_id = number;
                export->account = memory_text("acme");
                export->storage = memory_text("files");
                export->path = memory_format("/n/%u", (unsigned)number);
                export->environment = memory_text("shop");
                export->environment_uid = memory_text("e-1");
                export->target = TARGET_NODE;
                export->target_name = memory_text("101");
                export->mount_path = memory_format("/n/%u", (unsigned)number);
                write_put(write, &export->document);
        }
        return 0;
}

static void number_done(struct write_job *job, const struct snapshot *published, const struct fault *fault)
{
        struct number_job *set = (struct number_job *)job;

        (void)published;
        (void)fault;
        pthread_mutex_lock(&set->lock);
        set->done = true;
        pthread_cond_signal(&set->changed);
        pthread_mutex_unlock(&set->lock);
}

static void number_write(struct api *api,
                         int (*prepare)(struct write_job *job, struct write *write, struct fault *fault),
                         uint64_t value)
{
        struct number_job set = { .job = { prepare, number_done, NULL },
                                  .value = value,
                                  .lock = PTHREAD_MUTEX_INITIALIZER,
                                  .changed = PTHREAD_COND_INITIALIZER };

        writer_submit(api->writer, &set.job);
        pthread_mutex_lock(&set.lock);
        while (!set.done)
                pthread_cond_wait(&set.changed, &set.lock);
        pthread_mutex_unlock(&set.lock);
}

static void export_numbers_wrap_and_skip_those_in_use(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_export(api, "/a", "/a"); /* 1 */
        number_write(api, counter_prepare, EXPORT_NUMBER_LAST - 1);
        const char *last = api_export(api, "/b", "/b");
        const char *wrapped = api_export(api, "/c", "/c");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(snapshot_export(now, last)->number, EXPORT_NUMBER_LAST);
        assert_int_equal(snapshot_export(now, wrapped)->number, 2);
}

/* Every number that the NFS server has for exports is in use: nothing is written, and one that is free again is
 * found wherever it is. */
static void export_without_a_number_left_is_refused(void **state)
{
        static const char one_more[] = "{'storage':'files','path':'/a','environment':'shop','mount_path':'/a'}";
        struct api *api = *state;
        uint64_t revision;

        api_world(api);
        number_write(api, exports_prepare, EXPORT_NUMBER_LAST);
        revision = api_revision(api);
        api_await_exports(api, EXPORT_NUMBER_LAST);
        AUTO_ANSWER struct answer refused = call_of(api, "POST", "/v1/exports", one_more);
        assert_int_equal(refused.status, 507);
        assert_non_null(strstr(answer_at(&refused, "detail"), "all 65470 numbers"));
        assert_non_null(strstr(answer_at(&refused, "detail"), "a storage node with a Gatehouse of its own"));
        assert_int_equal(api_revision(api), revision);
        expect(api, "DELETE", "/v1/exports/ex-40000", NULL, "202");
        const char *found = api_export(api, "/a", "/a");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        assert_int_equal(snapshot_export(now, found)->number, 40000);
        AUTO_ANSWER struct answer again =
                call_of(api, "POST", "/v1/exports",
                        "{'storage':'files','path':'/b','environment':'shop','mount_path':'/b'}");
        assert_int_equal(again.status, 507);
}

/* The id of the only export there is. */
static void export_id_find(struct api *api, char id[EXPORT_ID_SIZE])
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        struct snapshot_walk walk;

        snapshot_walk_start(&walk, now->kinds[DOCUMENT_EXPORT], NULL, NULL);
        snprintf(id, EXPORT_ID_SIZE, "%s", snapshot_walk_next(&walk)->id);
}

static void waiting_create_is_answered_when_the_grants_are_active(void **state)
{
        struct api *api = *state;
        char id[EXPORT_ID_SIZE];
        struct caller caller;
        uint64_t revision;

        api_world(api);
        caller_start(&caller, api,
                     (struct call){ .method = "POST",
                                    .path = "/v1/exports",
                                    .body = SITE,
                                    .headers = { "Prefer: return=representation, wait=50" } });
        api_await_exports(api, 1);
        export_id_find(api, id);
        revision = api_revision(api);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, revision, NULL);
        /* Node 102 is alpine: half of it is not enough. */
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_ANSWER struct answer half = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&half, "status/active"), "1");
        status_note(api->status, id, PROTOCOL_IS_NFS, revision, NULL);
        AUTO_ANSWER struct answer answer = caller_join(&caller);
        assert_int_equal(answer.status, 201);
        assert_string_equal(answer_at(&answer, "status/active"), "2");
        assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=50");
}

static void waiting_create_is_answered_when_its_time_is_over(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer answer = create(api, SITE, "Prefer: wait=1");
        assert_int_equal(answer.status, 201);
        assert_string_equal(answer_at(&answer, "status/pending"), "2");
        assert_string_equal(answer_field(&answer, "Preference-Applied"), "wait=1");
}

static void create_for_nobody_does_not_wait(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect(api, "DELETE", "/v1/environments/shop/nodes/102", NULL, "202");
        AUTO_ANSWER struct answer answer =
                create(api,
                       "{'storage':'files','path':'/"
                       "a','environment':'shop','target':{'layer':'cache'},'mount_path':'/m'}",
                       "Prefer: wait=60");
        assert_int_equal(answer.status, 201);
}

static void bad_preference_is_refused(void **state)
{
        struct api *api = *state;
        static const char *const bad[] = { "Prefer: wait=61",  "Prefer: wait=x",
                                           "Prefer: wait=-1",  "Prefer: wait=",
                                           "Prefer: wait=1.5", "Prefer: foo, WAIT=99999999999999999999" };
        static const char *const good[] = { "Prefer: wait=0", "Prefer: respond-async", "Prefer: wait=\"0\"",
                                            "Prefer: waiting=99, foo=\"a, wait=77\"; wait=99",
                                            "Prefer: foo;bar=1 , wait = 0" };

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                AUTO_ANSWER struct answer answer = create(api, SITE, bad[i]);

                if (answer.status != 400)
                        print_error("%s\n", bad[i]);
                assert_string_equal(answer_summary(&answer), "400 header/Prefer prefer.wait");
        }
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                AUTO_FREE char *body = memory_format(
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/g%zu'}", i);
                AUTO_ANSWER struct answer answer = create(api, body, good[i]);

                if (answer.status != 201)
                        print_error("%s: %s\n", good[i], answer.text);
                assert_int_equal(answer.status, 201);
        }
        AUTO_ANSWER struct answer deleted = call(
                api,
                (struct call){ .method = "DELETE", .path = "/v1/exports/x", .headers = { "Prefer: wait=99" } });
        assert_int_equal(deleted.status, 400);
}

static void equal_creates_at_once_make_one_export(void **state)
{
        enum { CALLERS = 12 };
        struct api *api = *state;
        struct caller callers[CALLERS];
        int made = 0, refused = 0;

        api_world(api);
        for (int i = 0; i < CALLERS; i++)
                caller_start(&callers[i], api,
                             (struct call){ .method = "POST", .path = "/v1/exports", .body = SITE });
        for (int i = 0; i < CALLERS; i++) {
                AUTO_ANSWER struct answer answer = caller_join(&callers[i]);

                made += answer.status == 201;
                refused += answer.status == 409;
        }
        assert_int_equal(made, 1);
        assert_int_equal(refused, CALLERS - 1);
}

static void different_creates_at_once_get_different_numbers(void **state)
{
        enum { CALLERS = 16 };
        struct api *api = *state;
        struct caller callers[CALLERS];
        char *bodies[CALLERS];

        api_world(api);
        for (int i = 0; i < CALLERS; i++) {
                bodies[i] = memory_format(
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m%d'}", i);
                caller_start(&callers[i], api,
                             (struct call){ .method = "POST", .path = "/v1/exports", .body = bodies[i] });
        }
        for (int i = 0; i < CALLERS; i++) {
                AUTO_ANSWER struct answer answer = caller_join(&callers[i]);

                assert_int_equal(answer.status, 201);
                free(bodies[i]);
        }
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        for (uint16_t number = 1; number <= CALLERS; number++)
                assert_non_null(snapshot_export_by_number(now, number));
}

static void grants_say_protocol_reason_and_state(void **state)
{
        struct api *api = *state;
        struct fault down = { 0 };

        api_world(api);
        AUTO_ANSWER struct answer made = create(api, SITE, NULL);
        AUTO_FREE char *id = memory_text(answer_at(&made, "id"));
        AUTO_FREE char *path = memory_format("/v1/exports/%s/grants", id);
        fault_set(&down, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the bus");
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), &down);
        AUTO_ANSWER struct answer grants = call_of(api, "GET", path, NULL);
        assert_int_equal(grants.status, 200);
        assert_string_equal(answer_at(&grants, "items/0/node"), "101");
        assert_string_equal(answer_at(&grants, "items/0/protocol"), "gluster");
        assert_string_equal(answer_at(&grants, "items/0/state"), "active");
        assert_string_equal(answer_at(&grants, "items/1/protocol"), "nfs");
        assert_string_equal(answer_at(&grants, "items/1/reason/code"), "client.alpine");
        assert_string_equal(answer_at(&grants, "items/1/state"), "failed");
        assert_string_equal(answer_at(&grants, "items/1/cause/code"), "unavailable");
        assert_string_equal(answer_at(&grants, "items/1/cause/sentence"), "NFS-Ganesha is not on the bus");
        expect(api, "GET", "/v1/exports/none/grants", NULL, "404");
}

static void read_only_grant_tells_of_other_ways_to_write(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer made = create(
                api, "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m','access':'ro'}", NULL);
        AUTO_FREE char *id = memory_text(answer_at(&made, "id"));
        AUTO_FREE char *path = memory_format("/v1/exports/%s/grants", id);
        AUTO_FREE char *other = memory_text(api_export(api, "/b", "/n")); /* for layer cp, with node 101 alone */
        AUTO_ANSWER struct answer grants = call_of(api, "GET", path, NULL);
        assert_string_equal(answer_at(&grants, "items/0/also_rw/code"), "access.also_rw");
        assert_string_not_equal(answer_at(&grants, "items/0/also_rw/sentence"), "");
        assert_string_equal(answer_at(&grants, "items/0/also_rw/exports/0/export"), other);
        assert_string_equal(answer_at(&grants, "items/0/also_rw/exports/0/path"), "/b");
        assert_string_equal(answer_at(&grants, "items/1/node"), "102");
        assert_string_equal(answer_at(&grants, "items/1/also_rw"), "");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(export_made_is_answered_when_durable),
                API_TEST(bad_export_is_refused_naming_the_place),
                API_TEST(path_that_is_no_directory_is_refused_when_somebody_can_say),
                API_TEST(export_is_told_as_coming_until_it_is_committed_or_refused),
                API_TEST(taken_mount_path_answers_with_the_export_there),
                API_TEST(same_key_answers_the_same_export),
                API_TEST(key_of_a_request_under_way_is_refused),
                API_TEST(refused_request_leaves_its_key_free),
                API_TEST(task_of_a_create_ends_when_the_servers_hold_it),
                API_TEST(keys_of_two_callers_never_meet),
                API_TEST(old_keys_are_let_go),
                API_TEST(export_numbers_are_given_out_in_turn),
                API_TEST(export_numbers_wrap_and_skip_those_in_use),
                API_TEST(export_without_a_number_left_is_refused),
                API_TEST(waiting_create_is_answered_when_the_grants_are_active),
                API_TEST(waiting_create_is_answered_when_its_time_is_over),
                API_TEST(create_for_nobody_does_not_wait),
                API_TEST(bad_preference_is_refused),
                API_TEST(equal_creates_at_once_make_one_export),
                API_TEST(different_creates_at_once_get_different_numbers),
                API_TEST(grants_say_protocol_reason_and_state),
                API_TEST(read_only_grant_tells_of_other_ways_to_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
