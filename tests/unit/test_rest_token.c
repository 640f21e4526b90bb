/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_for_test.h"

#include "auth/throttle.h"
#include "base/memory.h"
#include "base/clock.h"
#include "base/text.h"
#include "rest/route.h"

static struct answer call_as(struct api *api, const char *token, const char *method, const char *path,
                             const char *body)
{
        return call(api, (struct call){ .method = method, .path = path, .body = body, .token = token });
}

static void expect_as(struct api *api, const char *token, const char *method, const char *path, const char *body,
                      const char *wanted)
{
        AUTO_ANSWER struct answer answer = call_as(api, token, method, path, body);

        if (strcmp(answer_summary(&answer), wanted) != 0)
                print_error("%s %s as %.5s: %s\n", method, path, token, answer.text);
        assert_string_equal(answer_summary(&answer), wanted);
}

static void secret_is_shown_once_and_never_stored(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        assert_int_equal(strncmp(api->tokens[0], "gh_", 3), 0);
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/tokens", NULL);
        assert_int_equal(list.status, 200);
        assert_int_equal(json_array_size(json_object_get(list.json, "items")), 3);
        assert_null(strstr(list.text, "secret"));
        assert_null(strstr(list.text, "hash"));
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        AUTO_FREE char *stored = document_render(snapshot_find(now, DOCUMENT_TOKEN, "op"));
        assert_null(strstr(stored, api->tokens[0] + 3));
}

static void secret_is_in_no_kept_reply(void **state)
{
        struct api *api = *state;
        struct call make = { .method = "POST",
                             .path = "/v1/tokens",
                             .body = "{'name':'again','scope':'operator'}",
                             .headers = { "Idempotency-Key: t-1" } };

        AUTO_ANSWER struct answer first = call(api, make);
        assert_int_equal(first.status, 201);
        AUTO_ANSWER struct answer again = call(api, make);
        assert_int_equal(again.status, 201);
        assert_string_equal(answer_field(&again, "Location"), "/v1/tokens/again");
        assert_string_equal(answer_field(&again, "ETag"), answer_field(&first, "ETag"));
        AUTO_ANSWER struct answer late = call(api, (struct call){ .method = "DELETE",
                                                                  .path = "/v1/tokens/again",
                                                                  .headers = { "If-Match: \"999\"" } });
        assert_int_equal(late.status, 412);
        assert_true(json_is_null(json_object_get(again.json, "secret")));
        assert_string_equal(answer_at(&again, "name"), "again");
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);
        struct snapshot_walk walk;
        snapshot_walk_start(&walk, now->kinds[DOCUMENT_REPLY], NULL, NULL);
        AUTO_FREE char *stored = document_render(snapshot_walk_next(&walk));
        assert_null(strstr(stored, answer_at(&first, "secret") + 3));
}

