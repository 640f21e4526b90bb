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

static const char *const outcomes[] = { "appear", "change", "vanish" };

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "null";
}

/* Each item says why by a code and a sentence. */
static void reason_check(const json_t *object)
{
        assert_non_null(json_string_value(json_object_get(object, "code")));
        assert_true(json_string_length(json_object_get(object, "sentence")) > 10);
}

/* --- Telling answers in few words -----------------------------------------------------------------------------
 */

static void terms_tell(const json_t *grant, struct text *text)
{
        text_addf(text, "%s/%s/%s", text_of(grant, "protocol"), text_of(grant, "access"),
                  text_of(json_object_get(grant, "cause"), "code"));
        reason_check(json_object_get(grant, "cause"));
        reason_check(json_object_get(grant, "reason"));
}

/* One list as "101:gluster/rw/admitted", parted by blanks; a change also tells what was: "...<nfs/ro/suspended".
 */
static void grants_tell(const json_t *list, struct text *text)
{
        const json_t *grant, *before;
        size_t index;

        json_array_foreach((json_t *)(uintptr_t)list, index, grant)
        {
                before = json_object_get(grant, "before");
                text_addf(text, " %s:", text_of(grant, "node"));
                terms_tell(grant, text);
                if (!before)
                        continue;
                text_add(text, "<");
                terms_tell(before, text);
        }
}

static char *answer_tell(const struct answer *answer)
{
        const json_t *grants = json_object_get(answer->json, "grants");
        struct text text = { 0 };

        text_addf(&text, "%ld", answer->status);
        for (size_t i = 0; grants && i < ARRAY_SIZE(outcomes); i++) {
                text_addf(&text, " %s", outcomes[i]);
                grants_tell(json_object_get(grants, outcomes[i]), &text);
        }
        return text_take(&text);
}

/* A block as "add clients +10.77.0.21/ro ~10.77.0.22/ro<rw squash:root<none"; only what differs. */
static void block_tell(const json_t *block, struct text *text)
{
        const json_t *clients = json_object_get(block, "clients"), *client;
        const char *name;
        json_t *setting;
        size_t index;

        text_addf(text, " %s", text_of(block, "code"));
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                json_array_foreach(json_object_get(clients, outcomes[i]), index, client) text_addf(
                        text, " %c%s/%s", "+~-"[i], text_of(client, "address"), text_of(client, "access"));
        json_object_foreach(json_object_get(block, "settings"), name, setting)
        {
                if (json_is_string(json_object_get(setting, "before")) &&
                    json_is_string(json_object_get(setting, "after")))
                        text_addf(text, " %s:%s<%s", name, text_of(setting, "after"), text_of(setting, "before"));
        }
}

static void servers_item_tell(const char *part, const json_t *item, struct text *text)
{
        reason_check(item);
        if (strcmp(part, "ganesha") == 0)
                block_tell(item, text);
        else if (strcmp(part, "access_list") == 0)
                text_addf(text, " %s:%s:%s(%s)", text_of(item, "volume"), text_of(item, "directory"),
                          text_of(item, "address"), text_of(item, "node"));
        else
                text_addf(text, " %s:%s(%s)", text_of(item, "service"), text_of(item, "address"),
                          text_of(item, "node"));
}

/* What is told of the servers, each part with its items marked + and -. */
static char *servers_tell(const struct answer *answer)
{
        static const char *const parts[] = { "ganesha", "access_list", "firewall" };
        struct text text = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                const json_t *part = json_object_get(answer->json, parts[i]), *item;
                size_t index;

                text_addf(&text, "%s%s", i > 0 ? " " : "", parts[i]);
                for (size_t k = 0; k < ARRAY_SIZE(outcomes); k++)
                        json_array_foreach(json_object_get(part, outcomes[k]), index, item)
                        {
                                text_addf(&text, " %c", "+~-"[k]);
                                servers_item_tell(parts[i], item, &text);
                        }
        }
        return text_take(&text);
}

