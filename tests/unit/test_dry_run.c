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
#include "base/text.h"

/* One list as "101:gluster/rw/admitted", parted by blanks; a change also tells what was: "...<nfs/ro/suspended".
 */
static void list_tell(const json_t *list, struct text *text)
{
        const json_t *grant, *before;
        size_t index;

        json_array_foreach((json_t *)(uintptr_t)list, index, grant)
        {
                before = json_object_get(grant, "before");
                text_addf(text, " %s:%s/%s/%s", json_string_value(json_object_get(grant, "node")),
                          json_string_value(json_object_get(grant, "protocol")),
                          json_string_value(json_object_get(grant, "access")),
                          json_string_value(json_object_get(json_object_get(grant, "cause"), "code")));
                if (before)
                        text_addf(text, "<%s/%s/%s", json_string_value(json_object_get(before, "protocol")),
                                  json_string_value(json_object_get(before, "access")),
                                  json_string_value(json_object_get(json_object_get(before, "cause"), "code")));
        }
}

static char *answer_tell(const struct answer *answer)
{
        static const char *const words[] = { "appear", "change", "vanish" };
        const json_t *grants = json_object_get(answer->json, "grants");
        struct text text = { 0 };

        text_addf(&text, "%ld", answer->status);
        for (size_t i = 0; grants && i < ARRAY_SIZE(words); i++) {
                text_addf(&text, " %s", words[i]);
                list_tell(json_object_get(grants, words[i]), &text);
        }
        return text_take(&text);
}

/* The export to all of shop is at EXPORT in a path. */
static char *path_fill(const char *path, const char *id)
{
        const char *at = strstr(path, "EXPORT");

        return at ? memory_format("%.*s%s%s", (int)(at - path), path, id, at + 6) : memory_text(path);
}

