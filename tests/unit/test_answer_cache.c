/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "rest/answer_cache.h"

static size_t released;

static void count_release(void *answer)
{
        released++;
        free(answer);
}

struct kept {
        struct answer_cache *cache;
        struct answer_stamp stamp;
        struct answer_key key;
};

/* One answer to `GET /a` of `Bearer x`, made of the stamp. */
static void kept_start(struct kept *kept, const struct answer_stamp *stamp)
{
        released = 0;
        kept->cache = answer_cache_new(count_release);
        kept->stamp = *stamp;
        assert_true(answer_key_make(kept->cache, "/a", "Bearer x", &kept->key));
        answer_cache_keep(kept->cache, &kept->stamp, &kept->key, NULL, memory_text("made"), 4);
}

static void answer_is_given_again_only_under_its_stamp(void **state)
{
        AUTO_SHARED struct snapshot *now = snapshot_new();
        AUTO_SHARED struct snapshot *next = snapshot_new();
        const struct answer_stamp made = { now, 7, 1000 };
        const struct {
                struct answer_stamp stamp;
                bool holds;
        } cases[] = {
                { { now, 7, 1000 }, true },   { { now, 7, 1000 + ANSWER_LIFE_MS - 1 }, true },
                { { next, 7, 1000 }, false }, { { now, 8, 1000 }, false },
                { { now, 6, 1000 }, false },  { { now, 7, 1000 + ANSWER_LIFE_MS }, false },
                { { now, 7, 999 }, false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct route *route;
                size_t bytes;
                struct kept kept;

                kept_start(&kept, &made);
                assert_int_equal(answer_cache_find(kept.cache, &cases[i].stamp, &kept.key, &route, &bytes) != NULL,
                                 cases[i].holds);
                assert_int_equal(released, cases[i].holds ? 0 : 1);
                /* What has become untrue once is not kept for the case that it becomes true again. */
                assert_int_equal(answer_cache_find(kept.cache, &made, &kept.key, &route, &bytes) != NULL,
                                 cases[i].holds);
                answer_cache_free(kept.cache);
                assert_int_equal(released, 1);
        }
}

static void another_target_or_token_is_another_question(void **state)
{
        static const struct {
                const char *target, *authorization;
        } cases[] = { { "/b", "Bearer x" },
                      { "/a", "Bearer y" },
                      { "/a", "" },
                      { "x\n/a", "Bearer" },
                      { "", "Bearer x\n/a" } };
        AUTO_SHARED struct snapshot *now = snapshot_new();
        const struct answer_stamp stamp = { now, 7, 1000 };
        const struct route *route;
        size_t bytes;
        struct answer_key key;
        struct kept kept;
        AUTO_FREE char *longest = memory_new(ANSWER_KEY_MOST + 1, 1);

        (void)state;
        kept_start(&kept, &stamp);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_true(answer_key_make(kept.cache, cases[i].target, cases[i].authorization, &key));
                assert_null(answer_cache_find(kept.cache, &stamp, &key, &route, &bytes));
        }
        assert_true(answer_key_make(kept.cache, "/a", "Bearer x", &key));
        assert_string_equal(answer_cache_find(kept.cache, &stamp, &key, &route, &bytes), "made");
        memset(longest, 'x', ANSWER_KEY_MOST);
        assert_false(answer_key_make(kept.cache, longest, "Bearer x", &key));
        answer_cache_free(kept.cache);
}

static void cache_is_bounded_in_bytes_and_places(void **state)
{
        AUTO_SHARED struct snapshot *now = snapshot_new();
        const struct answer_stamp stamp = { now, 7, 1000 };
        const struct route *route;
        size_t bytes;
        size_t made = 1;
        struct kept kept;

        (void)state;
        kept_start(&kept, &stamp);
        for (; made <= 3 * (size_t)ANSWER_PLACES; made++) {
                AUTO_FREE char *target = memory_format("/%zu", made);
                struct answer_key key;

                assert_true(answer_key_make(kept.cache, target, "Bearer x", &key));
                answer_cache_keep(kept.cache, &stamp, &key, NULL, memory_text(target), 4);
                assert_string_equal(answer_cache_find(kept.cache, &stamp, &key, &route, &bytes), target);
        }
        assert_true(made - released <= ANSWER_PLACES);
        answer_cache_keep(kept.cache, &stamp, &kept.key, NULL, memory_text("large"), ANSWER_BYTES_MOST);
        assert_int_equal(released, made); /* it alone is kept */
        answer_cache_keep(kept.cache, &stamp, &kept.key, NULL, memory_text("too large"), ANSWER_BYTES_MOST + 1);
        assert_int_equal(released, made + 2);
        assert_null(answer_cache_find(kept.cache, &stamp, &kept.key, &route, &bytes));
        answer_cache_free(kept.cache);
        assert_int_equal(released, made + 2);
}