/* --- Calls ----------------------------------------------------------------------------------------------------
 */

struct ask {
        const char *method, *path, *body, *wanted;
};

/* The export to all of shop is at EXPORT in a path. */
static char *path_fill(const char *path, const char *id)
{
        const char *at = strstr(path, "EXPORT");

        return at ? memory_format("%.*s%s%s", (int)(at - path), path, id, at + 6) : memory_text(path);
}

static struct answer ask(struct api *api, const struct ask *ask, const char *id)
{
        AUTO_FREE char *path = path_fill(ask->path, id);
        bool is_patch = strcmp(ask->method, "PATCH") == 0;

        return call(api, (struct call){
                                 .method = ask->method,
                                 .path = path,
                                 .body = ask->body,
                                 .headers = { is_patch ? "If-Match: *" : "Prefer: wait=60",
                                              is_patch ? "Content-Type: application/merge-patch+json" : NULL } });
}

static char *everybody_export(struct api *api)
{
        AUTO_ANSWER struct answer made =
                call_of(api, "POST", "/v1/exports",
                        "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}");

        assert_int_equal(made.status, 201);
        return memory_text(answer_at(&made, "id"));
}

/* Each case is answered as wanted, and nothing is changed by any. */
static void asks_check(struct api *api, const struct ask *asks, size_t count,
                       char *(*tell)(const struct answer *answer))
{
        api_world(api);
        AUTO_FREE char *id = everybody_export(api);
        uint64_t before = api_revision(api);

        for (size_t i = 0; i < count; i++) {
                AUTO_ANSWER struct answer answer = ask(api, &asks[i], id);
                AUTO_FREE char *told = tell(&answer);

                if (strcmp(told, asks[i].wanted) != 0)
                        print_error("%s %s: %s\n", asks[i].method, asks[i].path, answer.text);
                assert_string_equal(told, asks[i].wanted);
                if (answer.status != 200)
                        continue;
                assert_string_equal(answer_at(&answer, "dry_run"), "true");
                assert_int_equal(strtoull(answer_at(&answer, "revision"), NULL, 10), before);
                assert_string_equal(answer_field(&answer, "Gatehouse-Revision"), "");
        }
        assert_int_equal(api_revision(api), before);
}

/* --- Grants ---------------------------------------------------------------------------------------------------
 */

static void change_of_an_environment_tells_grants(void **state)
{
        static const struct ask asks[] = {
                { "DELETE", "/v1/environments/shop?dry_run=true", NULL,
                  "200 appear change vanish 101:gluster/rw/admitted 102:nfs/rw/admitted" },
                { "PUT", "/v1/environments/shop?dry_run=true",
                  "{'uid':'e-1','account':'acme','state':'sleeping','platform_version':'8.3','layers':['cp','"
                  "cache']}",
                  "200 appear change 101:gluster/rw/environment.sleeping<gluster/rw/admitted"
                  " 102:nfs/rw/environment.sleeping<nfs/rw/admitted vanish" },
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), answer_tell);
}

static void change_of_a_node_tells_grants(void **state)
{
        static const struct ask asks[] = {
                { "DELETE", "/v1/environments/shop/nodes/101?dry_run=true", NULL,
                  "200 appear change vanish 101:gluster/rw/admitted" },
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
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), answer_tell);
}

static void change_of_an_export_tells_grants(void **state)
{
        static const struct ask asks[] = {
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
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), answer_tell);
}

static void dry_run_is_refused_as_the_write_would_be(void **state)
{
        static const struct ask asks[] = {
                { "DELETE", "/v1/exports/none?dry_run=true", NULL, "404" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'path':'/b'}", "422" },
                { "PUT", "/v1/environments/shop?dry_run=true",
                  "{'uid':'e-9','account':'acme','state':'running','layers':['cp','cache']}", "409" },
                { "DELETE", "/v1/tokens/none?dry_run=true", NULL, "404" },
                { "DELETE", "/v1/exports/EXPORT?dry_run=yes", NULL, "400" },
                { "GET", "/v1/exports/EXPORT?dry_run=true", NULL, "400" },
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), answer_tell);
}