static void caller_without_a_known_token_learns_nothing(void **state)
{
        struct api *api = *state;
        static const char *const tokens[] = { "", "x", "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
        static const char *const paths[] = { "/v1/exports", "/v1/nothing", "/v1/environments/shop" };

        api_world(api);
        for (size_t t = 0; t < ARRAY_SIZE(tokens); t++)
                for (size_t p = 0; p < ARRAY_SIZE(paths); p++) {
                        AUTO_ANSWER struct answer answer = call_as(api, tokens[t], "GET", paths[p], NULL);

                        assert_int_equal(answer.status, 401);
                        assert_int_equal(strncmp(answer_field(&answer, "WWW-Authenticate"), "Bearer", 6), 0);
                }
}

static void deleted_token_opens_nothing_any_more(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        expect_as(api, api->tokens[0], "GET", "/v1/environments", NULL, "200");
        expect(api, "DELETE", "/v1/tokens/op", NULL, "200");
        expect_as(api, api->tokens[0], "GET", "/v1/environments", NULL, "401");
        expect(api, "DELETE", "/v1/tokens/op", NULL, "404");
        /* Its name may be used again, with another secret. */
        expect(api, "POST", "/v1/tokens", "{'name':'op','scope':'operator'}", "201");
        expect_as(api, api->tokens[0], "GET", "/v1/environments", NULL, "401");
}

static void bad_token_is_refused(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        expect(api, "POST", "/v1/tokens", "{'name':'op','scope':'operator'}", "409 /name token.exists");
        expect(api, "POST", "/v1/tokens", "{'name':'-','scope':'operator'}", "422 /name name.malformed");
        expect(api, "POST", "/v1/tokens", "{'name':'x','scope':'root'}", "422 /scope word.unknown");
        expect(api, "POST", "/v1/tokens", "{'name':'x','scope':'account'}", "422 /account key.missing");
        expect(api, "POST", "/v1/tokens",
               "{'name':'x','scope':'node','node':'none','expires_at':'2001-01-01T00:00:00Z'}",
               "422 /node node.unknown /expires_at expires_at.past");
}

/* Makes a token by `body` and writes its secret. */
static void token_of(struct api *api, const char *body, char secret[SECRET_TEXT_SIZE])
{
        AUTO_ANSWER struct answer answer = call_of(api, "POST", "/v1/tokens", body);

        assert_int_equal(answer.status, 201);
        snprintf(secret, SECRET_TEXT_SIZE, "%s", answer_at(&answer, "secret"));
}

static void token_that_reads_writes_nothing(void **state)
{
        struct api *api = *state;
        char reads[SECRET_TEXT_SIZE], own[SECRET_TEXT_SIZE];
        static const struct {
                const char *method, *path, *body, *operator, * account;
        } cases[] = {
                { "GET", "/v1/environments/shop", NULL, "200", "200" },
                { "GET", "/v1/environments/other", NULL, "200", "404" },
                { "GET", "/v1/tokens", NULL, "200", "403" },
                { "POST", "/v1/tokens", "{'name':'x','scope':'operator'}", "403", "403" },
                { "DELETE", "/v1/tokens/reads", NULL, "403", "403" },
                { "DELETE", "/v1/environments/shop", NULL, "403", "403" },
                { "DELETE", "/v1/environments/other", NULL, "403", "404" },
                { "DELETE", "/v1/storages/files", NULL, "403", "403" },
                { "DELETE", "/v1/exports/none", NULL, "403", "404" },
                { "POST", "/v1/exports",
                  "{'storage':'files','path':'/a','environment':'shop','target':{'layer':'cp'},'mount_path':'/m'}",
                  "403", "403" },
                { "POST", "/v1/inventory/heartbeat", "{}", "403", "403" },
        };

        api_world(api);
        token_of(api, "{'name':'reads','scope':'operator','right':'read'}", reads);
        token_of(api, "{'name':'own','scope':'account','account':'acme','right':'read'}", own);
        uint64_t revision = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                expect_as(api, reads, cases[i].method, cases[i].path, cases[i].body, cases[i].operator);
                expect_as(api, own, cases[i].method, cases[i].path, cases[i].body, cases[i].account);
        }
        assert_int_equal(api_revision(api), revision);
}

/* No operation but those that say so is for nodes: whoever adds one need not think of it. */
static void token_of_a_node_opens_what_is_for_nodes(void **state)
{
        struct api *api = *state;
        char node[SECRET_TEXT_SIZE];
        size_t count;
        const struct route *routes = route_table(&count);

        api_world(api);
        token_of(api, "{'name':'n','scope':'node','node':'101'}", node);
        for (size_t i = 0; i < count; i++) {
                AUTO_FREE char *path = memory_text(routes[i].pattern);

                for (char *at = path; (at = strpbrk(at, "{}"));)
                        *at = 'x';
                /* What is below /1.0/ looks at its own session, in test_platform_file. */
                if (!route_is_for_nodes(&routes[i]) && !route_is_public(path) && strncmp(path, "/1.0/", 5) != 0)
                        expect_as(api, node, routes[i].method, path, NULL, "403");
        }
        expect_as(api, node, "GET", "/healthz", NULL, "200");
        /* It goes with the node. */
        expect(api, "DELETE", "/v1/environments/shop/nodes/101", NULL, "202");
        expect_as(api, node, "GET", "/v1/exports", NULL, "401");
}

