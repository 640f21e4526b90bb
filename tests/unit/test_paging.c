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

/* Reads all pages of a list; *ids gets the ids in order, each followed by a blank. Between two pages `between`
 * may change the world. */
static void pages_read(struct api *api, const char *list, int limit, void (*between)(struct api *api, int page),
                       char *ids, size_t size)
{
        AUTO_FREE char *cursor = NULL;
        size_t length = 0;

        ids[0] = '\0';
        for (int page = 0; page == 0 || cursor; page++) {
                AUTO_FREE char *path = memory_format("%s?limit=%d%s%s", list, limit, cursor ? "&cursor=" : "",
                                                     cursor ? cursor : "");
                AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);
                json_t *item;
                size_t index;

                assert_int_equal(answer.status, 200);
                assert_true(json_array_size(json_object_get(answer.json, "items")) <= (size_t)limit);
                json_array_foreach(json_object_get(answer.json, "items"), index, item) length += (size_t)snprintf(
                        ids + length, size - length, "%s ", json_string_value(json_object_get(item, "id")));
                free(cursor);
                cursor = memory_text(json_string_value(json_object_get(answer.json, "next")));
                assert_true(page < 100);
                if (between)
                        between(api, page);
        }
}

static void node_put(struct api *api, const char *id, int address)
{
        AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/%s", id);
        AUTO_FREE char *body = memory_format("{'layer':'cp','addresses':['10.78.0.%d']}", address);

        expect(api, "PUT", path, body, "201");
}

static void node_delete(struct api *api, const char *id)
{
        AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/%s", id);

        expect(api, "DELETE", path, NULL, "202");
}

static void nodes_make(struct api *api)
{
        expect(api, "PUT", "/v1/environments/shop",
               "{'uid':'e-1','account':'acme','state':'running','layers':['cp']}", "201");
        for (int i = 0; i < 7; i++)
                node_put(api, (const char *[]){ "b", "d", "f", "h", "j", "l", "n" }[i], i + 1);
}

static void pages_show_everything_once_and_in_order(void **state)
{
        struct api *api = *state;
        char ids[256];

        nodes_make(api);
        for (int limit = 1; limit <= 8; limit++) {
                pages_read(api, "/v1/environments/shop/nodes", limit, NULL, ids, sizeof ids);
                assert_string_equal(ids, "b d f h j l n ");
        }
}

static void world_change(struct api *api, int page)
{
        if (page == 0) { /* "b d" were shown: the last one goes, with the next; one before and one after come */
                node_delete(api, "d");
                node_delete(api, "f");
                node_put(api, "a", 21);
                node_put(api, "g", 22);
        }
        if (page == 1) /* "g h" */
                node_put(api, "m", 23);
}

static void cursor_stays_right_while_rows_come_and_go(void **state)
{
        struct api *api = *state;
        char ids[256];

        nodes_make(api);
        pages_read(api, "/v1/environments/shop/nodes", 2, world_change, ids, sizeof ids);
        assert_string_equal(ids, "b d g h j l m n ");
}

static void page_without_a_limit_has_a_hundred(void **state)
{
        struct api *api = *state;

        for (int i = 0; i < 101; i++) {
                AUTO_FREE char *path = memory_format("/v1/environments/many-%03d", i);
                AUTO_FREE char *body =
                        memory_format("{'uid':'m-%03d','account':'acme','state':'running','layers':['cp']}", i);

                expect(api, "PUT", path, body, "201");
        }
        AUTO_ANSWER struct answer first = call_of(api, "GET", "/v1/environments", NULL);
        assert_int_equal(json_array_size(json_object_get(first.json, "items")), 100);
        assert_string_not_equal(answer_at(&first, "next"), "");
        AUTO_FREE char *rest = memory_format("/v1/environments?cursor=%s", answer_at(&first, "next"));
        AUTO_ANSWER struct answer second = call_of(api, "GET", rest, NULL);
        assert_string_equal(answer_at(&second, "items/0/name"), "many-100");
        assert_true(json_is_null(json_object_get(second.json, "next")));
        AUTO_ANSWER struct answer whole = call_of(api, "GET", "/v1/environments?limit=1000", NULL);
        assert_int_equal(json_array_size(json_object_get(whole.json, "items")), 101);
}