static void dry_run_that_is_false_is_a_write(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *id = everybody_export(api);
        AUTO_FREE char *path = path_fill("/v1/exports/EXPORT?dry_run=false", id);
        uint64_t before = api_revision(api);

        expect(api, "DELETE", path, NULL, "202");
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
        assert_string_equal(answer_at(&made, "ganesha/appear/0/export"), "null");
        assert_string_equal(answer_at(&made, "ganesha/appear/0/number"), "null");
        assert_string_equal(answer_at(&made, "object/id"), "null");
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
        assert_string_equal(answer_at(&answer, "ganesha/counts/vanish"), "40");
        assert_string_equal(answer_at(&answer, "firewall/counts/vanish"), "27");
}

/* 60 blocks with 200 clients each. */
static void clients_of_many_blocks_are_cut_and_counted(void **state)
{
        struct api *api = *state;
        size_t shown = 0, index;
        json_t *block;

        api_world(api);
        for (int i = 0; i < 25 * 8; i += 8) { /* 8 addresses to a node */
                AUTO_FREE char *path = memory_format("/v1/environments/shop/nodes/n%d", i);
                AUTO_FREE char *node = memory_format(
                        "{'layer':'cp','addresses':['10.78.0.%d','10.78.0.%d','10.78.0.%d','10.78.0.%d',"
                        "'10.78.0.%d','10.78.0.%d','10.78.0.%d','10.78.0.%d']}",
                        i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i + 8);
                expect(api, "PUT", path, node, "201");
        }
        for (int i = 0; i < 60; i++) {
                AUTO_FREE char *mount = memory_format("/m%d", i);
                api_export(api, "/a", mount);
        }
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", "/v1/environments/shop?dry_run=true", NULL);
        assert_string_equal(answer_at(&answer, "ganesha/counts/vanish"), "60");
        assert_string_equal(answer_at(&answer, "ganesha/vanish/59/clients/counts/vanish"), "200");
        json_array_foreach(json_object_get(json_object_get(answer.json, "ganesha"), "vanish"), index, block)
                shown += json_array_size(json_object_get(json_object_get(block, "clients"), "vanish"));
        assert_int_equal(shown, 10000);
}

/* --- Servers --------------------------------------------------------------------------------------------------
 */

static void change_tells_blocks_lines_and_pairs(void **state)
{
        static const struct ask asks[] = {
                { "DELETE", "/v1/exports/EXPORT?dry_run=true", NULL,
                  "ganesha - ganesha.remove -10.77.0.22/rw access_list - data:/a:10.77.0.21(101)"
                  " firewall - nfs:10.77.0.22(102) - gluster:10.77.0.21(101)" },
                /* From one server to the other; its IPv6 address is for NFS alone. */
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'protocol':'nfs'}",
                  "ganesha ~ ganesha.update +10.77.0.21/rw +fd77::21/rw access_list - data:/a:10.77.0.21(101)"
                  " firewall + nfs:10.77.0.21(101) + nfs:fd77::21(101) - gluster:10.77.0.21(101)" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'squash':'root'}",
                  "ganesha ~ ganesha.update +10.77.0.21/rw +fd77::21/rw squash:root<none"
                  " access_list - data:/a:10.77.0.21(101)"
                  " firewall + nfs:10.77.0.21(101) + nfs:fd77::21(101) - gluster:10.77.0.21(101)" },
                { "PUT", "/v1/environments/shop/nodes/102?dry_run=true",
                  "{'layer':'cache','addresses':['10.77.0.32'],'os':{'id':'alpine'}}",
                  "ganesha ~ ganesha.update +10.77.0.32/rw -10.77.0.22/rw access_list"
                  " firewall + nfs:10.77.0.32(102) - nfs:10.77.0.22(102)" },
                { "PATCH", "/v1/exports/EXPORT?dry_run=true", "{'labels':{'a':'b'}}",
                  "ganesha access_list firewall" },
                /* A storage node more: everything is open to it. */
                { "PUT", "/v1/storages/files?dry_run=true",
                  "{'kind':'cluster','account':'acme','addresses':['10.77.0.11','10.77.0.12']}",
                  "ganesha access_list + data:/:10.77.0.12(null) firewall + all:10.77.0.12(null)" },
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), servers_tell);
}