/* What the whole server answers to the same plain question, again and again. */
static struct answer ask(struct api *api, const char *path)
{
        return call(api, (struct call){ .method = "GET", .path = path, .token = api->tokens[0] });
}

static void expect_again(struct api *api, const char *path, const char *at, const char *wanted)
{
        for (int again = 0; again < 3; again++) {
                AUTO_ANSWER struct answer answer = ask(api, path);

                assert_int_equal(answer.status, 200);
                assert_string_equal(answer_at(&answer, at), wanted);
        }
}

static void server_answers_again_what_still_holds_and_nothing_else(void **state)
{
        struct api *api = *state;
        const char *id, *list = "/v1/exports?limit=10";

        api_world(api);
        api_tokens(api);
        id = api_export(api, "/shared/site", "/var/www/site");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_ANSWER struct answer first = ask(api, path);
        assert_string_equal(answer_field(&first, "X-Request-Id"), "");
        assert_string_not_equal(answer_field(&first, "ETag"), "");

        expect_again(api, path, "status/active", "0");
        expect_again(api, list, "items/0/status/active", "0");
        status_note(api->status, id, PROTOCOL_IS_NFS, api_revision(api), NULL);
        status_note(api->status, id, PROTOCOL_IS_GLUSTER, api_revision(api), NULL);
        expect_again(api, path, "status/active", "1");
        expect_again(api, list, "items/0/status/active", "1");

        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'stopped','layers':['cp','cache']}", "200");
        expect_again(api, path, "status/suspended", "1");

        AUTO_ANSWER struct answer named = call(api, (struct call){ .method = "GET",
                                                                   .path = path,
                                                                   .token = api->tokens[0],
                                                                   .headers = { "X-Request-Id: mine" } });
        assert_string_equal(answer_field(&named, "X-Request-Id"), "mine");
        AUTO_ANSWER struct answer other =
                call(api, (struct call){ .method = "GET",
                                         .path = path,
                                         .token = "gh_wrongwrongwrongwrongwrongwrongwrongwrongwro" });
        assert_int_equal(other.status, 401);
        expect(api, "DELETE", "/v1/tokens/op", NULL, "200");
        AUTO_ANSWER struct answer revoked = ask(api, path);
        assert_int_equal(revoked.status, 401);
}

static void answer_ends_with_the_time_that_it_speaks_of(void **state)
{
        struct api *api = *state;

        api_world(api);
        api_tokens(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s", api_export(api, "/shared/site", "/var/www/site"));
        AUTO_ANSWER struct answer changed = call(
                api, (struct call){ .method = "PATCH",
                                    .path = path,
                                    .headers = { "If-Match: *", "Content-Type: application/merge-patch+json" },
                                    .body = "{'expires_at':'2200-01-01T00:00:00Z'}" });
        assert_int_equal(changed.status, 200);
        expect_again(api, path, "status/suspended", "0");
        atomic_store(&api->wall_offset_ms, INT64_C(200) * 365 * 86400 * 1000);
        AUTO_ANSWER struct answer after = ask(api, path);
        assert_string_equal(answer_at(&after, "status/pending"), "0");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answer_is_given_again_only_under_its_stamp),
                cmocka_unit_test(another_target_or_token_is_another_question),
                cmocka_unit_test(cache_is_bounded_in_bytes_and_places),
                cmocka_unit_test_setup_teardown(server_answers_again_what_still_holds_and_nothing_else, api_start,
                                                api_stop),
                cmocka_unit_test_setup_teardown(answer_ends_with_the_time_that_it_speaks_of, api_start, api_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
