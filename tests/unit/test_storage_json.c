/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "domain/storage_json.h"
#include "domain/token_json.h"
#include "violations_for_test.h"

#define CLUSTER "'kind': 'cluster', 'account': 'acme', 'addresses': ['10.77.0.11']"
#define SINGLE "'kind': 'single', 'account': 'acme', 'addresses': ['10.77.0.11']"

static void storage_body_is_accepted_or_refused_where_it_is_wrong(void **test)
{
        static const struct {
                const char *body, *refused;
        } cases[] = {
                { "{" CLUSTER "}", "" },
                { "{" CLUSTER
                  ", 'volume': 'my-vol_2', 'environment': 'files', 'layer': 'storage', 'node_ids': ['2001'],"
                  "'mount_root': '/data', 'default_protocol': 'gluster'}",
                  "" },
                { "{" CLUSTER ", 'volume': '-v'}", "/volume volume.malformed" },
                { "{" CLUSTER ", 'volume': 'a b'}", "/volume volume.malformed" },
                { "{" CLUSTER ", 'volume': 'a/b'}", "/volume volume.malformed" },
                { "{" CLUSTER ", 'volume': ''}", "/volume text.empty" },
                { "{" CLUSTER ", 'volume': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
                  "" },
                { "{" CLUSTER ", 'volume': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
                  "/volume text.too_long" },
                { "{" CLUSTER ", 'mount_root': '/'}", "" },
                { "{" CLUSTER ", 'mount_root': '/data/'}", "/mount_root path.empty_component" },
                { "{" CLUSTER ", 'mount_root': 'data'}", "/mount_root path.not_absolute" },
                { "{" CLUSTER ", 'mount_root': 7}", "/mount_root type.wrong" },
                { "{" CLUSTER ", 'default_protocol': 'smb'}", "/default_protocol word.unknown" },
                { "{" CLUSTER ", 'size': 7}", "/size key.unknown" },
                { "{" SINGLE "}", "" },
                { "{" SINGLE ", 'mount_root': '/'}", "/mount_root storage.root" },
                { "{" SINGLE ", 'volume': 'data'}", "/volume storage.single" },
                { "{" SINGLE ", 'default_protocol': 'gluster'}", "/default_protocol storage.single" },
                { "{" SINGLE ", 'default_protocol': 'nfs'}", "" },
                { "{'kind': 'cluster', 'account': 'acme', 'addresses': ['127.0.0.1', 'x']}",
                  "/addresses/0 address.loopback /addresses/1 address.malformed" },
                { "{}", "/kind key.missing /account key.missing /addresses key.missing" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct storage *storage = storage_from_json("files", body, &violations);

                assert_true(is_refused_for(cases[i].body, storage, &violations, cases[i].refused));
                shared_put(storage);
                json_decref(body);
        }
}

static void storage_is_shown_with_its_defaults(void **test)
{
        static const struct {
                const char *body, *shown;
        } cases[] = {
                { "{" CLUSTER ", 'environment': 'files', 'layer': 'storage', 'node_ids': ['2001', '2002']}",
                  "{'name': 'files', " CLUSTER ", 'environment': 'files', 'layer': 'storage',"
                  "'node_ids': ['2001', '2002'], 'volume': 'data', 'mount_root': '/data', 'default_protocol': "
                  "'auto',"
                  "'revision': 0, 'created_at': '1970-01-01T00:00:00.000Z'}" },
                { "{" SINGLE ", 'mount_root': '/srv/share', 'default_protocol': 'nfs'}",
                  "{'name': 'files', " SINGLE ", 'node_ids': [], 'mount_root': '/srv/share',"
                  "'default_protocol': 'nfs', 'revision': 0, 'created_at': '1970-01-01T00:00:00.000Z'}" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct storage *storage = storage_from_json("files", body, &violations);
                json_t *shown = storage_to_json(storage);
                json_t *expected = json_of(cases[i].shown);

                assert_true(json_equal(shown, expected));
                json_decref(shown);
                json_decref(expected);
                json_decref(body);
                shared_put(storage);
        }
}

static void token_body_is_accepted_or_refused_where_it_is_wrong(void **test)
{
        static const struct {
                const char *body, *refused;
        } cases[] = {
                { "{'name': 'ci', 'scope': 'operator'}", "" },
                { "{'name': 'ci', 'scope': 'inventory'}", "" },
                { "{'name': 'ci', 'scope': 'account', 'account': 'acme'}", "" },
                { "{'name': 'ci', 'scope': 'account'}", "/account key.missing" },
                { "{'name': 'ci', 'scope': 'account', 'account': 'a b'}", "/account name.malformed" },
                { "{'name': 'ci', 'scope': 'operator', 'account': 'acme'}", "/account token.account_of_scope" },
                { "{'name': 'ci', 'scope': 'root'}", "/scope word.unknown" },
                { "{'name': 'ci', 'scope': 'root', 'account': 'acme', 'node': '1'}", "/scope word.unknown" },
                { "{'name': 'ci', 'scope': 'node', 'node': '101'}", "" },
                { "{'name': 'ci', 'scope': 'node'}", "/node key.missing" },
                { "{'name': 'ci', 'scope': 'node', 'node': '101', 'account': 'acme'}",
                  "/account token.account_of_scope" },
                { "{'name': 'ci', 'scope': 'operator', 'node': '101'}", "/node token.node_of_scope" },
                { "{'name': 'ci', 'scope': 'operator', 'right': 'read'}", "" },
                { "{'name': 'ci', 'scope': 'operator', 'right': 'all'}", "/right word.unknown" },
                { "{'name': 'ci', 'scope': 'operator', 'expires_at': '2027-01-01T00:00:00Z'}", "" },
                { "{'name': 'ci', 'scope': 'operator', 'expires_at': 'soon'}", "/expires_at time.malformed" },
                { "{'name': 'ci', 'scope': 'operator', 'last_used_at': '2027-01-01T00:00:00Z'}",
                  "/last_used_at key.unknown" },
                { "{'name': '', 'scope': 'operator', 'secret': 'x'}", "/name text.empty /secret key.unknown" },
                { "{}", "/name key.missing /scope key.missing" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct token *token = token_from_json(body, &violations);

                assert_true(is_refused_for(cases[i].body, token, &violations, cases[i].refused));
                shared_put(token);
                json_decref(body);
        }
}

static void token_shows_neither_secret_nor_hash(void **test)
{
        struct token *token = token_new("ci");
        json_t *shown, *expected;

        (void)test;
        token->scope = TOKEN_ACCOUNT;
        token->account = memory_text("acme");
        memset(token->hash, 0xAB, sizeof token->hash);
        shown = token_to_json(token);
        expected = json_of("{'name': 'ci', 'scope': 'account', 'right': 'write', 'account': 'acme', 'revision': 0,"
                           "'created_at': '1970-01-01T00:00:00.000Z'}");
        assert_true(json_equal(shown, expected));
        json_decref(shown);
        json_decref(expected);
        shared_put(token);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(storage_body_is_accepted_or_refused_where_it_is_wrong),
                cmocka_unit_test(storage_is_shown_with_its_defaults),
                cmocka_unit_test(token_body_is_accepted_or_refused_where_it_is_wrong),
                cmocka_unit_test(token_shows_neither_secret_nor_hash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