/* What one export lets in no more, another may. */
static void pair_and_line_stay_while_another_export_has_them(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s?dry_run=true", api_export(api, "/a", "/m"));
        api_export(api, "/a", "/n");
        AUTO_ANSWER struct answer same = call_of(api, "DELETE", path, NULL);
        AUTO_FREE char *told = servers_tell(&same);
        assert_string_equal(told, "ganesha access_list firewall");
        assert_string_equal(answer_at(&same, "grants/vanish/0/node"), "101");
        AUTO_FREE char *other_path = memory_format("/v1/exports/%s?dry_run=true", api_export(api, "/b", "/o"));
        AUTO_ANSWER struct answer other = call_of(api, "DELETE", other_path, NULL);
        AUTO_FREE char *other_told = servers_tell(&other);
        assert_string_equal(other_told, "ganesha access_list - data:/b:10.77.0.21(101) firewall");
}

/* --- Live clients ---------------------------------------------------------------------------------------------
 */

/* The packet filter lets nodes 101 and 102 in, who have three connections each. */
static void clients_connect(struct api *api)
{
        AUTO_FIREWALL_SET struct firewall_set set = { 0 };
        struct firewall_pair pairs[] = { { .service = SERVICE_GLUSTER }, { .service = SERVICE_NFS } };
        struct fault fault;

        assert_int_equal(address_parse("10.77.0.21", &pairs[0].address), 0);
        assert_int_equal(address_parse("10.77.0.22", &pairs[1].address), 0);
        firewall_set_open_all(&set, pairs, ARRAY_SIZE(pairs));
        assert_int_equal(api->firewall.install(api->firewall.context, &set, &fault), 0);
        fake_firewall_connect(api->filter, 3);
}

static void live_clients_that_would_be_cut_are_told(void **state)
{
        static const struct ask revoke = { "POST", "/v1/exports/EXPORT/revoke?dry_run=true", "{'node':'101'}",
                                           "" };
        static const struct ask gone = { "DELETE", "/v1/exports/EXPORT?dry_run=true", NULL, "" };
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *id = everybody_export(api);
        clients_connect(api);
        AUTO_ANSWER struct answer one = ask(api, &revoke, id);
        assert_string_equal(answer_at(&one, "clients_cut/clients"), "1");
        assert_string_equal(answer_at(&one, "clients_cut/connections"), "3");
        assert_string_equal(answer_at(&one, "clients_cut/items/0/address"), "10.77.0.21");
        assert_string_equal(answer_at(&one, "clients_cut/items/0/service"), "gluster");
        assert_string_equal(answer_at(&one, "clients_cut/items/0/node"), "101");
        assert_string_equal(answer_at(&one, "clients_cut/items/0/code"), "client.cut");
        AUTO_ANSWER struct answer all = ask(api, &gone, id);
        assert_string_equal(answer_at(&all, "clients_cut/clients"), "2");
        assert_string_equal(answer_at(&all, "clients_cut/connections"), "6");
        AUTO_ANSWER struct answer none = call_of(api, "DELETE", "/v1/environments/other?dry_run=true", NULL);
        assert_string_equal(answer_at(&none, "clients_cut"), "{\"items\":[],\"clients\":0,\"connections\":0}");
}