static void bad_page_is_refused_naming_the_parameter(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *query, *wanted;
        } cases[] = {
                { "limit=0", "400 query/limit limit.out_of_range" },
                { "limit=1001", "400 query/limit limit.out_of_range" },
                { "limit=x", "400 query/limit limit.out_of_range" },
                { "limit=", "400 query/limit limit.out_of_range" },
                { "limit=-1", "400 query/limit limit.out_of_range" },
                { "limit=99999999999999999999", "400 query/limit limit.out_of_range" },
                { "cursor=", "400 query/cursor cursor.malformed" },
                { "cursor=zz", "400 query/cursor cursor.malformed" },
                { "cursor=65", "400 query/cursor cursor.malformed" },
                { "cursor=6578706f72743a", "400 query/cursor cursor.malformed" },   /* "export:" */
                { "cursor=6e6f64653a61", "400 query/cursor cursor.malformed" },     /* "node:a" */
                { "cursor=6578706f72743a00", "400 query/cursor cursor.malformed" }, /* "export:" NUL */
                { "cursor=7878706f72743a61", "400 query/cursor cursor.malformed" }, /* "xxport:a" */
                { "cursor=6578706f72743a61", "200" },                               /* "export:a" */
                { "environment=a%20b", "400 query/environment name.malformed" },
                { "account=%21&storage=", "400 query/account name.malformed query/storage name.malformed" },
                { "limit=0&cursor=x&account=-", "400 query/account name.malformed query/limit limit.out_of_range "
                                                "query/cursor cursor.malformed" },
                { "limit=1&limit=2", "400 query/limit query.repeated" },
                { "sort=age", "400 query/sort word.unknown" },
                { "sort=path&cursor=6578706f72743a61", "400 query/cursor cursor.malformed" }, /* by creation */
                { "sort=path&cursor=6578706f72742e706174683a61",
                  "400 query/cursor cursor.malformed" },                        /* no path */
                { "sort=path&cursor=6578706f72742e706174683a613a2f62", "200" }, /* "export.path:a:/b" */
                { "cursor=6578706f72742e706174683a613a2f62", "400 query/cursor cursor.malformed" },
                { "colour=red&size=1", "400 query/colour query.unknown query/size query.unknown" },
                { "limit=1000&environment=none&storage=none&account=none", "200" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *path = memory_format("/v1/exports?%s", cases[i].query);

                expect(api, "GET", path, NULL, cases[i].wanted);
        }
}

static void cursor_longer_than_any_id_is_refused(void **state)
{
        static const char prefix[] = "6578706f72743a"; /* "export:" */
        char path[1024];

        for (int length = DOCUMENT_ID_MAX - 1; length <= DOCUMENT_ID_MAX + 30; length++) {
                size_t at = (size_t)snprintf(path, sizeof path, "/v1/exports?cursor=%s", prefix);

                for (int i = 0; i < length; i++)
                        at += (size_t)snprintf(path + at, sizeof path - at, "61");
                expect(*state, "GET", path, NULL,
                       length <= DOCUMENT_ID_MAX ? "200" : "400 query/cursor cursor.malformed");
        }
}

static void exports_are_filtered_on_every_page(void **state)
{
        struct api *api = *state;

        api_world(api);
        expect(api, "PUT", "/v1/environments/blog",
               "{'uid':'e-3','account':'acme','state':'running','layers':['cp']}", "201");
        for (int i = 0; i < 9; i++) {
                AUTO_FREE char *body =
                        memory_format("{'storage':'files','path':'/p','environment':'%s','mount_path':'/m%d'%s}",
                                      i % 3 == 0 ? "blog" : "shop", i, i < 5 ? ",'manager':'ci'" : "");

                expect(api, "POST", "/v1/exports", body, "201");
        }
        static const struct {
                const char *query;
                size_t wanted;
        } cases[] = {
                { "environment=blog", 3 },
                { "environment=shop", 6 },
                { "account=acme", 9 },
                { "account=foreign", 0 },
                { "storage=files", 9 },
                { "storage=none", 0 },
                { "environment=other", 0 },
                { "environment=blog&account=foreign", 0 },
                { "environment=shop&storage=files&account=acme", 6 },
                { "manager=ci", 5 },
                { "manager=", 0 },
                { "manager=ci&environment=blog", 2 },
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *cursor = NULL;
                size_t count = 0;

                do {
                        AUTO_FREE char *path = memory_format("/v1/exports?limit=2&%s%s%s", cases[i].query,
                                                             cursor ? "&cursor=" : "", cursor ? cursor : "");
                        AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);

                        count += json_array_size(json_object_get(answer.json, "items"));
                        free(cursor);
                        cursor = memory_text(json_string_value(json_object_get(answer.json, "next")));
                } while (cursor);
                assert_int_equal(count, cases[i].wanted);
        }
}

/* The paths of all exports in pages of `limit`, led by the Link of each; between two pages `between` may change
 * the world. */
static void paths_read(struct api *api, int limit, void (*between)(struct api *api, int page), char *paths,
                       size_t size)
{
        AUTO_FREE char *next = memory_format("/v1/exports?sort=path&storage=files&limit=%d", limit);
        size_t length = 0;

        paths[0] = '\0';
        for (int page = 0; next; page++) {
                AUTO_ANSWER struct answer answer = call_of(api, "GET", next, NULL);
                const char *link = answer_field(&answer, "Link");
                json_t *item;
                size_t index;

                assert_int_equal(answer.status, 200);
                json_array_foreach(json_object_get(answer.json, "items"), index, item) length += (size_t)snprintf(
                        paths + length, size - length, "%s ", json_string_value(json_object_get(item, "path")));
                free(next);
                next = link[0] == '<' ? memory_format("%.*s", (int)strcspn(link + 1, ">"), link + 1) : NULL;
                assert_int_equal(next != NULL, json_is_string(json_object_get(answer.json, "next")));
                assert_true(!next || strstr(link, ">; rel=\"next\""));
                assert_true(page < 100);
                if (between)
                        between(api, page);
        }
}

