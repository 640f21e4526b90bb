/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "base/memory.h"
#include "base/text.h"

/* What a GET shows: for each event "action object", oldest last. */
static char *events_get(struct api *api, const char *token, const char *query)
{
        AUTO_FREE char *path = memory_format("/v1/events%s", query);
        AUTO_ANSWER struct answer answer =
                call(api, (struct call){ .method = "GET", .path = path, .token = token });
        struct text text = { 0 };

        text_addf(&text, "%ld", answer.status);
        for (size_t i = 0; i < json_array_size(json_object_get(answer.json, "items")); i++) {
                const json_t *item = json_array_get(json_object_get(answer.json, "items"), i);

                text_addf(&text, " %s:%s", json_string_value(json_object_get(item, "action")),
                          json_string_value(json_object_get(json_object_get(item, "object"), "id")));
        }
        return text_take(&text);
}

#define assert_events(api, token, query, wanted)                           \
        do {                                                               \
                AUTO_FREE char *got = events_get((api), (token), (query)); \
                assert_string_equal(got, wanted);                          \
        } while (0)

#define TOKENS "token.create:acc token.create:inv token.create:op"
#define SHOP(state) "{'uid':'e-1','account':'acme','state':'" state "','layers':['cp']}"

static void list_shows_who_sees_what(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        expect(api, "PUT", "/v1/environments/shop", SHOP("running"), "201");
        expect(api, "PUT", "/v1/environments/other",
               "{'uid':'e-2','account':'foreign','state':'running','layers':[]}", "201");
        expect(api, "PUT", "/v1/environments/shop/nodes/101",
               "{'layer':'cp','addresses':['10.0.0.21'],'os':{'id':'debian'}}", "201");
        assert_events(api, api->tokens[0], "",
                      "200 node.put:101 environment.put:other environment.put:shop " TOKENS);
        assert_events(api, api->tokens[1], "", "200 node.put:101 environment.put:other environment.put:shop");
        assert_events(api, api->tokens[2], "", "200 node.put:101 environment.put:shop");
        assert_events(api, api->tokens[2], "?account=foreign", "200");
        assert_events(api, "", "", "401");
}

static void list_filters_and_pages(void **state)
{
        static const struct {
                const char *query, *wanted;
        } cases[] = {
                { "?action=environment", "200 environment.delete:shop environment.put:shop environment.put:shop" },
                { "?action=environment.put", "200 environment.put:shop environment.put:shop" },
                { "?action=environment.pu", "200" },
                { "?action=env", "200" },
                { "?object=op", "200 token.create:op" },
                { "?actor=token:inv", "200 environment.put:shop" },
                { "?account=acme&limit=2", "200 environment.delete:shop environment.put:shop" },
                { "?outcome=refused", "200" },
                { "?outcome=done&object=inv", "200 token.create:inv" },
                { "?since=2999-01-01T00:00:00Z", "200" },
                { "?until=1999-01-01T00:00:00Z", "200" },
                { "?since=1999-01-01T00:00:00Z&object=acc", "200 token.create:acc" },
        };
        struct api *api = *state;

        api_tokens(api);
        expect(api, "PUT", "/v1/environments/shop", SHOP("running"), "201");
        AUTO_ANSWER struct answer put = call(api, (struct call){ .method = "PUT",
                                                                 .path = "/v1/environments/shop",
                                                                 .body = SHOP("sleeping"),
                                                                 .token = api->tokens[1] });
        assert_int_equal(put.status, 200);
        expect(api, "DELETE", "/v1/environments/shop", NULL, "202");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_events(api, NULL, cases[i].query, cases[i].wanted);
        expect(api, "GET", "/v1/events?since=yesterday&until=&outcome=maybe&object=&cursor=42&limit=0", NULL,
               "400 query/object text.length query/since time.malformed query/until time.malformed query/outcome "
               "word.unknown query/limit limit.out_of_range query/cursor cursor.malformed");
}

/* The pages of a list that grows at its head while it is read, each event seen once. */
static void pages_hold_while_events_come(void **state)
{
        struct api *api = *state;
        AUTO_FREE char *next = NULL;
        AUTO_TEXT struct text seen = { 0 };

        api_tokens(api);
        for (int page = 0; page == 0 || next; page++) {
                AUTO_FREE char *path =
                        memory_format("/v1/events?limit=1%s%s", next ? "&cursor=" : "", next ? next : "");
                AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);
                AUTO_FREE char *name = memory_format("/v1/environments/late%d", page);
                AUTO_FREE char *body =
                        memory_format("{'uid':'l-%d','account':'acme','state':'running','layers':[]}", page);

                text_addf(&seen, "%s ", answer_at(&answer, "items/0/object/id"));
                free(next);
                next = memory_text(json_string_value(json_object_get(answer.json, "next")));
                expect(api, "PUT", name, body, "201");
        }
        assert_string_equal(text_get(&seen), "acc inv op ");
}