static void inventory_sees_tokens_of_nodes_alone(void **state)
{
        struct api *api = *state;
        char node[SECRET_TEXT_SIZE];

        api_world(api);
        api_tokens(api);
        token_of(api, "{'name':'n','scope':'node','node':'101'}", node);
        AUTO_ANSWER struct answer list = call_as(api, api->tokens[1], "GET", "/v1/tokens", NULL);
        assert_int_equal(json_array_size(json_object_get(list.json, "items")), 1);
        assert_string_equal(answer_at(&list, "items/0/node"), "101");
        assert_string_equal(answer_at(&list, "items/0/account"), "acme");
        assert_string_equal(answer_at(&list, "items/0/environment_uid"), "");
}

static void token_ends_when_it_said(void **state)
{
        struct api *api = *state;
        char secret[SECRET_TEXT_SIZE], time[CLOCK_TEXT_SIZE];
        AUTO_FREE char *body = memory_format("{'name':'short','scope':'operator','expires_at':'%s'}",
                                             clock_format(clock_wall_ms(clock_system()) + 3600000, time));

        token_of(api, body, secret);
        expect_as(api, secret, "GET", "/v1/exports", NULL, "200");
        api_silence(api, 3600000);
        AUTO_ANSWER struct answer answer = call_as(api, secret, "GET", "/v1/exports", NULL);
        assert_int_equal(answer.status, 401);
        assert_non_null(strstr(answer_at(&answer, "detail"), "expired"));
}

static int64_t stored_last_use(struct api *api)
{
        AUTO_SHARED const struct snapshot *now = writer_snapshot(api->writer);

        return ((const struct token *)snapshot_find(now, DOCUMENT_TOKEN, "op"))->last_used_at_ms;
}

/* Until the use is written down that was at `at_ms` or later. */
static void api_await_use(struct api *api, int64_t at_ms)
{
        for (int tries = 0; stored_last_use(api) < at_ms; tries++) {
                assert_true(tries < 2000);
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        }
}