static void dry_run_tells_and_changes_nothing(void **state)
{
        static const struct {
                const char *method, *path, *body, *wanted;
        } cases[] = {
                { "DELETE", "/v1/environments/shop/nodes/101?dry_run=true", NULL,
                  "200 appear change vanish 101:gluster/rw/admitted" },
                { "DELETE", "/v1/environments/shop?dry_run=true", NULL,
                  "200 appear change vanish 101:gluster/rw/admitted 102:nfs/rw/admitted" },
                { "PUT", "/v1/environments/shop?dry_run=true",
                  "{'uid':'e-1','account':'acme','state':'sleeping','platform_version':'8.3','layers':['cp','"
                  "cache']}",
                  "200 appear change 101:gluster/rw/environment.sleeping<gluster/rw/admitted"
                  " 102:nfs/rw/environment.sleeping<nfs/rw/admitted vanish" },
                { "PUT", "/v1/environments/shop/nodes/103?dry_run=true",
                  "{'layer':'cp','addresses':['10.77.0.23'],'os':{'id':'debian'}}",
                  "200 appear 103:gluster/rw/admitted change vanish" },
                /* An address that another node claims suspends both. */
                { "PUT", "/v1/environments/shop/nodes/103?dry_run=true",
                  "{'layer':'cp','addresses':['10.77.0.22'],'os':{'id':'debian'}}",
                  "200 appear 103:gluster/rw/address.contested "
                  "change 102:nfs/rw/address.contested<nfs/rw/admitted vanish" },
                /* Another address alone is a change too. */
                { "PUT", "/v1/environments/shop/nodes/102?dry_run=true",
                  "{'layer':'cache','addresses':['10.77.0.32'],'os':{'id':'alpine'}}",
                  "200 appear change 102:nfs/rw/admitted<nfs/rw/admitted vanish" },
                { "PUT", "/v1/environments/shop/nodes/102?dry_run=true",
                  "{'layer':'cache','addresses':['10.77.0.22'],'os':{'id':'alpine'}}",
                  "200 appear change vanish" },
                { "POST", "/v1/exports?dry_run=true",
                  "{'storage':'files','path':'/b','environment':'shop','target':{'layer':'cp'},'mount_path':'/n'}",
                  "200 appear 101:gluster/rw/admitted change vanish" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'access':'ro'}",
                  "200 appear change 101:nfs/ro/admitted<gluster/rw/admitted"
                  " 102:nfs/ro/admitted<nfs/rw/admitted vanish" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'labels':{'a':'b'}}", "200 appear change vanish" },
                { "POST", "/v1/exports/EXPORT/revoke?dry_run=true", "{'node':'102'}",
                  "200 appear change vanish 102:nfs/rw/admitted" },
                { "DELETE", "/v1/exports/EXPORT?dry_run=true", NULL,
                  "200 appear change vanish 101:gluster/rw/admitted 102:nfs/rw/admitted" },
                /* What the write would be refused for, the dry run is. */
                { "DELETE", "/v1/exports/none?dry_run=true", NULL, "404" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'path':'/b'}", "422" },
                { "PUT", "/v1/environments/shop?dry_run=true",
                  "{'uid':'e-9','account':'acme','state':'running','layers':['cp','cache']}", "409" },
                { "DELETE", "/v1/exports/EXPORT?dry_run=yes", NULL, "400" },
                { "GET", "/v1/exports/EXPORT?dry_run=true", NULL, "400" },
        };
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/exports",
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}");
        AUTO_FREE char *id = memory_text(answer_at(&made, "id"));
        uint64_t before = api_revision(api);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_FREE char *path = path_fill(cases[i].path, id);
                bool is_patch = strcmp(cases[i].method, "PATCH") == 0;
                AUTO_ANSWER struct answer answer = call(
                        api, (struct call){ .method = cases[i].method,
                                            .path = path,
                                            .body = cases[i].body,
                                            .headers = { is_patch ? "If-Match: *" : "Prefer: wait=60",
                                                         is_patch ? "Content-Type: application/merge-patch+json"
                                                                  : NULL } });
                AUTO_FREE char *told = answer_tell(&answer);

                if (strcmp(told, cases[i].wanted) != 0)
                        print_error("%s %s: %s\n", cases[i].method, path, answer.text);
                assert_string_equal(told, cases[i].wanted);
                if (answer.status == 200) {
                        assert_string_equal(answer_at(&answer, "dry_run"), "true");
                        assert_int_equal(strtoull(answer_at(&answer, "revision"), NULL, 10), before);
                }
        }
        assert_int_equal(api_revision(api), before);
        AUTO_FREE char *path = path_fill("/v1/exports/EXPORT?dry_run=false", id);
        expect(api, "DELETE", path, NULL, "200");
        assert_int_equal(api_revision(api), before + 1);
}

static void export_that_is_not_yet_there_has_no_id(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/exports?dry_run=true",
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}");
        assert_string_equal(answer_at(&made, "grants/appear/0/export"), "null");
        assert_string_equal(answer_at(&made, "grants/appear/0/state"), "admitted");
        AUTO_FREE char *id = memory_text(api_export(api, "/a", "/m"));
        AUTO_ANSWER struct answer gone = call_of(api, "DELETE", "/v1/environments/shop?dry_run=true", NULL);
        assert_string_equal(answer_at(&gone, "grants/vanish/0/export"), id);
}

static void longer_lists_are_cut_and_counted(void **state)
{
        struct api *api = *state;

        api_world(api);
        for (int i = 0; i < 26; i++) {
                AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/n%d", i);
                AUTO_FREE char *node = memory_format("{'layer':'cp','addresses':['10.78.0.%d']}", i + 1);
                expect(api, "PUT", path, node, "201");
        }
        for (int i = 0; i < 40; i++) {
                AUTO_FREE char *mount = memory_format("/m%d", i);
                api_export(api, "/a", mount);
        }
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", "/v1/environments/shop?dry_run=true", NULL);
        assert_string_equal(answer_at(&answer, "grants/counts/vanish"), "1080");
        assert_string_not_equal(answer_at(&answer, "grants/vanish/999/node"), "");
        assert_string_equal(answer_at(&answer, "grants/vanish/1000/node"), "");
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(dry_run_tells_and_changes_nothing),
                API_TEST(export_that_is_not_yet_there_has_no_id),
                API_TEST(longer_lists_are_cut_and_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
