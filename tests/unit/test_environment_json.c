/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "domain/environment_json.h"
#include "violations_for_test.h"

#define ENVIRONMENT "'uid': 'e-1', 'account': 'acme', 'state': 'running', 'layers': ['cp']"
#define NODE "'layer': 'cp', 'addresses': ['10.77.0.21']"

static void environment_body_is_accepted_or_refused_where_it_is_wrong(void **test)
{
        static const struct {
                const char *body, *refused;
        } cases[] = {
                { "{" ENVIRONMENT "}", "" },
                { "{" ENVIRONMENT ", 'platform_version': '8.3'}", "" },
                { "{" ENVIRONMENT ", 'platform_version': ''}", "" },
                { "{" ENVIRONMENT ", 'platform_version': 'new'}", "/platform_version platform_version.malformed" },
                { "{" ENVIRONMENT ", 'platform_version': 8.3}", "/platform_version type.wrong" },
                { "{" ENVIRONMENT ", 'name': 'shop'}", "/name key.unknown" },
                { "{'uid': 'e-1', 'account': 'acme', 'state': 'running', 'layers': []}", "" },
                { "{'uid': 'e-1', 'account': 'acme', 'state': 'asleep', 'layers': ['cp']}",
                  "/state word.unknown" },
                { "{'uid': 'e/1', 'account': '', 'state': 'running', 'layers': ['cp', 'cp', '..']}",
                  "/uid name.malformed /account text.empty /layers/1 array.doubled /layers/2 name.malformed" },
                { "{}", "/uid key.missing /account key.missing /state key.missing /layers key.missing" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct environment *environment = environment_from_json("shop", body, &violations);

                assert_true(is_refused_for(cases[i].body, environment, &violations, cases[i].refused));
                shared_put(environment);
                json_decref(body);
        }
}

static void node_body_is_accepted_or_refused_where_it_is_wrong(void **test)
{
        static const struct {
                const char *body, *refused;
        } cases[] = {
                { "{" NODE "}", "" },
                { "{" NODE
                  ", 'image': 'nginx:1.27-alpine', 'os': {'id': 'alpine', 'id_like': '', 'version': '3.20'}}",
                  "" },
                { "{" NODE ", 'os': {'id': 'debian'}}", "" },
                { "{" NODE ", 'os': {}}", "/os/id key.missing" },
                { "{" NODE ", 'os': {'id': '', 'name': 'x'}}", "/os/id text.empty /os/name key.unknown" },
                { "{" NODE ", 'os': 'debian'}", "/os type.wrong" },
                { "{" NODE ", 'image': 'a\\tb'}", "/image text.control_character" },
                { "{" NODE ", 'mac': '02:00:0a:4d:00:15'}", "" },
                { "{" NODE ", 'mac': ''}", "" },
                { "{" NODE ", 'mac': '02:00:0A:4D:00:15'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': '02-00-0a-4d-00-15'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': '02:00:0a:4d:00'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': '02:00:0a:4d:00:15:16'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': '01:00:5e:00:00:01'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': 'ff:ff:ff:ff:ff:ff'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': '00:00:00:00:00:00'}", "/mac mac.malformed" },
                { "{" NODE ", 'mac': ['02:00:0a:4d:00:15']}", "/mac type.wrong" },
                { "{" NODE ", 'mac': 2}", "/mac type.wrong" },
                { "{" NODE ", 'client_types': ['nfs']}", "" },
                { "{" NODE ", 'client_types': ['gluster', 'nfs']}", "" },
                { "{" NODE ", 'client_types': ['gluster']}", "/client_types client_types.not_allowed" },
                { "{" NODE ", 'client_types': ['nfs', 'smb']}", "/client_types client_types.not_allowed" },
                { "{" NODE ", 'client_types': []}", "/client_types client_types.not_allowed" },
                { "{" NODE ", 'client_types': 'nfs'}", "/client_types type.wrong" },
                { "{'layer': 'cp'}", "/addresses key.missing" },
                { "{'layer': 'cp', 'addresses': []}", "/addresses array.empty" },
                { "{'layer': 'cp', 'addresses': ['10.0.0.1', '::1']}", "/addresses/1 address.loopback" },
                { "{'layer': 'cp', 'addresses': "
                  "['10.0.0.1','10.0.0.2','10.0.0.3','10.0.0.4','10.0.0.5','10.0.0.6',"
                  "'10.0.0.7','10.0.0.8','10.0.0.9']}",
                  "/addresses array.too_long" },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct node *node = node_from_json("n-1", body, &violations);

                assert_true(is_refused_for(cases[i].body, node, &violations, cases[i].refused));
                shared_put(node);
                json_decref(body);
        }
}

static void client_types_only_narrow(void **test)
{
        static const struct {
                const char *body;
                bool nfs_only;
        } cases[] = {
                { "{" NODE "}", false },
                { "{" NODE ", 'client_types': null}", false },
                { "{" NODE ", 'client_types': ['nfs']}", true },
                { "{" NODE ", 'client_types': ['nfs', 'nfs']}", true },
                { "{" NODE ", 'client_types': ['gluster', 'nfs']}", false },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                json_t *body = json_of(cases[i].body);
                struct node *node = node_from_json("n-1", body, &violations);

                assert_non_null(node);
                assert_int_equal(node->nfs_only, cases[i].nfs_only);
                shared_put(node);
                json_decref(body);
        }
}

static void node_keeps_what_the_body_says(void **test)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *body = json_of("{'layer': 'cp', 'addresses': ['10.77.0.21', 'FD77:0::21'], 'image': 'nginx:1.27',"
                               "'os': {'id': 'debian', 'id_like': '', 'version': '12'}, 'client_types': ['nfs']}");
        struct node *node = node_from_json("n-1", body, &violations);
        json_t *shown, *expected;

        (void)test;
        assert_non_null(node);
        assert_string_equal(node->document.id, "n-1");
        assert_int_equal(node->address_count, 2);
        assert_int_equal(node->addresses[1].family, ADDRESS_V6);
        assert_null(node->os_id_like);
        assert_true(node->nfs_only);
        node->environment = memory_text("shop");
        node->document.revision = 7;
        node->document.created_at_ms = 1764000000123;
        shown = node_to_json(node);
        expected = json_of(
                "{'id': 'n-1', 'environment': 'shop', 'layer': 'cp', 'addresses': ['10.77.0.21', 'fd77::21'],"
                "'image': 'nginx:1.27', 'os': {'id': 'debian', 'version': '12'}, 'client_types': ['nfs'],"
                "'revision': 7, 'created_at': '2025-11-24T16:00:00.123Z'}");
        assert_true(json_equal(shown, expected));
        json_decref(shown);
        json_decref(expected);
        json_decref(body);
        shared_put(node);
}