/* Sends what is no token until the answer is another; how often it was 401. */
static unsigned strangers_let_try(struct api *api, struct answer *last)
{
        unsigned tries = 0;

        for (;;) {
                *last = call_as(api, "gh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "GET", "/v1/exports", NULL);
                if (last->status != 401 || tries > 50)
                        return tries;
                answer_fini(last);
                tries++;
        }
}

static void wrong_tokens_are_slowed_down_and_right_ones_are_not(void **state)
{
        struct api *api = *state;
        AUTO_ANSWER struct answer first = { 0 };
        AUTO_ANSWER struct answer second = { 0 };

        api_tokens(api);
        assert_int_equal(strangers_let_try(api, &first), THROTTLE_BURST);
        assert_int_equal(first.status, 429);
        assert_in_range(strtol(answer_field(&first, "Retry-After"), NULL, 10), 1, 60);
        assert_string_equal(answer_field(&first, "Connection"), "close");
        assert_string_equal(answer_at(&first, "type"), "urn:gatehouse:problem:throttled");
        expect_as(api, "", "GET", "/v1/exports", NULL, "429");
        /* Who has a token, asks for what is public, or comes by the Unix socket is not hindered. */
        expect_as(api, api->tokens[2], "GET", "/v1/exports", NULL, "200");
        expect_as(api, "", "GET", "/healthz", NULL, "200");
        expect(api, "GET", "/v1/exports", NULL, "200");
        api_silence(api, (int64_t)THROTTLE_BURST * THROTTLE_INTERVAL_MS);
        assert_int_equal(strangers_let_try(api, &second), THROTTLE_BURST);
}

static void expired_token_is_told_so_however_often(void **state)
{
        struct api *api = *state;
        char secret[SECRET_TEXT_SIZE], time[CLOCK_TEXT_SIZE];
        AUTO_FREE char *body = memory_format("{'name':'short','scope':'operator','expires_at':'%s'}",
                                             clock_format(clock_wall_ms(clock_system()) + 3600000, time));

        token_of(api, body, secret);
        api_silence(api, 3600000);
        for (int i = 0; i < 2 * THROTTLE_BURST; i++)
                expect_as(api, secret, "GET", "/v1/exports", NULL, "401");
}

/* When the token op was last used as the store has it; 0 = never. */
static void last_use_is_shown_at_once_and_written_now_and_then(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        uint64_t revision = api_revision(api);
        int64_t before_ms = clock_wall_ms(clock_system());
        for (int i = 0; i < 20; i++)
                expect_as(api, api->tokens[0], "GET", "/v1/exports", NULL, "200");
        AUTO_ANSWER struct answer list = call_of(api, "GET", "/v1/tokens", NULL);
        int64_t shown_ms = 0;
        assert_string_equal(answer_at(&list, "items/2/name"), "op");
        assert_int_equal(clock_parse(answer_at(&list, "items/2/last_used_at"), &shown_ms), 0);
        assert_in_range(shown_ms, before_ms, clock_wall_ms(clock_system()));
        assert_string_equal(answer_at(&list, "items/1/last_used_at"), "");
        assert_int_equal(api_revision(api), revision); /* a use is no commit */
        api_silence(api, 3600000);
        expect_as(api, api->tokens[0], "GET", "/v1/exports", NULL, "200");
        api_await_use(api, before_ms + 3600000);
        /* The rest goes with the server. */
        api_silence(api, 60000);
        expect_as(api, api->tokens[0], "GET", "/v1/exports", NULL, "200");
        api_stop_server(api);
        assert_true(stored_last_use(api) >= before_ms + 3660000);
        assert_int_equal(api_revision(api), revision); /* nor is its being written anything that was asked */
}

/* Its entity tag is of what was asked: a use changes nothing of that. */
static void token_by_name_has_a_tag_that_a_use_leaves_alone(void **state)
{
        struct api *api = *state;

        api_tokens(api);
        AUTO_ANSWER struct answer first = call_of(api, "GET", "/v1/tokens/op", NULL);
        assert_int_equal(first.status, 200);
        assert_string_equal(answer_at(&first, "name"), "op");
        assert_string_equal(answer_at(&first, "secret"), "");
        AUTO_FREE char *known = memory_format("If-None-Match: %s", answer_field(&first, "ETag"));
        api_silence(api, 3600000);
        expect_as(api, api->tokens[0], "GET", "/v1/exports", NULL, "200");
        api_await_use(api, 1);
        AUTO_ANSWER struct answer same = call(api, (struct call){ "GET", "/v1/tokens/op", .headers = { known } });
        assert_int_equal(same.status, 304);
        AUTO_FREE char *match = memory_format("If-Match%s", strchr(known, ':'));
        AUTO_ANSWER struct answer gone =
                call(api, (struct call){ "DELETE", "/v1/tokens/op", .headers = { match } });
        assert_int_equal(gone.status, 200);
        expect(api, "GET", "/v1/tokens/op", NULL, "404");
        expect_as(api, api->tokens[2], "GET", "/v1/tokens/acc", NULL, "403");
        expect_as(api, api->tokens[1], "GET", "/v1/tokens/acc", NULL, "404"); /* it reads those of nodes */
}

/* Which scope may do what: 404 for what does not exist for it, 403 for what it may not do to its own. */
static void scopes_open_what_they_should(void **state)
{
        struct api *api = *state;
        enum { OPERATOR, INVENTORY, ACCOUNT };
        static const char shop[] = "{'uid':'e-1','account':'acme','state':'running','platform_version':'8.3','"
                                   "layers':['cp','cache']}";
        static const char other[] =
                "{'uid':'e-2','account':'foreign','state':'running','platform_version':'8.3','layers':['cp']}";
        static const char storage[] = "{'kind':'cluster','account':'acme','addresses':['10.77.0.11']}";
        static const char export[] = "{'storage':'files','path':'/"
                                     "a','environment':'shop','target':{'layer':'cp'},'mount_path':'/mnt/a'}";
        static const char node[] = "{'layer':'cp','addresses':['10.77.0.61']}";
        static const struct {
                const char *method, *path, *body, *wanted[3];
        } cases[] = {
                { "GET", "/v1/environments/shop", NULL, { "200", "200", "200" } },
                { "GET", "/v1/environments/other", NULL, { "200", "200", "404" } },
                { "GET", "/v1/environments/none", NULL, { "404", "404", "404" } },
                { "GET", "/v1/environments/other/nodes", NULL, { "200", "200", "404" } },
                { "PUT", "/v1/environments/shop", shop, { "200", "200", "403" } },
                { "PUT", "/v1/environments/other", other, { "200", "200", "404" } },
                { "PUT", "/v1/environments/other/nodes/1", node, { "201", "200", "404" } },
                { "PUT", "/v1/environments/shop/nodes/101", node, { "200", "200", "403" } },
                { "DELETE", "/v1/environments/shop/nodes/101", NULL, { "202", "404", "403" } },
                { "DELETE", "/v1/environments/none", NULL, { "404", "404", "404" } },
                { "GET", "/v1/storages/files", NULL, { "200", "200", "200" } },
                { "PUT", "/v1/storages/files", storage, { "200", "403", "403" } },
                { "PUT", "/v1/storages/none", "{}", { NULL, "403", "404" } },
                { "POST", "/v1/exports", export, { "201", "403", NULL } },
                { "GET", "/v1/drift", NULL, { "200", "403", "403" } },
                { "GET", "/v1/tokens", NULL, { "200", "200", "403" } },
                { "POST", "/v1/tokens", "{'name':'x','scope':'operator'}", { NULL, "403", "403" } },
                { "POST",
                  "/v1/tokens",
                  "{'name':'x','scope':'node','node':'102'}",
                  { "201", "409 /name token.exists", "403" } },
                { "DELETE", "/v1/tokens/acc", NULL, { NULL, "404", "403" } },
                { "DELETE", "/v1/tokens/x", NULL, { NULL, "200", "403" } },
                { "DELETE", "/v1/tokens/none", NULL, { "404", "404", "403" } },
                { "DELETE", "/v1/exports/none", NULL, { "404", "403", "404" } },
        };

        api_world(api);
        api_tokens(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                for (int scope = OPERATOR; scope <= ACCOUNT; scope++)
                        if (cases[i].wanted[scope])
                                expect_as(api, api->tokens[scope], cases[i].method, cases[i].path, cases[i].body,
                                          cases[i].wanted[scope]);
}

/* What belongs to others is to an account as if it were not there, also in sentences. */
static void account_sees_only_its_own(void **state)
{
        struct api *api = *state;
        char foreign[SECRET_TEXT_SIZE];

        api_world(api);
        api_tokens(api);
        const char *id = api_export(api, "/shared/site", "/var/www/site");
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_FREE char *grants = memory_format("/v1/exports/%s/grants", id);
        AUTO_ANSWER struct answer token =
                call_of(api, "POST", "/v1/tokens", "{'name':'foreign','scope':'account','account':'foreign'}");
        snprintf(foreign, sizeof foreign, "%s", answer_at(&token, "secret"));

        AUTO_ANSWER struct answer environments = call_as(api, foreign, "GET", "/v1/environments", NULL);
        assert_string_equal(answer_at(&environments, "items/0/name"), "other");
        assert_int_equal(json_array_size(json_object_get(environments.json, "items")), 1);
        AUTO_ANSWER struct answer storages = call_as(api, foreign, "GET", "/v1/storages", NULL);
        assert_string_equal(answer_at(&storages, "items"), "[]");
        AUTO_ANSWER struct answer exports = call_as(api, foreign, "GET", "/v1/exports?storage=files", NULL);
        assert_string_equal(answer_at(&exports, "items"), "[]");
        AUTO_ANSWER struct answer by_name = call_as(api, foreign, "GET", "/v1/exports?environment=shop", NULL);
        assert_string_equal(answer_at(&by_name, "items"), "[]");
        AUTO_ANSWER struct answer by_account = call_as(api, foreign, "GET", "/v1/exports?account=acme", NULL);
        assert_string_equal(answer_at(&by_account, "items"), "[]");
        expect_as(api, foreign, "GET", path, NULL, "404");
        expect_as(api, foreign, "GET", grants, NULL, "404");
        expect_as(api, foreign, "DELETE", path, NULL, "404");
        expect_as(
                api, foreign, "POST", "/v1/exports",
                "{'storage':'files','path':'/a','environment':'other','target':{'layer':'cp'},'mount_path':'/m'}",
                "422 /storage storage.unknown");
        expect_as(
                api, foreign, "POST", "/v1/exports",
                "{'storage':'none','path':'/a','environment':'shop','target':{'layer':'none'},'mount_path':'/m'}",
                "422 /storage storage.unknown /environment environment.unknown");
        /* To its owner it is there. */
        expect_as(api, api->tokens[2], "GET", path, NULL, "200");
        expect_as(api, api->tokens[2], "GET", grants, NULL, "200");
        expect_as(api, api->tokens[2], "DELETE", path, NULL, "202");
}

/* The path of a route, its first parameter being `name` and the next node 101. Caller frees. */
static char *path_to(const struct route *route, const char *name)
{
        const char *open = strchr(route->pattern, '{'), *rest = strchr(open, '}') + 1, *next = strchr(rest, '{');

        return memory_format("%.*s%s%.*s%s", (int)(open - route->pattern), route->pattern, name,
                             (int)(next ? next - rest : (long)strlen(rest)), rest, next ? "101" : "");
}

/* Status, kind and sentence of what an account is answered, with `name` left out of them. Caller frees. */
static char *answer_without(struct api *api, const char *token, const struct route *route, const char *name,
                            const char *body, const char *condition)
{
        AUTO_FREE char *path = path_to(route, name);
        bool patches = strcmp(route->method, "PATCH") == 0;
        const char *first = patches ? "Content-Type: application/merge-patch+json" : condition;
        AUTO_ANSWER struct answer answer =
                call(api, (struct call){ .method = route->method,
                                         .path = path,
                                         .body = body,
                                         .headers = { first, patches ? condition : NULL },
                                         .token = token });
        AUTO_FREE char *type = memory_text(answer_at(&answer, "type"));
        AUTO_FREE char *said = memory_format("%ld %s %s", answer.status, type, answer_at(&answer, "detail"));
        struct text text = { 0 };

        if (answer.status < 400 || answer.status >= 500)
                fail_msg("%s %s: %s: %s", route->method, path, said, answer.text);
        for (const char *at = said, *found; at; at = found ? found + strlen(name) : NULL) {
                found = strstr(at, name);
                text_add_bytes(&text, at, found ? (size_t)(found - at) : strlen(at));
        }
        return text_take(&text);
}

/* An object of account acme for each kind of route that names one. */
struct owned {
        char export[EXPORT_ID_SIZE], task[TASK_ID_SIZE];
};

static void owned_make(struct api *api, struct owned *owned)
{
        api_world(api);
        api_tokens(api);
        expect(api, "PUT", "/v1/inventory", "{'source':'src','revision':1,'environments':[]}", "200");
        snprintf(owned->export, sizeof owned->export, "%s", api_export(api, "/shared/site", "/var/www/site"));
        AUTO_ANSWER struct answer tasks = call_of(api, "GET", "/v1/tasks", NULL);
        snprintf(owned->task, sizeof owned->task, "%s", answer_at(&tasks, "items/0/id"));
}

/* What a route's first parameter is called there; NULL for a route that names no object. */
static const char *owned_name(const struct owned *owned, const struct route *route)
{
        const struct {
                const char *beginning, *name;
        } kinds[] = {
                { "/v1/environments/{", "shop" },   { "/v1/inventory/{", "src" },
                { "/v1/nodes/{", "101" },           { "/v1/storages/{", "files" },
                { "/v1/exports/{", owned->export }, { "/v1/tasks/{", owned->task },
                { "/v1/tokens/{", "acc" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strncmp(route->pattern, kinds[i].beginning, strlen(kinds[i].beginning)) == 0)
                        return kinds[i].name;
        return NULL;
}

static const char *body_for(const struct route *route)
{
        const char *last = strrchr(route->pattern, '/');

        return route->body_most == BODY_NONE ? NULL : strcmp(last, "/revoke") == 0 ? "{'node':'101'}" : "{}";
}

/* Each operation on each kind of object: whoever adds one need not think of it. */
static void objects_of_others_are_answered_as_if_they_were_not_there(void **state)
{
        static const char *const conditions[] = { NULL, "If-Match: \"1\"" };
        struct api *api = *state;
        struct owned owned;
        char foreign[SECRET_TEXT_SIZE];
        size_t count, tried = 0;
        const struct route *routes = route_table(&count);

        owned_make(api, &owned);
        token_of(api, "{'name':'foreign','scope':'account','account':'foreign'}", foreign);
        uint64_t revision = api_revision(api);
        for (size_t i = 0; i < count; i++) {
                const struct route *route = &routes[i];
                const char *name = owned_name(&owned, route), *body = body_for(route);

                for (size_t j = 0; name && j < ARRAY_SIZE(conditions); j++, tried++) {
                        AUTO_FREE char *there = answer_without(api, foreign, route, name, body, conditions[j]);
                        AUTO_FREE char *nowhere = answer_without(api, foreign, route, "none", body, conditions[j]);

                        if (strcmp(there, nowhere) != 0)
                                fail_msg("%s %s: \"%s\", and of what is not there: \"%s\"", route->method,
                                         route->pattern, there, nowhere);
                }
        }
        assert_true(tried >= 2 * 20);
        assert_int_equal(api_revision(api), revision);
}

/* And the account that they are of is told that its token may not. */
static void own_objects_say_that_a_token_that_reads_may_not_write(void **state)
{
        struct api *api = *state;
        struct owned owned;
        char reads[SECRET_TEXT_SIZE];
        size_t count, tried = 0;
        const struct route *routes = route_table(&count);

        owned_make(api, &owned);
        token_of(api, "{'name':'reads','scope':'account','account':'acme','right':'read'}", reads);
        uint64_t revision = api_revision(api);
        for (size_t i = 0; i < count; i++) {
                const char *name = owned_name(&owned, &routes[i]);

                if (!name || strcmp(routes[i].method, "GET") == 0)
                        continue;
                AUTO_FREE char *said =
                        answer_without(api, reads, &routes[i], name, body_for(&routes[i]), "If-Match: \"1\"");
                if (strncmp(said, "403 ", 4) != 0)
                        fail_msg("%s %s: \"%s\"", routes[i].method, routes[i].pattern, said);
                tried++;
        }
        assert_true(tried >= 10);
        assert_int_equal(api_revision(api), revision);
}

static int audit_look(void *context, const struct event *event, struct fault *fault)
{
        struct text *text = context;

        (void)fault;
        text_addf(text, "%s %s %s %s %s%s\n", event->actor, event->source, event->action,
                  event->object ? event->object : "-", event->before ? "b" : "-", event->after ? "a" : "-");
        return 0;
}

static void every_write_leaves_an_audit_line_and_no_secret(void **state)
{
        struct api *api = *state;
        AUTO_TEXT struct text trail = { 0 };
        struct fault fault = { 0 };

        api_tokens(api);
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'running','layers':['cp','cache']}", "201");
        expect_as(api, api->tokens[1], "PUT", "/v1/environments/shop",
                  "{'uid':'e-1','account':'acme','state':'sleeping','layers':['cp','cache']}", "200");
        expect_as(api, api->tokens[1], "DELETE", "/v1/environments/shop", NULL, "202");
        expect(api, "DELETE", "/v1/tokens/op", NULL, "200");
        api_stop_server(api);
        assert_int_equal(api->store->operations->history(api->store, 0, false, audit_look, &trail, &fault), 0);
        AUTO_FREE char *wanted = memory_format("uid:%u unix token.create op -a\n"
                                               "uid:%u unix token.create inv -a\n"
                                               "uid:%u unix token.create acc -a\n"
                                               "uid:%u unix environment.put shop -a\n"
                                               "token:inv 127.0.0.1 environment.put shop ba\n"
                                               "token:inv 127.0.0.1 environment.delete shop b-\n"
                                               "uid:%u unix token.delete op b-\n",
                                               getuid(), getuid(), getuid(), getuid(), getuid());
        assert_string_equal(text_get(&trail), wanted);
}

static void health_is_public_and_tells_detail_to_the_known(void **state)
{
        struct api *api = *state;
        struct fault down = { 0 };

        AUTO_ANSWER struct answer empty = call_as(api, "", "GET", "/healthz", NULL);
        assert_int_equal(empty.status, 200);
        assert_string_equal(empty.text, "{\"status\":\"ok\",\"backends\":{}}");
        fault_set(&down, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the bus");
        status_note_backend(api->status, BACKEND_STORE, NULL);
        status_note_backend(api->status, BACKEND_GANESHA, &down);
        AUTO_ANSWER struct answer stranger = call_as(api, "", "GET", "/healthz", NULL);
        assert_int_equal(stranger.status, 503);
        assert_string_equal(answer_at(&stranger, "status"), "degraded");
        assert_string_equal(answer_at(&stranger, "backends/store/status"), "ok");
        assert_string_equal(answer_at(&stranger, "backends/ganesha/status"), "unavailable");
        assert_string_equal(answer_at(&stranger, "backends/ganesha/detail"), "");
        status_note_backend(api->status, BACKEND_GANESHA, NULL);
        fault_set(&down, FAULT_EXPIRING, "valid for 3 days");
        status_note_backend(api->status, BACKEND_TLS, &down);
        AUTO_ANSWER struct answer warned = call_as(api, "", "GET", "/healthz", NULL);
        assert_int_equal(warned.status, 200);
        assert_string_equal(answer_at(&warned, "status"), "ok");
        assert_string_equal(answer_at(&warned, "backends/tls/status"), "expiring");
        fault_set(&down, FAULT_INVALID, "valid no more");
        status_note_backend(api->status, BACKEND_TLS, &down);
        AUTO_ANSWER struct answer invalid = call_as(api, "", "GET", "/healthz", NULL);
        assert_int_equal(invalid.status, 503);
        assert_string_equal(answer_at(&invalid, "backends/tls/status"), "invalid");
        fault_set(&down, FAULT_UNAVAILABLE, "NFS-Ganesha is not on the bus");
        status_note_backend(api->status, BACKEND_GANESHA, &down);
        AUTO_ANSWER struct answer known = call_of(api, "GET", "/healthz", NULL);
        assert_string_equal(answer_at(&known, "backends/ganesha/detail"), "NFS-Ganesha is not on the bus");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(secret_is_shown_once_and_never_stored),
                API_TEST(secret_is_in_no_kept_reply),
                API_TEST(caller_without_a_known_token_learns_nothing),
                API_TEST(deleted_token_opens_nothing_any_more),
                API_TEST(bad_token_is_refused),
                API_TEST(token_that_reads_writes_nothing),
                API_TEST(token_of_a_node_opens_what_is_for_nodes),
                API_TEST(inventory_sees_tokens_of_nodes_alone),
                API_TEST(token_ends_when_it_said),
                API_TEST(wrong_tokens_are_slowed_down_and_right_ones_are_not),
                API_TEST(expired_token_is_told_so_however_often),
                API_TEST(last_use_is_shown_at_once_and_written_now_and_then),
                API_TEST(token_by_name_has_a_tag_that_a_use_leaves_alone),
                API_TEST(scopes_open_what_they_should),
                API_TEST(account_sees_only_its_own),
                API_TEST(objects_of_others_are_answered_as_if_they_were_not_there),
                API_TEST(own_objects_say_that_a_token_that_reads_may_not_write),
                API_TEST(every_write_leaves_an_audit_line_and_no_secret),
                API_TEST(health_is_public_and_tells_detail_to_the_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