static void helper_that_cannot_say_is_no_obstacle(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s?dry_run=true", api_export(api, "/a", "/m"));
        fake_firewall_away(api->filter, true);
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", path, NULL);
        assert_string_equal(answer_at(&answer, "clients_cut"), "null");
        assert_string_equal(answer_at(&answer, "clients_cut_reason/code"), "firewall.unavailable");
        assert_string_equal(answer_at(&answer, "firewall/vanish/0/address"), "10.77.0.21");
}

static void packet_filter_that_is_off_cuts_nobody(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *path = memory_format("/v1/exports/%s?dry_run=true", api_export(api, "/a", "/m"));
        AUTO_ANSWER struct answer answer = call_of(api, "DELETE", path, NULL);
        assert_string_equal(answer_at(&answer, "clients_cut"), "null");
        assert_string_equal(answer_at(&answer, "firewall"), "null");
        assert_string_equal(answer_at(&answer, "clients_cut_reason/code"), "firewall.off");
        assert_string_equal(answer_at(&answer, "access_list/vanish/0/address"), "10.77.0.21");
}

/* --- The object ------------------------------------------------------------------------------------------------
 */

static char *object_tell(const struct answer *answer)
{
        const json_t *object = json_object_get(answer->json, "object");

        reason_check(object);
        return memory_format("%s %s %s", text_of(object, "kind"), text_of(object, "id"), text_of(object, "code"));
}

static void what_happens_to_the_object_is_told(void **state)
{
        static const struct ask asks[] = {
                { "PUT", "/v1/environments/new?dry_run=true",
                  "{'uid':'e-9','account':'acme','state':'running','layers':['cp']}",
                  "environment new object.appears" },
                { "DELETE", "/v1/environments/shop/nodes/101?dry_run=true", NULL, "node 101 object.vanishes" },
                { "PUT", "/v1/environments/shop/nodes/101?dry_run=true",
                  "{'layer':'cp','addresses':['10.77.0.24']}", "node 101 object.changes" },
                { "PUT", "/v1/storages/files?dry_run=true",
                  "{'kind':'cluster','account':'acme','addresses':['10.77.0.11']}", "storage files object.stays" },
                { "POST", "/v1/exports?dry_run=true",
                  "{'storage':'files','path':'/b','environment':'shop','mount_path':'/n'}",
                  "export null object.appears" },
                { "POST", "/v1/tokens?dry_run=true", "{'name':'op','scope':'operator'}",
                  "token op object.appears" },
        };

        asks_check(*state, asks, ARRAY_SIZE(asks), object_tell);
}

static void token_of_a_dry_run_opens_nothing(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_ANSWER struct answer answer =
                call_of(api, "POST", "/v1/tokens?dry_run=true", "{'name':'op','scope':'operator'}");
        assert_string_equal(answer_at(&answer, "secret"), "");
        assert_null(strstr(answer.text, "gh_"));
}

static void key_of_a_dry_run_is_not_remembered(void **state)
{
        static const char body[] = "{'storage':'files','path':'/a','environment':'shop','mount_path':'/m'}";
        struct api *api = *state;

        api_world(api);
        for (int i = 0; i < 2; i++) {
                AUTO_ANSWER struct answer answer =
                        call(api, (struct call){ .method = "POST",
                                                 .path = i == 0 ? "/v1/exports?dry_run=true" : "/v1/exports",
                                                 .body = body,
                                                 .headers = { "Idempotency-Key: once" } });
                assert_int_equal(answer.status, i == 0 ? 200 : 201);
                assert_string_equal(answer_at(&answer, "number"), i == 0 ? "" : "1"); /* none was used up */
        }
}

/* --- The revision that a write requires ------------------------------------------------------------------------
 */

static struct answer delete_at(struct api *api, const char *id, const char *revision)
{
        AUTO_FREE char *path = memory_format("/v1/exports/%s", id);
        AUTO_FREE char *field = memory_format("Gatehouse-If-Revision: %s", revision);