static void event_tells_request_source_and_the_difference_alone(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        expect(api, "PUT", "/v1/environments/shop", SHOP("running"), "201");
        AUTO_ANSWER struct answer put = call(api, (struct call){ .method = "PUT",
                                                                 .path = "/v1/environments/shop",
                                                                 .body = SHOP("sleeping"),
                                                                 .headers = { "X-Request-Id: ci-7" },
                                                                 .token = api->tokens[1] });
        assert_int_equal(put.status, 200);
        AUTO_ANSWER struct answer all = call_of(api, "GET", "/v1/events", NULL);
        AUTO_ANSWER struct answer own =
                call(api, (struct call){ .method = "GET", .path = "/v1/events?limit=1", .token = api->tokens[2] });

        assert_string_equal(answer_at(&all, "items/0/request"), "ci-7");
        assert_string_equal(answer_at(&all, "items/0/source"), "127.0.0.1");
        assert_string_equal(answer_at(&all, "items/0/actor"), "token:inv");
        assert_string_equal(answer_at(&all, "items/0/account"), "acme");
        assert_string_equal(answer_at(&all, "items/0/outcome"), "done");
        assert_string_equal(answer_at(&all, "items/0/object"), "{\"kind\":\"environment\",\"id\":\"shop\"}");
        assert_string_equal(answer_at(&all, "items/0/before/state"), "running");
        assert_string_equal(answer_at(&all, "items/0/after/state"), "sleeping");
        assert_string_equal(answer_at(&all, "items/0/after/layers"), "");
        assert_string_equal(answer_at(&all, "items/1/before"), "null");
        assert_string_equal(answer_at(&all, "items/4/action"), "token.create");
        assert_string_equal(answer_at(&all, "items/4/after/scope"), "operator");
        assert_null(strstr(all.text, "hash"));
        assert_null(strstr(all.text, api->tokens[0]));
        /* From where somebody else came is not an account's to know. */
        assert_string_equal(answer_at(&own, "items/0/actor"), "token:inv");
        assert_string_equal(answer_at(&own, "items/0/source"), "");
}

static void refusals_are_kept_and_do_not_fill_the_trail(void **state)
{
        struct api *api = *state;
        char wrong[SECRET_TEXT_SIZE];
        uint64_t revision;

        api_tokens(api);
        revision = api_revision(api);
        for (int i = 0; i < 20; i++) {
                AUTO_ANSWER struct answer refused =
                        call(api, (struct call){ .method = "GET", .path = "/v1/drift", .token = api->tokens[1] });

                assert_int_equal(refused.status, 403);
        }
        memcpy(wrong, api->tokens[0], sizeof wrong);
        wrong[5] = wrong[5] == 'A' ? 'B' : 'A';
        for (int i = 0; i < 20; i++) {
                AUTO_ANSWER struct answer unknown =
                        call(api, (struct call){ .method = "GET", .path = "/v1/exports?limit=1", .token = wrong });

                assert_true(unknown.status == 401 || unknown.status == 429);
        }
        assert_int_equal(api_revision(api), revision); /* who is refused is in nobody's way */
        expect(api, "PUT", "/v1/environments/shop", SHOP("running"), "201"); /* behind them in the writer's line */
        assert_events(api, NULL, "?outcome=refused", "200 request.refused:/v1/exports request.refused:/v1/drift");
        api_silence(api, 61000);
        AUTO_ANSWER struct answer again =
                call(api, (struct call){ .method = "GET", .path = "/v1/drift", .token = api->tokens[1] });
        assert_int_equal(again.status, 403);
        expect(api, "DELETE", "/v1/environments/shop", NULL, "202");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/events?outcome=refused", NULL);
        assert_string_equal(answer_at(&list, "items/0/actor"), "token:inv");
        assert_string_equal(answer_at(&list, "items/0/after/left_out"), "19");
        assert_string_equal(answer_at(&list, "items/0/after/status"), "403");
        assert_string_equal(answer_at(&list, "items/1/actor"), "unknown");
        assert_string_equal(answer_at(&list, "items/1/source"), "127.0.0.1");
        assert_string_equal(answer_at(&list, "items/3"), "");
        assert_null(strstr(list.text, wrong + 3));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, api_start, api_stop)
        const struct CMUnitTest tests[] = {
                CASE(list_shows_who_sees_what),
                CASE(list_filters_and_pages),
                CASE(pages_hold_while_events_come),
                CASE(event_tells_request_source_and_the_difference_alone),
                CASE(refusals_are_kept_and_do_not_fill_the_trail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