static void exports_sorted_by_path_are_shown_once(void **state)
{
        struct api *api = *state;
        static const char *const made[] = { "/d", "/b", "/b", "/a b", "/c", "/\xc3\xa4" };
        char paths[256];

        api_world(api);
        for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
                AUTO_FREE char *mount = memory_format("/m%zu", i);

                api_export(api, made[i], mount);
        }
        for (int limit = 1; limit <= 7; limit++) {
                paths_read(api, limit, NULL, paths, sizeof paths);
                assert_string_equal(paths, "/a b /b /b /c /d /\xc3\xa4 ");
        }
}

static void path_world_change(struct api *api, int page)
{
        if (page == 0) { /* "/b /d" were shown: what the cursor names goes, one before and one behind it come */
                AUTO_ANSWER struct answer all = call_of(api, "GET", "/v1/exports?sort=path", NULL);
                AUTO_FREE char *path = memory_format("/v1/exports/%s", answer_at(&all, "items/1/id"));

                assert_string_equal(answer_at(&all, "items/1/path"), "/d");
                expect(api, "DELETE", path, NULL, "202");
                api_export(api, "/a", "/new1");
                api_export(api, "/e", "/new2");
        }
}

static void path_cursor_stays_right_while_rows_come_and_go(void **state)
{
        struct api *api = *state;
        char paths[256];

        api_world(api);
        api_export(api, "/d", "/m1");
        api_export(api, "/f", "/m2");
        api_export(api, "/b", "/m3");
        paths_read(api, 2, path_world_change, paths, sizeof paths);
        assert_string_equal(paths, "/b /d /e /f ");
}

static void lists_are_filtered(void **state)
{
        struct api *api = *state;
        static const struct {
                const char *query;
                size_t wanted;
        } cases[] = {
                { "environments?state=running", 2 },        { "environments?state=stopped", 0 },
                { "environments?account=acme", 1 },         { "environments/shop/nodes?layer=cp", 1 },
                { "environments/shop/nodes?layer=sql", 0 }, { "storages?account=acme", 1 },
                { "storages?account=foreign", 0 },          { "exports/ID/grants?state=pending", 2 },
                { "exports/ID/grants?state=active", 0 },    { "exports/ID/grants?limit=1", 1 },
        };

        api_world(api);
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/exports",
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *id = strstr(cases[i].query, "ID");
                AUTO_FREE char *path = id ? memory_format("/v1/exports/%s%s", answer_at(&made, "id"), id + 2)
                                          : memory_format("/v1/%s", cases[i].query);
                AUTO_ANSWER struct answer answer = call_of(api, "GET", path, NULL);

                assert_int_equal(answer.status, 200);
                assert_int_equal(json_array_size(json_object_get(answer.json, "items")), cases[i].wanted);
        }
        AUTO_FREE char *grants = memory_format("/v1/exports/%s/grants", answer_at(&made, "id"));
        AUTO_FREE char *bad = memory_format("%s?state=open", grants);
        expect(api, "GET", bad, NULL, "400 query/state word.unknown");
        expect(api, "GET", "/v1/environments?state=open&limit=0", NULL,
               "400 query/state word.unknown query/limit limit.out_of_range");
        expect(api, "GET", "/v1/tasks?state=open&cursor=1", NULL,
               "400 query/state word.unknown query/cursor cursor.malformed");
        AUTO_FREE char *first = memory_format("%s?limit=1", grants);
        AUTO_ANSWER struct answer page = call_of(api, "GET", first, NULL);
        AUTO_FREE char *second = memory_format("%s&cursor=%s", first, answer_at(&page, "next"));
        AUTO_ANSWER struct answer rest = call_of(api, "GET", second, NULL);
        assert_string_equal(answer_at(&page, "items/0/node"), "101");
        assert_string_equal(answer_at(&rest, "items/0/node"), "102");
        assert_string_equal(answer_field(&rest, "Link"), "");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(pages_show_everything_once_and_in_order),
                API_TEST(cursor_stays_right_while_rows_come_and_go),
                API_TEST(page_without_a_limit_has_a_hundred),
                API_TEST(bad_page_is_refused_naming_the_parameter),
                API_TEST(cursor_longer_than_any_id_is_refused),
                API_TEST(exports_are_filtered_on_every_page),
                API_TEST(exports_sorted_by_path_are_shown_once),
                API_TEST(path_cursor_stays_right_while_rows_come_and_go),
                API_TEST(lists_are_filtered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