        return call(api, (struct call){ .method = "DELETE", .path = path, .headers = { field } });
}

static void write_that_requires_a_revision_is_refused_once_it_has_passed(void **state)
{
        static const struct ask dry = { "DELETE", "/v1/exports/EXPORT?dry_run=true", NULL, "" };
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *id = everybody_export(api);
        AUTO_ANSWER struct answer told = ask(api, &dry, id);
        AUTO_FREE char *revision = memory_text(answer_at(&told, "revision"));
        expect(api, "DELETE", "/v1/environments/shop/nodes/102", NULL, "202");
        AUTO_ANSWER struct answer late = delete_at(api, id, revision);
        assert_string_equal(answer_summary(&late), "412 header/Gatehouse-If-Revision revision.passed");
        AUTO_ANSWER struct answer again = ask(api, &dry, id);
        free(revision);
        revision = memory_text(answer_at(&again, "revision"));
        uint64_t before = api_revision(api);
        AUTO_ANSWER struct answer done = delete_at(api, id, revision);
        assert_int_equal(done.status, 202);
        assert_int_equal(strtoull(answer_field(&done, "Gatehouse-Revision"), NULL, 10), before + 1);
}

static void revision_that_is_no_number_is_refused(void **state)
{
        static const char *const wrong[] = { "x", "-1", "+1", "1,2", "\"4\"", "99999999999999999999999" };
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *id = everybody_export(api);
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                AUTO_ANSWER struct answer answer = delete_at(api, id, wrong[i]);

                assert_string_equal(answer_summary(&answer),
                                    "400 header/Gatehouse-If-Revision revision.malformed");
        }
        AUTO_ANSWER struct answer future = delete_at(api, id, "4711");
        assert_string_equal(answer_summary(&future), "412 header/Gatehouse-If-Revision revision.passed");
}

/* Whoever did not hear the answer says the same again: it is done, so nothing is refused. */
static void repetition_of_a_write_that_was_made_is_not_refused(void **state)
{
        struct api *api = *state;

        api_world(api);
        AUTO_FREE char *field = memory_format("Gatehouse-If-Revision: %lu", (unsigned long)api_revision(api));
        for (int i = 0; i < 2; i++) {
                AUTO_ANSWER struct answer answer =
                        call(api, (struct call){ .method = "POST",
                                                 .path = "/v1/exports",
                                                 .body = "{'storage':'files','path':'/a','environment':'shop',"
                                                         "'mount_path':'/m'}",
                                                 .headers = { field, "Idempotency-Key: once" } });
                assert_int_equal(answer.status, 201);
        }
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_start, api_stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                API_TEST(change_of_an_environment_tells_grants),
                API_TEST(change_of_a_node_tells_grants),
                API_TEST(change_of_an_export_tells_grants),
                API_TEST(dry_run_is_refused_as_the_write_would_be),
                API_TEST(dry_run_that_is_false_is_a_write),
                API_TEST(export_that_is_not_yet_there_has_no_id),
                API_TEST(longer_lists_are_cut_and_counted),
                API_TEST(clients_of_many_blocks_are_cut_and_counted),
                API_TEST(change_tells_blocks_lines_and_pairs),
                API_TEST(pair_and_line_stay_while_another_export_has_them),
                API_TEST(live_clients_that_would_be_cut_are_told),
                API_TEST(helper_that_cannot_say_is_no_obstacle),
                cmocka_unit_test_setup_teardown(packet_filter_that_is_off_cuts_nobody, api_start_unfiltered,
                                                api_stop),
                API_TEST(what_happens_to_the_object_is_told),
                API_TEST(token_of_a_dry_run_opens_nothing),
                API_TEST(key_of_a_dry_run_is_not_remembered),
                API_TEST(write_that_requires_a_revision_is_refused_once_it_has_passed),
                API_TEST(revision_that_is_no_number_is_refused),
                API_TEST(repetition_of_a_write_that_was_made_is_not_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
