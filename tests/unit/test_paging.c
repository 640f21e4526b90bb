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
                        memory_format("{'storage':'files','path':'/p','environment':'%s','mount_path':'/m%d'}",
                                      i % 3 == 0 ? "blog" : "shop", i);

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

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(pages_show_everything_once_and_in_order),
                API_TEST(cursor_stays_right_while_rows_come_and_go),
                API_TEST(bad_page_is_refused_naming_the_parameter),
                API_TEST(cursor_longer_than_any_id_is_refused),
                API_TEST(exports_are_filtered_on_every_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