static void node_mac_is_kept_and_shown_when_there_is_one(void **test)
{
        static const struct {
                const char *members;
                struct mac mac;
                const char *shown;
        } cases[] = {
                { ", 'mac': '02:00:0a:4d:00:15'",
                  { { 0x02, 0x00, 0x0a, 0x4d, 0x00, 0x15 } },
                  "02:00:0a:4d:00:15" },
                { ", 'mac': ''", { { 0 } }, NULL },
                { "", { { 0 } }, NULL },
        };

        (void)test;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO_VIOLATIONS struct violations violations = { 0 };
                AUTO_TEXT struct text text = { 0 };

                text_addf(&text, "{" NODE "%s}", cases[i].members);
                json_t *body = json_of(text_get(&text));
                struct node *node = node_from_json("n-1", body, &violations);
                assert_non_null(node);
                assert_int_equal(mac_compare(&node->mac, &cases[i].mac), 0);
                node->environment = memory_text("shop");
                json_t *shown = node_to_json(node);
                const char *mac = json_string_value(json_object_get(shown, "mac"));
                assert_int_equal(mac == NULL, cases[i].shown == NULL);
                if (mac)
                        assert_string_equal(mac, cases[i].shown);
                json_decref(shown);
                json_decref(body);
                shared_put(node);
        }
}

static void environment_is_shown_with_name_revision_and_time(void **test)
{
        AUTO_VIOLATIONS struct violations violations = { 0 };
        json_t *body = json_of("{" ENVIRONMENT ", 'platform_version': '8.3.1'}");
        struct environment *environment = environment_from_json("shop", body, &violations);
        json_t *shown, *expected;

        (void)test;
        assert_non_null(environment);
        environment->document.revision = 3;
        shown = environment_to_json(environment);
        expected = json_of("{'name': 'shop', " ENVIRONMENT ", 'platform_version': '8.3.1', 'revision': 3,"
                           "'created_at': '1970-01-01T00:00:00.000Z'}");
        assert_true(json_equal(shown, expected));
        json_decref(shown);
        json_decref(expected);
        json_decref(body);
        shared_put(environment);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(environment_body_is_accepted_or_refused_where_it_is_wrong),
                cmocka_unit_test(node_body_is_accepted_or_refused_where_it_is_wrong),
                cmocka_unit_test(client_types_only_narrow),
                cmocka_unit_test(node_keeps_what_the_body_says),
                cmocka_unit_test(node_mac_is_kept_and_shown_when_there_is_one),
                cmocka_unit_test(environment_is_shown_with_name_revision_and_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
